import { expect, test } from 'vitest';
import { rowsOf } from './result.ts';
import { sample, sampleResult } from './sample-result.ts';

test("a peer's ratio is the median over rounds of its cost beside the yardstick's in the same round", () => {
  const result = sampleResult([
    sample('nginx', 1, 10),
    sample('portway', 1, 30),
    sample('nginx', 2, 20),
    sample('portway', 2, 40),
    sample('nginx', 3, 10),
    sample('portway', 3, 25),
  ]);
  const [nginx, portway] = rowsOf(result, 'small', 'nginx');
  expect(nginx?.figures?.ratio).toEqual({ median: 1, min: 1, max: 1 });
  expect(portway?.figures?.ratio).toEqual({ median: 2.5, min: 2, max: 3 });
  expect(portway?.figures?.medians.cpuMicrosecondsPerRequest).toBe(30);
});

test('one problem in one round makes the whole row invalid', () => {
  const result = sampleResult([
    sample('nginx', 1, 10),
    sample('portway', 1, 30),
    sample('nginx', 2, 10),
    sample('portway', 2, 30, ['3 answers of status 400 or above']),
  ]);
  expect(rowsOf(result, 'small', 'nginx')[1]).toEqual({
    peer: 'portway',
    figures: null,
    problems: ['round 2: 3 answers of status 400 or above'],
  });
});

test('a problem that several rounds share is said once', () => {
  const result = sampleResult([
    sample('portway', 2, 30, ['no start']),
    sample('portway', 1, 30, ['no start']),
  ]);
  expect(rowsOf(result, 'small', 'nginx')[0]?.problems).toEqual(['round 1, 2: no start']);
});

test('without a valid yardstick there are costs but no ratios', () => {
  const result = sampleResult([sample('nginx', 1, 10, ['socket errors: read 1']), sample('portway', 1, 30)]);
  const [nginx, portway] = rowsOf(result, 'small', 'nginx');
  expect(nginx?.figures).toBeNull();
  expect(portway?.figures).toMatchObject({ ratio: null, medians: { cpuMicrosecondsPerRequest: 30 } });
});
