import { expect, test } from 'vitest';
import { newTagKey, PartyTagger } from './party-tag.ts';

/** Of the reference implementation: the key is 00 01 .. 07, the text the bytes 00 01 .. */
const HALFSIPHASH_2_4_64 = [
  [0, '218d1f59b9b83cc8'],
  [2, '064f39ef7c50eb57'],
  [4, 'd5e78a175be52ea1'],
  [6, 'ce3e91358aa2bc25'],
  [8, 'edfee820bce4858c'],
  [10, '95b0469f06a6f2ee'],
  [12, '7bc71f9faef5c799'],
  [14, '3bb1a870eae8e658'],
] as const;

test.each(HALFSIPHASH_2_4_64)('the tag of %i bytes is that of the reference', (length, expected) => {
  const bytes = Array.from({ length }, (_, at) => at);
  const text = String.fromCharCode(
    ...bytes.flatMap((byte, at) => (at % 2 === 0 ? [byte | (bytes[at + 1]! << 8)] : [])),
  );
  const { low, high } = new PartyTagger({ low: 0x03020100, high: 0x07060504 }).tag(text);
  const out = Buffer.alloc(8);
  out.writeInt32LE(low, 0);
  out.writeInt32LE(high, 4);
  expect(out.toString('hex')).toBe(expected);
});

test('each process has a key of its own, and one text one tag', () => {
  const [first, second] = [new PartyTagger(newTagKey()), new PartyTagger(newTagKey())];
  const tagOf = (tagger: PartyTagger, text: string) => `${tagger.tag(text).low} ${tagger.tag(text).high}`;
  expect(tagOf(first, '203.0.113.7')).toBe(tagOf(first, '203.0.113.7'));
  expect(tagOf(first, '203.0.113.7')).not.toBe(tagOf(second, '203.0.113.7'));
  expect(tagOf(first, '203.0.113.7')).not.toBe(tagOf(first, '203.0.113.8'));
  expect(tagOf(first, 'abc')).not.toBe(tagOf(first, 'abc\0'));
});
