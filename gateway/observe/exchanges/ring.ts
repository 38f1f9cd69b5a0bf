import type { ExchangeRecord } from '../../exchange/record.ts';

/** A finished exchange that is kept. */
export interface KeptExchange {
  /** Counts up by one with each that is kept. */
  readonly seq: number;
  readonly record: Readonly<ExchangeRecord>;
  /** Milliseconds since the epoch. */
  readonly endedAt: number;
  readonly bytes: number;
}

export interface RingBounds {
  readonly entries: number;
  readonly bytes: number;
}

const RING_BOUNDS: RingBounds = { entries: 5_000, bytes: 16 << 20 };

/** The newest exchanges, bounded in number and in memory: each new one pushes the oldest out. */
export class ExchangeRing {
  readonly #bounds: RingBounds;
  /** By `seq` modulo the number of places. */
  readonly #places: (KeptExchange | undefined)[] = [];
  #next = 1;
  /** The oldest that is there, if any is. */
  #first = 1;
  #bytes = 0;
  dropped = 0;

  constructor(bounds: RingBounds = RING_BOUNDS) {
    this.#bounds = bounds;
  }

  keep(record: Readonly<ExchangeRecord>, endedAt: number): void {
    const bytes = weightOf(record);
    while (this.size >= this.#bounds.entries || (this.size > 0 && this.#bytes + bytes > this.#bounds.bytes))
      this.#dropOldest();
    const seq = this.#next++;
    this.#places[seq % this.#bounds.entries] = { seq, record, endedAt, bytes };
    this.#bytes += bytes;
  }

  #dropOldest(): void {
    const at = this.#first++ % this.#bounds.entries;
    this.#bytes -= this.#places[at]!.bytes;
    this.#places[at] = undefined;
    this.dropped++;
  }

  /** `seq` of the newest that was ever kept; 0: none was. */
  get newestSeq(): number {
    return this.#next - 1;
  }

  get size(): number {
    return this.#next - this.#first;
  }

  of(seq: number): KeptExchange | undefined {
    return seq >= this.#first && seq < this.#next ? this.#places[seq % this.#bounds.entries] : undefined;
  }

  /** The newest first. @param after those that are newer than this one. */
  *newest(after = 0): Generator<KeptExchange> {
    // It may go on while it is read.
    for (let seq = this.#next - 1; seq >= this.#first && seq > after; seq--)
      yield this.#places[seq % this.#bounds.entries]!;
  }
}

/** About what it holds in memory: its texts, and what every entry has. */
function weightOf({ target, cause, detail }: Readonly<ExchangeRecord>): number {
  let bytes = ENTRY_BYTES + target.length + (cause?.length ?? 0);
  if (detail === null) return bytes;
  for (const text of detail.requestFields) bytes += text.length;
  for (const text of detail.answerFields ?? []) bytes += text.length;
  bytes += (detail.requestBody?.kept ?? 0) + (detail.answerBody?.kept ?? 0);
  return bytes + detail.attempts.length * ATTEMPT_BYTES;
}

const ENTRY_BYTES = 500;
const ATTEMPT_BYTES = 120;
