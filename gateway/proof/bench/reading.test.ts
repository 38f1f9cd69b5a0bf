import { expect, test } from 'vitest';
import { cases } from './cases.ts';
import { renderReading } from './reading.ts';
import { rowsOf } from './result.ts';
import { sample, sampleResult } from './sample-result.ts';

const [small] = cases;

function reading(costs: Readonly<Record<string, number>>): string {
  const result = sampleResult(Object.entries(costs).map(([peer, cost]) => sample(peer, 1, cost)));
  const peers = Object.keys(costs).map((name) => ({ name, version: '1', about: '' }));
  return renderReading(small!, rowsOf({ ...result, peers }, 'small', 'nginx'), 'portway', 'nginx');
}

test('who is cheaper and who is dearer is said in multiples of the subject', () => {
  expect(reading({ nginx: 10, portway: 20, caddy: 60 })).toBe(
    '- **Small answers (105 bytes)**: portway spends 2.00× the CPU of nginx per request. ' +
      'As multiples of portway, cheaper: nginx (0.50×); dearer: caddy (3.00×).',
  );
});

test('a difference within five percent is no difference', () => {
  expect(reading({ nginx: 20.5, portway: 20 })).toContain('equal: nginx (1.02×).');
});

test('variants of the subject are not compared with it', () => {
  expect(reading({ nginx: 10, portway: 20, 'portway+log': 30 })).not.toContain('portway+log');
});

test('without the yardstick the cost is given in microseconds', () => {
  expect(reading({ portway: 20, caddy: 60 })).toContain('portway spends 20.0 µs of CPU per request');
});
