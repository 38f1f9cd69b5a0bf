import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readRequests } from '../testing/strict-reader.ts';
import { UsageError } from '../testing/tool-options.ts';
import { fuzzCase } from './case.ts';
import { validRequests } from './corpus.ts';
import { minimise } from './minimise.ts';
import { parseOptions } from './options.ts';

test('the corpus is valid', () => {
  for (const text of fc.sample(validRequests, 200)) {
    const { refused, unfinished } = readRequests(Buffer.from(text, 'latin1'));
    expect([refused, unfinished]).toEqual([null, false]);
  }
});

test('the same seed makes the same cases', () => {
  const made = () => fc.sample(fuzzCase, { seed: 7, numRuns: 100 });
  expect(made()).toEqual(made());
});

test('what is found is cut down to what shows it', async () => {
  const shows = async (text: string) => text.includes('X') && text.includes('Y');
  expect(await minimise('aaaaaaXbbbbbbbbbbYcc', shows)).toBe('XY');
});

test.each([['--seconds', 'x'], ['--seed', '-1'], ['--unknown']])('%s %s is wrong usage', (...argv) => {
  expect(() => parseOptions(argv, () => 1)).toThrow(UsageError);
});
