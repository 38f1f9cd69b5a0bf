import { expect, test } from 'vitest';
import { BoundedTable } from './bounded-table.ts';

test('a bounded table keeps what is used, and never more than twice its size', () => {
  const table = new BoundedTable<number>(10);
  table.set('kept', 1);
  for (let at = 0; at < 1000; at++) {
    table.set(`x${at}`, at);
    expect(table.get('kept')).toBe(1);
  }
  const left = Array.from({ length: 1000 }, (_, at) => table.get(`x${at}`)).filter(
    (each) => each !== undefined,
  );
  expect(left.length).toBeLessThanOrEqual(20);
  table.delete('kept');
  expect(table.get('kept')).toBeUndefined();
});

test('values that weigh more leave room for fewer, whatever is replaced or taken out', () => {
  const table = new BoundedTable<string>(10, ({ length }) => length);
  for (let at = 0; at < 100; at++) {
    table.set(`x${at}`, 'x'.repeat(5));
    table.set(`x${at}`, 'x'.repeat(5));
    table.set('gone', 'x'.repeat(5));
    table.delete('gone');
    expect(table.get(`x${at - 1}`)?.length).toBe(at === 0 ? undefined : 5);
  }
  const left = Array.from({ length: 100 }, (_, at) => table.get(`x${at}`)).filter(Boolean);
  expect(left.length).toBeLessThanOrEqual(4);
});
