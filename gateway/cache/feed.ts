import { ownBytes } from '../exchange/borrowed-bytes.ts';
import { GatewayError } from '../exchange/error-catalog.ts';

/** A reader of a body. */
export interface FeedTaker {
  /** Bytes may be borrowed. @returns whether more may come at once; if not, `resume` of the reader asks for it. */
  data(piece: Buffer): boolean;
  end(): void;
  fail(cause: Error): void;
  /** Nothing more may come for so many milliseconds: another reader is being waited for. */
  heldUp(ms: number): void;
}

export interface FeedOwner {
  /** Called after `push` returned false: more may come. */
  drained(): void;
  /** A reader takes nothing for so many milliseconds, on purpose. */
  held(ms: number): void;
  /** The last reader has left. */
  abandoned(): void;
}

/**
 * A body on its way from a service, or from the cache, to its readers, each at its own pace. While all of it is held, the fastest reader
 * sets the pace. Afterwards only a window is held. If the window is full, the others wait for the slowest reader for a limited time; then a
 * reader that does not read is cut off.
 */
export class Feed {
  readonly #owner: FeedOwner | null;
  readonly #readers = new Set<FeedReader>();
  #pieces: Buffer[] = [];
  /** Memory for the whole body, in which the pieces lie, so that they need no joining at the end. `null`: unknown length, or not held. */
  #room: Buffer | null;
  /** Pieces before these are gone. */
  #gone = 0;
  #bytes = 0;
  #holds: boolean;
  /** The weight of the pieces at hand, with the overhead of each. */
  #heldBytes = 0;
  #windowBytes = 0;
  #waiting = false;
  /** Runs where readers wait for another one. */
  #patience: NodeJS.Timeout | null = null;
  #end: 'whole' | Error | null = null;

  /**
   * @param holds whether all of it is held, for readers that come later
   * @param length the length in bytes, if known. Memory of that size is reserved at once, and used as it fills.
   * @throws if there is no memory for that length
   */
  constructor(owner: FeedOwner | null, holds: boolean, length = 0) {
    this.#owner = owner;
    this.#holds = holds;
    // No part of a larger piece of memory, which it would hold on to.
    this.#room = holds && length > 0 ? Buffer.allocUnsafeSlow(length) : null;
  }

