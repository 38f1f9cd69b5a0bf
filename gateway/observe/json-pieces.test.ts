import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jsonChunks, jsonPieces } from './json-pieces.ts';

/** As `JSON.parse` gives it: a value without anything that JSON has no word for. */
const json = (value: unknown) => JSON.parse(JSON.stringify(value));

it('writes long lists member by member, in the same words as short ones', () => {
  const value = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, fc.jsonValue(), tie('list'), tie('object')),
    list: fc.tuple(tie('value'), fc.array(fc.jsonValue({ maxDepth: 1 }), { minLength: 48, maxLength: 52 })),
    object: fc.dictionary(fc.string(), tie('value'), { maxKeys: 3 }),
  })).value;
  fc.assert(
    fc.property(value, (written) => {
      const said = json(written);
      expect([...jsonPieces(said, '  ')].join('')).toBe(JSON.stringify(said, null, 2));
      expect([...jsonChunks(said, '')].join('')).toBe(JSON.stringify(said));
    }),
    { numRuns: 200 },
  );
});

it('writes no more than one member at once, however many there are, and leaves out what is not there', () => {
  const routes = Array.from({ length: 1_000 }, (_, at) => ({ id: `/r${at}`, none: undefined }));
  const value = { config: { routes, none: undefined }, last: [undefined] };
  const pieces = [...jsonPieces(value, '  ')];
  expect(pieces.join('')).toBe(JSON.stringify(value, null, 2));
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(50);
});
