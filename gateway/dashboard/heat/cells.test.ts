import { expect, test } from 'vitest';
import { cellsOf, shownBuckets } from './cells.ts';

const moment = (at: number, ...buckets: number[]) => ({ at, requests: 0, failed: 0, buckets });

test('a cell is as strong as the root of its share of the most, and never unseen', () => {
  expect(cellsOf([moment(1, 100, 25, 0), moment(2, 0, 0, 1)])).toEqual([
    { at: 1, bucket: 0, strength: 1 },
    { at: 1, bucket: 1, strength: 0.5 },
    { at: 2, bucket: 2, strength: 0.12 },
  ]);
});

test('as many buckets are shown as were used, at least six', () => {
  expect(shownBuckets([moment(1, 1)], 14)).toBe(6);
  expect(shownBuckets([moment(1, ...Array(8).fill(1))], 14)).toBe(8);
  expect(shownBuckets([moment(1, ...Array(15).fill(1))], 14)).toBe(15);
  expect(shownBuckets([], 14)).toBe(6);
});
