import { expect, test } from 'vitest';
import { faults } from './all.ts';

const ids = faults.map(({ id }) => id);

test('each fault has an id of its own, by which it can be asked for', () => {
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
  expect(ids.filter((id) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(id))).toEqual([]);
});
