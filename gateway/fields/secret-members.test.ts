import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withoutMembers } from './secret-members.ts';

test('members of JSON are hidden in a text, cut off, or as a text within JSON', () => {
  const inner = JSON.stringify({ user: 'ann', password: 'a"secret\\', token: 123_456 });
  const hidden = '{"user":"ann","password":"(not shown)","token":"(not shown)"}';
  expect(withoutMembers(`data: ${inner}\n\n`)).toBe(`data: ${hidden}\n\n`);
  const [outer, shown] = [JSON.stringify({ inner }), JSON.stringify({ inner: hidden })];
  expect(withoutMembers(outer)).toBe(shown);
  expect(withoutMembers(outer.slice(0, outer.indexOf('secret') + 3))).not.toContain('sec');
});

test.each([
  ['{"tokens":["S","S"],"a":1', '{"tokens":"(not shown)","a":1'],
  ['{"credentials":{"a":"}S"},"a":1', '{"credentials":"(not shown)","a":1'],
  [String.raw`{"p\u0061ssword" : "S","a":1`, String.raw`{"p\u0061ssword":"(not shown)","a":1`],
  [`{'password': 'S\\'"S', 'a': 1}`, `{'password':'(not shown)', 'a': 1}`],
  ['ord":1,"password":"S","token":5S', 'ord":1,"password":"(not shown)","token":"(not shown)"'],
  [String.raw`{\u0022token\u0022:\u0022S\u0022}`, String.raw`{\u0022token\u0022:\u0022(not shown)\u0022}`],
  ['word":"S","token":', 'word":"S","token":'],
])('%s is shown as %s', (text, shown) => {
  expect(withoutMembers(text)).toBe(shown);
});

/** What could be taken for the end of a string, of a name, or of a value. */
const awkward = fc.string({ unit: fc.constantFrom(...`\\"'{}[]:, \nab`), maxLength: 5 });
const secretText = fc.tuple(awkward, awkward).map((around) => around.join('Ω'));
const secret = fc.oneof(
  secretText,
  fc.array(secretText, { maxLength: 3 }),
  fc.dictionary(awkward, fc.oneof(secretText, fc.array(secretText)), { maxKeys: 2 }),
);

const quoted = (text: string) => JSON.stringify({ a: text, b: 1 });
/** As .NET does. */
const quotedByNumber = (text: string) =>
  quoted(text).replace(/\\(.)/g, (pair) => (pair === '\\"' ? '\\u0022' : pair));
const nested = fc.array(fc.constantFrom(quoted, quotedByNumber), { maxLength: 3 });

function inPython(value: unknown): string {
  if (typeof value === 'string') return `'${value.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n')}'`;
  if (Array.isArray(value)) return `[${value.map(inPython).join(', ')}]`;
  return `{${Object.entries(value as object)
    .map((member) => member.map(inPython).join(': '))
    .join(', ')}}`;
}

const written = fc.constantFrom(
  JSON.stringify,
  (value: unknown) => JSON.stringify(value, null, '\t'),
  (value: unknown) => JSON.stringify(value).replaceAll('assw', String.raw`a\u0073sw`),
  inPython,
);

test('no part of a secret is shown, wherever the text is cut off, however often it was quoted', () => {
  const name = fc.constantFrom('password', 'tokens', 'api_key', 'pin');
  const members = fc.tuple(awkward, awkward, name, secret, name, secret);
  fc.assert(
    fc.property(members, written, nested, ([a, b, first, one, second, other], write, quotes) => {
      const whole = quotes.reduce(
        (text, quote) => quote(text),
        write({ a, [first]: one, b, [second]: other }),
      );
      for (let length = whole.indexOf('Ω') + 1; length <= whole.length; length++)
        expect(withoutMembers(whole.slice(0, length))).not.toContain('Ω');
    }),
    { numRuns: 200 },
  );
});

test('text under harmless names stays as it is', () => {
  const value = fc.dictionary(awkward, fc.oneof(awkward, fc.array(awkward)), { maxKeys: 4 });
  fc.assert(
    fc.property(value, written, nested, (value, write, quotes) => {
      const text = quotes.reduce((text, quote) => quote(text), write(value));
      expect(withoutMembers(text)).toBe(text);
    }),
    { numRuns: 200 },
  );
});

test('behind a secret, the text around goes on', () => {
  const value = fc.tuple(secret, nested);
  fc.assert(
    fc.property(value, ([tokens, quotes]) => {
      const text = (value: unknown) =>
        quotes.reduce((text, quote) => quote(text), JSON.stringify({ a: 1, tokens: value, b: [2] }));
      expect(withoutMembers(text(tokens))).toBe(text('(not shown)'));
    }),
    { numRuns: 200 },
  );
});

test('a text of nothing but what may begin a member, or end a value, is read in a moment', () => {
  for (const piece of [
    '{"',
    '\\',
    "'",
    '":',
    '"token":',
    '"token":[',
    "'\\':",
    '\\u0022:',
    '"\\n',
    ' ',
    '"token":"\\"',
  ]) {
    const text = piece.repeat(200_000 / piece.length);
    // Were it read again for each piece, this would take longer than a test may.
    for (const hostile of [`"${text}`, `"token":${text}`, `"token":"${text}`, `"token":[${text}`])
      expect(withoutMembers(hostile)).toBeTypeOf('string');
  }
});
