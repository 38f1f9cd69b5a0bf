/**
 * Keeps the pieces of a head until it is whole, in one buffer that doubles. The search goes on where it stopped, so that a peer that sends
 * byte by byte costs no more than one that sends everything at once.
 */
export class HeadBuffer {
  readonly #maxBytes: number;
  #bytes = EMPTY;
  #length = 0;
  /** How long it was when it was last read. */
  #seen = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#length;
  }

  /**
   * Adds a piece.
   * @returns how many of its bytes belong to the head, the empty line included; -1: all of them, and the head is unfinished. The caller
   * refuses a head that `overflows`.
   */
  add(chunk: Buffer, from: number, to: number): number {
    const before = this.#length;
    this.#append(chunk, from, to);
    const end = this.#bytes.subarray(0, this.#length).indexOf(END_OF_HEAD, Math.max(0, before - 3));
    if (end < 0) return -1;
    const head = end + END_OF_HEAD.length;
    this.#length = head;
    return head - before;
  }

  /**
   * Whether the unfinished head is worth another look: a line may have ended, or it has doubled since the last look. Looking at every byte
   * of a client that sends them one by one would cost the square of the length.
   *
   * @param since the length before the newest piece
   */
  due(since: number): boolean {
    const length = this.#length;
    const grown = length >= 2 * this.#seen || length >= this.#maxBytes;
    if (!grown && !this.#bytes.subarray(since, length).includes(LF)) return false;
    this.#seen = length;
    return true;
  }

  get overflows(): boolean {
    return this.#length > this.#maxBytes;
  }

  /** Removes everything. @returns its latin-1 text */
  take(): string {
    const text = this.#bytes.toString('latin1', 0, this.#length);
    this.#length = 0;
    this.#bytes = EMPTY;
    return text;
  }

  /** The bytes received so far. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #append(chunk: Buffer, from: number, to: number): void {
    // One byte beyond the bound shows that it is crossed; the rest need not be kept.
    const wanted = Math.min(this.#length + to - from, this.#maxBytes + END_OF_HEAD.length);
    if (this.#bytes.length < wanted) {
      const grown = Buffer.allocUnsafe(Math.max(wanted, this.#bytes.length * 2, FIRST_BYTES));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    this.#length += chunk.copy(this.#bytes, this.#length, from, from + wanted - this.#length);
  }
}

/** The end of the last field line and the empty line (RFC 9112 §2.1). */
const END_OF_HEAD = Buffer.from('\r\n\r\n');

const LF = 0x0a;
const FIRST_BYTES = 1024;
const EMPTY = Buffer.alloc(0);
