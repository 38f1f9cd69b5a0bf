import { ownBytes } from '../exchange/borrowed-bytes.ts';

/**
 * Bytes that a client sent before their turn, in pieces as they arrived. They are read up to a bound, and then stay in the system's
 * buffers: with one more read of the socket that is less than 128 KiB. A connection that is not read at all does not notice that its client
 * leaves.
 */
export class ReadAhead {
  #pieces: Buffer[] = [];
  #bytes = 0;

  get empty(): boolean {
    return this.#pieces.length === 0;
  }

  /** Whether the connection is to be read no further. */
  get full(): boolean {
    return this.#bytes >= MAX_BYTES || this.#pieces.length >= MAX_PIECES;
  }

  /** @param piece owned, or borrowed and followed by `own` within the call */
  add(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
  }

  /** Copies borrowed pieces. */
  own(): void {
    for (let at = 0; at < this.#pieces.length; at++) this.#pieces[at] = ownBytes(this.#pieces[at]!);
  }

  /** There must be one. */
  next(): Buffer {
    const piece = this.#pieces.shift()!;
    this.#bytes -= piece.length;
    return piece;
  }

  /** Returns the rest of the last piece that was taken. */
  putBack(rest: Buffer): void {
    this.#pieces.unshift(rest);
    this.#bytes += rest.length;
  }

  /** All of it, of which nothing is kept. */
  take(): Buffer[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#bytes = 0;
    return pieces;
  }
}

const MAX_BYTES = 64 * 1024;
const MAX_PIECES = 128;
