/**
 * Lines that wait to be written, as the bytes that they will be. Gathered as text they would be a tree of all their pieces, which every
 * collection of young memory copies until the batch goes out: that cost as much as to make the lines.
 */
export class LinePages {
  readonly #pageBytes: number;
  #full: Buffer[] = [];
  #page: Buffer = NOTHING;
  #filled = 0;
  #bytes = 0;

  /** @param batchBytes how much is usually taken at once. */
  constructor(batchBytes: number) {
    this.#pageBytes = Math.min(batchBytes, PAGE_MAX_BYTES) + LINES_BYTES;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(line: string): void {
    // UTF-8 takes at most three bytes for a unit of UTF-16.
    const most = line.length * 3;
    if (this.#page.length - this.#filled < most) this.#turn(most);
    const bytes = this.#page.write(line, this.#filled);
    this.#filled += bytes;
    this.#bytes += bytes;
  }

  /** All of it, in order; nothing is kept. */
  take(): Buffer {
    const last = this.#page.subarray(0, this.#filled);
    const all = this.#full.length === 0 ? last : Buffer.concat([...this.#full, last]);
    this.#full = [];
    this.#page = NOTHING;
    this.#filled = 0;
    this.#bytes = 0;
    return all;
  }

  #turn(room: number): void {
    if (this.#filled > 0) this.#full.push(this.#page.subarray(0, this.#filled));
    this.#page = Buffer.allocUnsafe(Math.max(room, this.#pageBytes));
    this.#filled = 0;
  }
}

const PAGE_MAX_BYTES = 64 * 1024;
/** For the line that fills the batch, so that it needs no other page. */
const LINES_BYTES = 8 * 1024;
const NOTHING = Buffer.alloc(0);
