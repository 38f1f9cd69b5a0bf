import { expect, test } from 'vitest';
import { type Draft, editsOf } from './draft.ts';

const draft: Draft = { method: 'get', url: '/db', fields: '', body: '' };
const ORIGIN = 'http://localhost:3000';

test.each([
  ['/db?x=1', '/db?x=1', 'localhost:3000'],
  ['db', '/db', 'localhost:3000'],
  ['', '/', 'localhost:3000'],
  ['http://shop.localhost:3000/cart?a=/../b#c', '/cart?a=/../b', 'shop.localhost:3000'],
  ['http://shop.localhost', '/', 'shop.localhost'],
  ['/a/../b/%2e', '/a/../b/%2e', 'localhost:3000'],
])('%s asks for %s at %s, byte for byte', (url, target, host) => {
  expect(editsOf({ ...draft, url }, ORIGIN)).toEqual({ method: 'GET', target, fields: [['Host', host]] });
});

test('fields are lines, and a Host among them is the one that is meant', () => {
  const fields = 'Host: other\n\nX-A:  1 : 2\nX-Empty';
  expect(editsOf({ ...draft, fields }, ORIGIN).fields).toEqual([
    ['Host', 'other'],
    ['X-A', '1 : 2'],
    ['X-Empty', ''],
  ]);
});

test('what may change something is confirmed by being sent', () => {
  expect(editsOf({ ...draft, method: 'put', body: '{}' }, ORIGIN)).toMatchObject({
    body: '{}',
    confirm: true,
  });
  expect(editsOf(draft, ORIGIN)).not.toHaveProperty('confirm');
});
