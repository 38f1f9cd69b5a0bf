import { expect, it } from 'vitest';
import { Feed, type FeedReader } from './feed.ts';

const MIB = 1024 * 1024;

/** Somebody who takes what comes, or one piece alone. */
function reading(feed: Feed, takesAll: boolean) {
  const seen = { bytes: 0, end: '' };
  const reader: FeedReader = feed.read({
    data(piece) {
      seen.bytes += piece.length;
      return takesAll;
    },
    end: () => {
      seen.end = 'whole';
    },
    fail: ({ message }) => {
      seen.end = message;
    },
  });
  reader.resume();
  return seen;
}

it('who is a mebibyte behind the first is cut loose, once the whole is not held', () => {
  const feed = new Feed(null, true);
  const first = reading(feed, true);
  const slow = reading(feed, false);
  for (let i = 0; i < 3; i++) feed.push(Buffer.alloc(MIB));
  expect(slow.end).toBe('');
  feed.letGo();
  feed.push(Buffer.alloc(MIB));
  feed.finish(null);
  expect(first).toEqual({ bytes: 4 * MIB, end: 'whole' });
  expect(slow.end).toContain('too slowly');
});