  /** A feed of a whole body. */
  static of(body: Buffer): Feed {
    const feed = new Feed(null, true);
    if (body.length > 0) feed.#pieces = [body];
    feed.#bytes = body.length;
    feed.#end = 'whole';
    return feed;
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** Whether it may still hold more than a reader of its own would. */
  get isLarge(): boolean {
    return this.#readers.size > 1 || this.#heldBytes > WINDOW_MIN_BYTES;
  }

  /** All of it, from the first byte; while it is held. */
  whole(): Buffer {
    if (this.#room?.length === this.#bytes) return this.#room;
    const whole = Buffer.allocUnsafeSlow(this.#bytes);
    let at = 0;
    for (const piece of this.#pieces) at += piece.copy(whole, at);
    return whole;
  }

  /** Begins to flow with `resume`. */
  read(taker: FeedTaker): FeedReader {
    const reader = new FeedReader(this, taker);
    this.#readers.add(reader);
    return reader;
  }

  /** @returns whether more may come at once; if not, the owner's `drained` is called later */
  push(piece: Buffer): boolean {
    this.#bytes += piece.length;
    const [first] = this.#readers;
    if (
      !this.#holds &&
      this.#readers.size === 1 &&
      first!.takesAtOnce(piece, this.#gone + this.#pieces.length)
    ) {
      return this.#goesOn();
    }
    if (this.#holds || this.#readers.size > 0) {
      this.#pieces.push(this.#own(piece));
      this.#heldBytes += heldBytesOf(piece);
    }
    for (const reader of [...this.#readers]) reader.flow();
    this.#trim();
    return this.#goesOn();
  }

  /** The last that came, in memory of ours. */
  #own(piece: Buffer): Buffer {
    const at = this.#bytes - piece.length;
    if (this.#room === null || this.#bytes > this.#room.length) return ownBytes(piece);
    piece.copy(this.#room, at);
    return this.#room.subarray(at, this.#bytes);
  }

  #goesOn(): boolean {
    const readers = [...this.#readers];
    const allBehind = readers.length > 0 && readers.every((reader) => reader.isBehind);
    const isFull = !this.#holds && readers.length > 1 && this.#heldBytes >= this.#windowBytes;
    this.#waiting = allBehind || isFull;
    if (isFull && !allBehind) this.#wait(readers);
    return !this.#waiting;
  }

  /** Waits for the slowest reader. Meanwhile the others' timeouts are stopped, as the delay is not their fault. */
  #wait(readers: readonly FeedReader[]): void {
    this.#owner?.held(PATIENCE_MS);
    for (const reader of readers) if (!reader.isBehind) reader.heldUp(PATIENCE_MS);
    if (this.#patience !== null) return;
    for (const reader of readers) reader.waitBegins();
    this.#patience = setTimeout(() => this.#endWait(), PATIENCE_MS);
  }

  /** Readers that took too little, and never caught up meanwhile, are not waited for any longer. */
  #endWait(): void {
    this.#patience = null;
    const slow = [...this.#readers].filter((reader) => reader.waitEnds());
    // If all are slow, none is cut off.
    if (slow.length < this.#readers.size) for (const reader of slow) reader.cutLoose();
    this.moved();
  }

  #stopPatience(): void {
    if (this.#patience !== null) clearTimeout(this.#patience);
    this.#patience = null;
  }

  /** From now on holds only bytes that readers have not read yet. @param windowBytes the most to hold */
  letGo(windowBytes: number): void {
    this.#holds = false;
    this.#windowBytes = Math.max(windowBytes, WINDOW_MIN_BYTES);
    this.#trim();
    // The slowest reader of a part would hold on to the room for all.
    if (this.#room !== null) this.#pieces = this.#pieces.map((piece) => Buffer.from(piece));
    this.#room = null;
  }

  #trim(): void {
    if (this.#holds) return;
    const read = Math.min(...Array.from(this.#readers, (reader) => reader.index), this.nextIndex);
    for (const piece of this.#pieces.splice(0, read - this.#gone)) this.#heldBytes -= heldBytesOf(piece);
    this.#gone = read;
  }

  /** @param whole takes the place of its pieces. */
  finish(whole: Buffer | null): void {
    if (whole !== null) {
      this.#pieces = whole.length > 0 ? [whole] : [];
      this.#gone = 0;
      for (const reader of this.#readers) reader.moveInto(whole);
    }
    this.#settle('whole');
  }

  /** Readers first get the bytes that have arrived. */
  fail(cause: Error): void {
    this.#settle(cause);
  }

  #settle(end: 'whole' | Error): void {
    this.#end ??= end;
    this.#stopPatience();
    for (const reader of [...this.#readers]) reader.flow();
  }

  // Called by readers.

  pieceAt(index: number): Buffer | undefined {
    return this.#pieces[index - this.#gone];
  }

  /** The end, for a reader that has read everything; `null`: more is to come. */
  get end(): 'whole' | Error | null {
    return this.#end;
  }

  get nextIndex(): number {
    return this.#gone + this.#pieces.length;
  }

  moved(): void {
    this.#trim();
    if (this.#waiting && this.#goesOn()) this.#owner?.drained();
  }

  held(ms: number): void {
    this.#owner?.held(ms);
  }

  left(reader: FeedReader): void {
    if (!this.#readers.delete(reader) || this.#end !== null) return;
    if (this.#readers.size < 2) this.#stopPatience();
    if (this.#readers.size === 0) this.#owner?.abandoned();
    else this.moved();
  }
}

/** One reader of a feed. */
export class FeedReader {
  readonly #feed: Feed;
  readonly #taker: FeedTaker;
  /** How many bytes it has had. */
  at = 0;
  /** Of the piece that it reads, and how much of that it has had. */
  index = 0;
  #offset = 0;
  #paused = true;
  #flowing = false;
  #over = false;
  /** How many bytes it had had when others began to wait, if it was behind; `null`: it has caught up since. */
  #heldUpAt: number | null = null;
  /** How many times others will wait for it yet. */
  #waitsLeft = 1;

  constructor(feed: Feed, taker: FeedTaker) {
    this.#feed = feed;
    this.#taker = taker;
  }

  /** Whether it has unread bytes. */
  get isBehind(): boolean {
    return this.#paused;
  }

  waitBegins(): void {
    this.#heldUpAt = this.#paused ? this.at : null;
  }

  heldUp(ms: number): void {
    this.#taker.heldUp(ms);
  }

  /** @returns whether it has used up the patience of the others. */
  waitEnds(): boolean {
    if (this.#heldUpAt === null) return false;
    const earned = (this.at - this.#heldUpAt) / BYTES_FOR_A_WAIT;
    this.#waitsLeft = Math.min(this.#waitsLeft + earned, WAITS_MAX) - 1;
    return this.#waitsLeft < 0;
  }

  /** A piece that nobody else reads or holds is passed on without a copy. */
  takesAtOnce(piece: Buffer, index: number): boolean {
    if (this.#paused || this.#flowing || this.index !== index || this.#offset > 0) return false;
    this.at += piece.length;
    this.#take(piece);
    return true;
  }

  resume(): void {
    this.#paused = false;
    this.flow();
    if (!this.#over) this.#feed.moved();
  }

  held(ms: number): void {
    this.#feed.held(ms);
  }

  /** In small pieces, each when there is room, so that a slow client's progress shows. */
  flow(): void {
    if (this.#flowing) return;
    this.#flowing = true;
    for (let piece = this.#next(); piece !== undefined; piece = this.#next()) this.#take(piece);
    this.#flowing = false;
    if (this.#over || this.#paused || this.index < this.#feed.nextIndex) return;
    this.#heldUpAt = null;
    const { end } = this.#feed;
    if (end === null) return;
    this.leave();
    if (end === 'whole') this.#taker.end();
    else this.#taker.fail(end);
  }

  #next(): Buffer | undefined {
    const whole = this.#over || this.#paused ? undefined : this.#feed.pieceAt(this.index);
    if (whole === undefined) return undefined;
    const piece = whole.subarray(this.#offset, this.#offset + PIECE_BYTES);
    this.at += piece.length;
    this.#offset += piece.length;
    if (this.#offset >= whole.length) {
      this.index++;
      this.#offset = 0;
    }
    return piece;
  }

  #take(piece: Buffer): void {
    try {
      if (!this.#taker.data(piece)) this.#paused = true;
    } catch (cause) {
      this.leave();
      this.#taker.fail(cause as Error);
    }
  }

  /** All that there is to read stands in one piece now. */
  moveInto(whole: Buffer): void {
    const isRead = this.at === whole.length;
    this.index = isRead && whole.length > 0 ? 1 : 0;
    this.#offset = isRead ? 0 : this.at;
  }

  cutLoose(): void {
    this.leave();
    const cause = `others waited for it, and it took less than ${BYTES_FOR_A_WAIT} bytes in ${PATIENCE_MS} ms`;
    this.#taker.fail(new GatewayError('reader_timeout', cause));
  }

  leave(): void {
    if (this.#over) return;
    this.#over = true;
    this.#feed.left(this);
  }
}

/** At most so much is given at once. */
export const PIECE_BYTES = 64 * 1024;
/** The overhead of holding a piece: a service may send each byte by itself. */
export const PIECE_OVERHEAD_BYTES = 128;
/** Held for a slower reader where there was no room to keep it. */
const WINDOW_MIN_BYTES = 4 * PIECE_BYTES;
/**
 * Others wait for a reader twice this long, and once more for each so many bytes that it takes meanwhile. Because the kernel holds some MiB for a client,
 * its reading is seen in lumps of more than a mebibyte: one of 200 KiB/s shows nothing for seven seconds.
 */
const PATIENCE_MS = 5_000;
const BYTES_FOR_A_WAIT = 256 * 1024;
const WAITS_MAX = 4;

function heldBytesOf(piece: Buffer): number {
  return piece.length + PIECE_OVERHEAD_BYTES;
}
