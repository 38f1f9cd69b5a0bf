import { beforeEach, expect, it } from 'vitest';
import { Refreshes } from './refreshes.ts';

let now: number;
let refreshes: Refreshes;
beforeEach(() => {
  now = 0;
  refreshes = new Refreshes(() => now);
});

it('one at a time', () => {
  expect(refreshes.begin('a')).toBe(true);
  now = 1e9;
  expect(refreshes.begin('a')).toBe(false);
  expect(refreshes.begin('b')).toBe(true);
});

it('the next at once after one that brought something', () => {
  refreshes.begin('a');
  refreshes.ended('a', true);
  expect(refreshes.begin('a')).toBe(true);
});

it('the next after a second where it brought nothing', () => {
  refreshes.begin('a');
  refreshes.ended('a', false);
  now = 999;
  expect(refreshes.begin('a')).toBe(false);
  now = 1_000;
  expect(refreshes.begin('a')).toBe(true);
});

it('a thousand at once, and no more', () => {
  for (let i = 0; i < 1_000; i++) expect(refreshes.begin(`key ${i}`)).toBe(true);
  expect(refreshes.begin('one more')).toBe(false);
  refreshes.ended('key 7', false);
  now = 1_000;
  expect(refreshes.begin('one more')).toBe(true);
});
