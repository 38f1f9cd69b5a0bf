import { expect, test } from 'vitest';
import { Random } from '../testing/random.ts';
import { readRequests } from '../testing/strict-reader.ts';
import { UsageError } from '../testing/tool-options.ts';
import { makeCase } from './case.ts';
import { validRequests } from './corpus.ts';
import { minimise } from './minimise.ts';
import { parseOptions } from './options.ts';

test('the corpus is valid', () => {
  const random = new Random(1);
  for (let made = 0; made < 200; made++) {
    const { refused, unfinished } = readRequests(Buffer.from(validRequests(random), 'latin1'));
    expect([refused, unfinished]).toEqual([null, false]);
  }
});

test('the same seed makes the same cases', () => {
  const made = () => {
    const random = new Random(7);
    return Array.from({ length: 100 }, () => makeCase(random.fork()));
  };
  expect(made()).toEqual(made());
});

test('what is found is cut down to what shows it', async () => {
  const shows = async (text: string) => text.includes('X') && text.includes('Y');
  expect(await minimise('aaaaaaXbbbbbbbbbbYcc', shows)).toBe('XY');
});

test.each([['--seconds', 'x'], ['--seed', '-1'], ['--unknown']])('%s %s is wrong usage', (...argv) => {
  expect(() => parseOptions(argv, () => 1)).toThrow(UsageError);
});
