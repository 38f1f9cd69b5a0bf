import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ownBytes, writeBorrowed } from '../exchange/borrowed-bytes.ts';
import type { Pace } from '../exchange/paced.ts';
import { ReadBuffer } from '../wire/read-buffer.ts';
import { breakOff } from './break-off.ts';

/** How it came to an end: both sides had ended, nothing moved for too long, or one side broke off. */
export type SpliceEnd = 'closed' | 'idle' | 'client-reset' | 'service-reset';

export interface SpliceWatcher {
  /** @param buffer whose first bytes they are, borrowed: behind the call they may be others. */
  moved(bytes: number, towards: 'service' | 'client', buffer: Buffer): void;
  /** Both sides are gone. Called once. */
  ended(how: SpliceEnd): void;
}

/**
 * Joins two connections: bytes flow both ways as fast as the slower side takes them, the end of one direction
 * reaches the other side as an end (the other direction flows on), and a break of one breaks the other.
 */
export class Splice {
  readonly #client: Duplex;
  readonly #service: Duplex;
  readonly #watcher: SpliceWatcher;
  #timer: NodeJS.Timeout;
  readonly #pace: Pace | null;
  readonly #endedIdleMs: number;
  #how: SpliceEnd | null = null;
  #open = 2;
  /** Directions that wait for their pace, which is no silence. */
  #paused = 0;

  /**
   * @param idleMs without a byte in either direction, after which both are closed.
   * @param endedIdleMs the same, once one side has ended: the other may not know of it, or not mind.
   */
  constructor(
    client: Duplex,
    service: Duplex,
    idleMs: number,
    watcher: SpliceWatcher,
    pace: Pace | null = null,
    endedIdleMs = idleMs,
  ) {
    this.#pace = pace;
    this.#endedIdleMs = endedIdleMs;
    this.#client = client;
    this.#service = service;
    this.#watcher = watcher;
    this.#timer = setTimeout(() => this.#silent(), idleMs);
    this.#carry(client, service, 'service');
    this.#carry(service, client, 'client');
    client.once('close', () => this.#gone(client, service, 'client-reset'));
    service.once('close', () => this.#gone(service, client, 'service-reset'));
  }

  /** Flushes, then closes both sides. */
  close(): void {
    this.#close('closed');
  }

  /** Ends both sides at once, so that neither takes it for an orderly end. */
  breakOff(): void {
    this.#how ??= 'closed';
    breakOff(this.#client);
    breakOff(this.#service);
  }

  #carry(from: Duplex, to: Duplex, towards: 'service' | 'client'): void {
    // A broken side closes, and that is when it is dealt with.
    from.on('error', () => {});
    const readBuffer = ReadBuffer.of(from);
    let held: NodeJS.Timeout | undefined;
    const letGo = () => {
      if (held === undefined) return;
      clearTimeout(held);
      held = undefined;
      this.#paused--;
    };
    const hold = (ms: number) => {
      letGo();
      from.pause();
      this.#paused++;
      held = setTimeout(() => {
        letGo();
        this.#timer.refresh();
        if (!to.writableNeedDrain) from.resume();
      }, ms).unref();
    };
    // Otherwise it would keep both connections, and restart the idle timeout of a closed tunnel.
    from.once('close', letGo);
    const move = (buffer: Buffer, bytes: number): boolean => {
      // Writing to an ended side would destroy it and lose its unsent bytes.
      if (to.writableEnded || to.destroyed) return true;
      this.#timer.refresh();
      this.#watcher.moved(bytes, towards, buffer);
      if (!write(to, buffer, bytes)) from.pause();
      const waitMs = this.#pace === null ? 0 : this.#pace.took(bytes, towards);
      if (waitMs > 0) hold(waitMs);
      return true;
    };
    from.on('data', (chunk: Buffer) => move(chunk, chunk.length));
    readBuffer?.divert(move);
    to.on('drain', () => {
      this.#timer.refresh();
      if (held === undefined) from.resume();
    });
    const ended = () => {
      to.end();
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#silent(), this.#endedIdleMs);
    };
    if (from.readableEnded) ended();
    else from.on('end', ended);
    from.resume();
  }

  /** A side that had ended before has sent everything, and all of it is delivered; otherwise it has broken off. */
  #gone(side: Duplex, other: Duplex, how: SpliceEnd): void {
    if (--this.#open === 0) return this.#finish();
    if (side.readableEnded) return leave(other);
    this.#how ??= how;
    breakOff(other);
  }

  #silent(): void {
    if (this.#paused > 0) this.#timer.refresh();
    else this.#close('idle');
  }

  #close(how: SpliceEnd): void {
    this.#how ??= how;
    for (const side of [this.#client, this.#service]) {
      leave(side);
      const timer = setTimeout(() => side.destroy(), FLUSH_MS);
      side.once('close', () => clearTimeout(timer));
    }
  }

  #finish(): void {
    clearTimeout(this.#timer);
    this.#watcher.ended(this.#how ?? 'closed');
  }
}

/** A few bytes are cheaper as text, which has gone before the call is over, than as a buffer of their own. */
function write(to: Duplex, buffer: Buffer, bytes: number): boolean {
  if (bytes <= TEXT_MAX_BYTES) return to.write(buffer.toString('latin1', 0, bytes), 'latin1');
  const piece = bytes === buffer.length ? buffer : buffer.subarray(0, bytes);
  return to instanceof Socket ? writeBorrowed(to, piece) : to.write(ownBytes(piece));
}

/**
 * Ends a side whose partner is gone. Once everything is written, the peer's own end is awaited for a short time. Closing over unread bytes
 * sends a reset, which overtakes the written ones, so bytes that still arrive are read and dropped.
 */
function leave(side: Duplex): void {
  if (side.destroyed) return;
  side.end();
  side.resume();
  const linger = () => {
    const timer = setTimeout(() => side.destroy(), LINGER_MS);
    side.once('close', () => clearTimeout(timer));
  };
  if (side.writableFinished) linger();
  else side.once('finish', linger);
}

const TEXT_MAX_BYTES = 8 * 1024;
/** For written bytes to reach a slow reader when we close both sides. */
const FLUSH_MS = 5_000;
const LINGER_MS = 1_000;
