import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { offerAt, type Schema } from './completion.ts';

const file = new URL('../../../docs/gateway.schema.json', import.meta.url);
const schema = JSON.parse(readFileSync(file, 'utf8')) as Schema;
const offered = (text: string, asked = false) => {
  const caret = text.indexOf('|');
  const offer = offerAt(text.replace('|', ''), caret, schema, asked);
  return offer?.items.map((item) => item.text) ?? [];
};

it.each([
  ['a key of the file', 'po|', ['port']],
  ['nothing where nothing is written', 'routes:\n  |', []],
  ['a key of a route', 'routes:\n  /db:\n    to: 3001\n    bal|', ['balance']],
  ['a key of a policy', 'routes:\n  /db:\n    cors:\n      orig|', ['origins']],
  ['no key that is there', 'routes:\n  /db:\n    to|\n    to: 1\n', []],
  ['the words of a value', 'routes:\n  /db:\n    balance: ro|', ['round-robin']],
  ['a key in a list', 'tests:\n  - po|', ['policy']],
  ['nothing in a comment', '# po|', []],
  ['nothing before more text', 'po| x', []],
])('offers %s', (_, text, items) => {
  expect(offered(text).slice(0, Math.max(1, items.length))).toEqual(items);
});

it('offers all of them when it is asked', () => {
  expect(offered('routes:\n  /db:\n    to: 1\n    |', true)).toEqual(
    expect.arrayContaining(['cache', 'cors', 'retries']),
  );
});
