import { expect, test } from 'vitest';
import { Findings } from './findings.ts';

type Look = (seen: Findings) => void;

const good: readonly [string, Look][] = [
  ['the bound itself', (seen) => seen.atMost('a', 100, 100)],
  ['the least itself', (seen) => seen.atLeast('a', 3, 3)],
  ['nothing that failed', (seen) => seen.none('failed', [])],
  ['equal lists', (seen) => seen.equal('a', [1, 'x'], [1, 'x'])],
];

const bad: readonly [string, Look][] = [
  ['more than the bound', (seen) => seen.atMost('a', 100.1, 100)],
  ['what is no number', (seen) => seen.atMost('a', Number.NaN, 100)],
  ['the longest of no times at all', (seen) => seen.atLeast('a', Math.max(), 0)],
  ['less than the least', (seen) => seen.atLeast('a', 2, 3)],
  ['what is no number, from below', (seen) => seen.atLeast('a', Number.NaN, 0)],
  ['a failure', (seen) => seen.none('failed', ['reset'])],
  ['what is missing', (seen) => seen.equal('a', undefined, 1)],
];

test.each(good)('%s is no miss', (_what, look) => {
  const seen = new Findings();
  look(seen);
  expect([seen.figures.length, seen.misses]).toEqual([1, []]);
});

test.each(bad)('%s is a miss', (_what, look) => {
  const seen = new Findings();
  look(seen);
  expect([seen.figures.length, seen.misses.length]).toEqual([1, 1]);
});
