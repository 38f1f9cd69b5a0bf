import { expect, test } from 'vitest';
import { Chosen } from './chosen.ts';

const rows = ['a', 'b', 'c', 'd', 'e'];

test('rows are chosen one by one, and no more', () => {
  const chosen = new Chosen();
  for (const id of ['b', 'd', 'b', 'a']) chosen.choose(id, rows, false);
  expect([...chosen.ids.value]).toEqual(['d', 'a']);
  chosen.clear();
  expect(chosen.ids.value.size).toBe(0);
});

test.each([
  { from: 'b', to: 'd' },
  { from: 'd', to: 'b' },
])('all from $from to $to are, whichever stands first', ({ from, to }) => {
  const chosen = new Chosen();
  chosen.choose(from, rows, false);
  chosen.choose(to, rows, true);
  expect([...chosen.ids.value].toSorted()).toEqual(['b', 'c', 'd']);
});

test('a range whose begin is no row any more is its end alone', () => {
  const chosen = new Chosen();
  chosen.choose('c', rows, true);
  chosen.choose('gone', rows, false);
  chosen.choose('e', rows, true);
  expect([...chosen.ids.value]).toEqual(['c', 'gone', 'e']);
});
