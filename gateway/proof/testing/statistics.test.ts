import { expect, test } from 'vitest';
import { quantile, summarize } from './statistics.ts';

test.each([
  [[3], { median: 3, min: 3, max: 3 }],
  [[10, 2, 9], { median: 9, min: 2, max: 10 }],
  [[4, 1, 3, 2], { median: 2.5, min: 1, max: 4 }],
])('%j is summarized by middle and ends', (values, summary) => {
  expect(summarize(values)).toEqual(summary);
});

test('nothing has no middle', () => {
  expect(() => summarize([])).toThrow(RangeError);
});

test.each([
  [[], 0.5, Number.NaN],
  [[7], 0.99, 7],
  [[10, 2, 3, 4, 5, 6, 7, 8, 9, 1], 0.5, 6],
  [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 1, 10],
])('of %j the quantile %d is %d', (values, share, value) => {
  expect(quantile(values, share)).toBe(value);
});
