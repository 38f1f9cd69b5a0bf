import { expect, test } from 'vitest';
import { piecesOf } from './pieces.ts';

const shown = (line: string, ...marks: { column: number; length: number }[]) =>
  piecesOf(line, marks).map(({ text, kind, wrong }) => `${kind}${wrong ? '!' : ''} ${text}`);

test.each([
  ['routes:', ['key routes', 'value :']],
  ['  /db: 3001 # the store', ['value   ', 'key /db', 'value : 3001', 'comment  # the store']],
  ['  - to: x', ['value   - ', 'key to', 'value : x']],
  ['  "/a b": { to: 3001 }', ['value   ', 'key "/a b"', 'value : { to: 3001 }']],
  ['# all of it', ['comment # all of it']],
  ['  url: http://a#b', ['value   ', 'key url', 'value : http://a#b']],
  ['', []],
])('%s', (line, pieces) => {
  expect(shown(line)).toEqual(pieces);
});

test('what is wrong is marked where the checker says it is', () => {
  expect(shown('  /db: 3OO1', { column: 8, length: 4 })).toEqual([
    'value   ',
    'key /db',
    'value : ',
    'value! 3OO1',
  ]);
});

test('a text of any length comes back whole', () => {
  const line = `  ${'a: b#'.repeat(5000)}`;
  expect(
    piecesOf(line, [])
      .map(({ text }) => text)
      .join(''),
  ).toBe(line);
});
