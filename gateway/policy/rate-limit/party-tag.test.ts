import { hash } from 'node:crypto';
import { expect, test } from 'vitest';
import { LimitTagger, newTagKey, PartyTagger } from './party-tag.ts';

test('a tag is the beginning of the SHA-256 of the key and the party, one for each /64', () => {
  const { low, high } = new PartyTagger({ low: 7, high: -9 }).address('2001:db8::1');
  const bytes = Buffer.from(hash('sha256', '7 -9 a2001:db8:0:0::/64', 'hex'), 'hex');
  expect([low, high]).toEqual([bytes.readInt32LE(0), bytes.readInt32LE(4)]);
  const tagger = new PartyTagger(newTagKey());
  expect(tagger.address('2001:db8::ffff')).toEqual(tagger.address('2001:db8::1'));
  expect(tagger.address('2001:db8:0:1::1')).not.toEqual(tagger.address('2001:db8::1'));
  // What a request says is no address.
  expect(tagger.value('203.0.113.7')).not.toEqual(tagger.address('203.0.113.7'));
});

test('a tag stays the same, however many have come since', () => {
  const tagger = new PartyTagger(newTagKey());
  const first = tagger.value('first');
  for (let i = 0; i < 10_000; i++) tagger.value(`${i}`);
  expect(tagger.value('first')).toEqual(first);
  expect(tagger.value('first')).not.toBe(first);
});

test('a connection keeps its tag, however many others have come since, until the key is another', () => {
  const tagger = new PartyTagger(newTagKey());
  const peer = { address: '203.0.113.7', secure: false };
  const first = tagger.peer(peer);
  expect(first).toMatchObject(tagger.address(peer.address));
  for (let i = 0; i < 5_000; i++) tagger.address(`10.0.${i >> 8}.${i & 255}`);
  expect(tagger.peer(peer)).toBe(first);
  // Another table has a key of its own.
  const other = new PartyTagger(newTagKey());
  expect(other.peer(peer)).toMatchObject(other.address(peer.address));
  expect(tagger.peer(peer)).toEqual(first);
  tagger.rekey(newTagKey());
  expect(tagger.peer(peer)).not.toEqual(first);
  expect(tagger.peer(peer)).toMatchObject(tagger.address(peer.address));
});

test('each limit has other tags', () => {
  const parties = new PartyTagger(newTagKey());
  const [one, other] = ['one', 'other'].map((limit) => new LimitTagger(parties, limit));
  expect({ ...one!.tag('a') }).not.toEqual({ ...other!.tag('a') });
  expect({ ...one!.tag('a') }).not.toEqual({ ...one!.tag('b') });
});

test('each process has a key of its own, and one text one tag', () => {
  const [first, second] = [new PartyTagger(newTagKey()), new PartyTagger(newTagKey())];
  const tagOf = (tagger: PartyTagger, text: string) => `${tagger.value(text).low} ${tagger.value(text).high}`;
  expect(tagOf(first, '203.0.113.7')).toBe(tagOf(first, '203.0.113.7'));
  expect(tagOf(first, '203.0.113.7')).not.toBe(tagOf(second, '203.0.113.7'));
  expect(tagOf(first, '203.0.113.7')).not.toBe(tagOf(first, '203.0.113.8'));
  expect(tagOf(first, 'abc')).not.toBe(tagOf(first, 'abc\0'));
});

test('another key makes other tags, of limits too', () => {
  const parties = new PartyTagger(newTagKey());
  const limit = new LimitTagger(parties, 'limit');
  const [before, underLimit] = [parties.value('a'), { ...limit.tag('a') }];
  const key = newTagKey();
  parties.rekey(key);
  expect(parties.value('a')).not.toEqual(before);
  const fresh = { ...new LimitTagger(new PartyTagger(key), 'limit').tag('a') };
  expect([{ ...limit.tag('a') }.low, { ...limit.tag('a') }.high]).toEqual([fresh.low, fresh.high]);
  expect({ ...limit.tag('a') }).not.toEqual(underLimit);
});
