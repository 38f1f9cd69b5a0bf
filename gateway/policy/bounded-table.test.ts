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
