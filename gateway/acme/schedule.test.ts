import { expect, test } from 'vitest';
import { leftAlone, nextLook, nextTry, nextTryAfterStart, renewalTime } from './schedule.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

test.each([
  ['90 days', 90, 0, 60],
  ['90 days, by chance earlier', 90, 1, 57],
  ['6 days', 6, 0, 3],
])('a certificate of %s is renewed after %s', (_, days, random, after) => {
  expect(renewalTime(0, days * DAY, random)).toBeCloseTo(after * DAY, -3);
});

test('tries become rare, and at most five are made in the first hour', () => {
  const waits = Array.from({ length: 12 }, (_, at) => nextTry(at + 1, null, 0, 0) / 60_000);
  expect(waits.slice(0, 4)).toEqual([5, 10, 20, 40]);
  expect(Math.max(...waits)).toBe(360);
});

test.each([
  [null, 5 * 60_000],
  [2 * HOUR, 2 * HOUR],
  [0, 5 * 60_000],
  [365 * DAY, DAY],
])('Retry-After of %s ms makes a first wait of %s ms', (told, wait) => {
  expect(nextTry(1, told, 0, 0)).toBe(wait);
});

test('a start waits at most fifteen minutes from the last try, unless the directory has limited us', () => {
  expect(nextTryAfterStart(0, 6 * HOUR, false)).toBe(15 * 60_000);
  expect(nextTryAfterStart(0, 6 * HOUR, true)).toBe(6 * HOUR);
  expect(nextTryAfterStart(0, 60_000, false)).toBe(60_000);
  expect(nextTryAfterStart(0, null, false)).toBe(null);
});

test.each([
  [null, 6 * HOUR],
  [0, HOUR / 6],
  [365 * DAY, DAY],
])('a directory is asked for its wishes after %s ms, within bounds', (told, wait) => {
  expect(nextLook(told, 0)).toBe(wait);
});

test('a new certificate is left alone for a while', () => {
  expect([leftAlone(90 * DAY), leftAlone(4 * HOUR), leftAlone(-5)]).toEqual([6 * HOUR, HOUR, 60_000]);
});
