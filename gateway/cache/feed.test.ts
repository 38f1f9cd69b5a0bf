import { describe, expect, it, vi } from 'vitest';
import { holdClock } from '../proof/testing/held-clock.ts';
import { Feed, type FeedOwner } from './feed.ts';

const KIB = 1024;
const PIECE = 64 * KIB;
const WINDOW = 16 * (PIECE + 128);

/** A body that has grown too large to be kept, whose service sends whenever it may. */
class Growing implements FeedOwner {
  readonly feed = new Feed(this, true);
  readonly held = vi.fn();
  readonly abandoned = vi.fn();
  drained(): void {
    while (this.feed.push(Buffer.alloc(PIECE)));
  }
  outgrow(): void {
    this.feed.letGo(WINDOW);
    this.drained();
  }
}

/** Somebody who takes whatever comes, or pieces one by one. */
class Taking {
  readonly takesAll: boolean;
  bytes = 0;
  end = '';
  readonly heldUp = vi.fn();
  readonly #reader;
  constructor(feed: Feed, takesAll: boolean) {
    this.takesAll = takesAll;
    this.#reader = feed.read({
      data: (piece) => {
        this.bytes += piece.length;
        return takesAll;
      },
      end: () => {
        this.end = 'whole';
      },
      fail: ({ message }) => {
        this.end = message;
      },
      heldUp: this.heldUp,
    });
    this.#reader.resume();
  }
  leave(): void {
    this.#reader.leave();
  }
  take(pieces: number): void {
    for (let i = 0; i < pieces; i++) this.#reader.resume();
  }
}

function growing(...takesAll: boolean[]) {
  const body = new Growing();
  return { body, readers: takesAll.map((each) => new Taking(body.feed, each)) as [Taking, Taking, Taking] };
}

/** It would go on for ever otherwise. */
const stopAt = (body: Growing, bytes: number) =>
  vi.spyOn(body, 'drained').mockImplementation(() => {
    for (let sent = 0; sent < bytes && body.feed.push(Buffer.alloc(PIECE)); sent += PIECE);
  });

describe('what has grown too large to be kept', () => {
  it.each([
    [0, 'the first'],
    [1, 'a later one'],
  ])(
    'is held within its window where reader %i does not read (%s), and is cut loose alone after ten seconds',
    (at) => {
      const clock = holdClock();
      const { body, readers } = growing(at !== 0, at !== 1, true);
      const slow = readers[at]!;
      const others = readers.filter((each) => each !== slow);
      body.outgrow();
      for (const other of others) expect(other.bytes - slow.bytes).toBe(16 * PIECE);
      clock.advance(9_999);
      expect(slow.end).toBe('');
      stopAt(body, 64 * PIECE);
      clock.advance(1);
      expect(slow.end).toContain('others waited');
      body.feed.finish(null);
      for (const other of others) expect(other).toMatchObject({ bytes: 81 * PIECE, end: 'whole' });
    },
  );

  it('ends by no timeout of those who wait, nor of the service', () => {
    holdClock();
    const { body, readers } = growing(true, false);
    body.outgrow();
    readers[1].take(1);
    expect(readers[0].heldUp.mock.calls).toEqual([[5_000], [5_000]]);
    expect(body.held.mock.calls).toEqual([[5_000], [5_000]]);
    expect(readers[1].heldUp).not.toHaveBeenCalled();
  });

  it('is given to all to its end where the slowest reads on', () => {
    const clock = holdClock();
    const { body, readers } = growing(true, false, true);
    body.outgrow();
    for (let i = 0; i < 10; i++) {
      readers[1].take(4);
      clock.advance(5_000);
    }
    expect(readers.map(({ end }) => end)).toEqual(['', '', '']);
    expect(readers[0].bytes).toBe((1 + 10 * 4 + 16) * PIECE);
  });

  it('is not held up any longer by one that takes a little now and then, nor is one cut loose that has caught up', () => {
    const clock = holdClock();
    const { body, readers } = growing(true, false, false);
    const [, dripping, moderate] = readers;
    body.outgrow();
    moderate.take(17);
    dripping.take(1);
    moderate.take(2);
    stopAt(body, 64 * PIECE);
    clock.advance(5_000);
    dripping.take(1);
    clock.advance(5_000);
    expect(dripping.end).toContain('others waited');
    expect(moderate.end).toBe('');
  });

  it('is waited for by twenty seconds at most where much was taken at once', () => {
    const clock = holdClock();
    const { body, readers } = growing(true, false);
    body.outgrow();
    readers[1].take(60);
    stopAt(body, PIECE);
    clock.advance(5_000);
    clock.advance(15_000);
    expect(readers[1].end).toBe('');
    clock.advance(5_000);
    expect(readers[1].end).toContain('others waited');
  });

  it('is read as slowly as they like by those who are left when the fast one leaves', () => {
    const clock = holdClock();
    const { body, readers } = growing(true, false, false);
    body.outgrow();
    stopAt(body, PIECE);
    readers[0].leave();
    clock.advance(60_000);
    expect(readers.map(({ end }) => end)).toEqual(['', '', '']);
  });

  it('is read by a single one as slowly as it likes', () => {
    const clock = holdClock();
    const { body, readers } = growing(true, false);
    body.outgrow();
    stopAt(body, PIECE);
    readers[0].leave();
    clock.advance(60_000);
    readers[1].take(20);
    expect(readers[1].end).toBe('');
  });
});

describe('what is held, and says its length', () => {
  const pieces = (feed: Feed) => {
    const taken: Buffer[] = [];
    feed.read({ data: (piece) => taken.push(piece) > 0, end() {}, fail() {}, heldUp() {} }).resume();
    return taken;
  };

  it('is whole in the memory that its pieces came to: at its end nothing is copied', () => {
    const feed = new Feed(null, true, 4);
    const taken = pieces(feed);
    feed.push(Buffer.from('ab'));
    feed.push(Buffer.from('cd'));
    const whole = feed.whole();
    expect(whole.toString()).toBe('abcd');
    expect(taken.length).toBe(2);
    for (const { buffer } of taken) expect(buffer).toBe(whole.buffer);
    expect(whole.buffer.byteLength).toBe(4);
  });

  it.each([
    ['more', 'abcdef'],
    ['less', 'abc'],
  ])('is what came where that is %s', (_, came) => {
    const feed = new Feed(null, true, 4);
    feed.push(Buffer.from(came.slice(0, 2)));
    feed.push(Buffer.from(came.slice(2)));
    expect(feed.whole().toString()).toBe(came);
  });

  it('is held in its parts alone when it is not kept: the room for all is given back', () => {
    const feed = new Feed(null, true, MIB);
    const taken: Buffer[] = [];
    const reader = feed.read({
      data: (piece) => taken.push(piece) < 0,
      end() {},
      fail() {},
      heldUp() {},
    });
    feed.push(Buffer.from('ab'));
    feed.letGo(0);
    feed.push(Buffer.from('cd'));
    for (let i = 0; i < 2; i++) reader.resume();
    expect(Buffer.concat(taken).toString()).toBe('abcd');
    for (const { buffer } of taken) expect(buffer.byteLength).toBeLessThan(MIB);
  });
});

const MIB = 1024 * KIB;
