import { ownBytes } from '../exchange/borrowed-bytes.ts';

/**
 * What a client has sent ahead of its turn, in the pieces that it came in. It is read up to a bound, and then stays in the system's buffers:
 * with one more read of the socket that is less than 128 KiB. A connection that is not read at all does not notice that its client leaves.
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

  /** @param piece of nobody else, or borrowed and followed by `own` within the call. */
  add(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
  }

  /** Copies what is borrowed. */
  own(): void {
    for (let at = 0; at < this.#pieces.length; at++) this.#pieces[at] = ownBytes(this.#pieces[at]!);
  }

  /** There must be one. */
  next(): Buffer {
    const piece = this.#pieces.shift()!;
    this.#bytes -= piece.length;
    return piece;
  }

  /** What is left of the piece that was the next one. */
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
