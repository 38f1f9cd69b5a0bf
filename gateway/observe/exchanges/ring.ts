import { CapturedBody } from '../../exchange/captured-body.ts';
import type { ExchangeDetail } from '../../exchange/detail.ts';
import { type ExchangeRecord, newExchangeRecord } from '../../exchange/record.ts';

/** A finished exchange that is kept, as it was when it was over. */
export interface KeptExchange {
  /** Counts up by one with each that is kept. */
  readonly seq: number;
  readonly record: KeptRecord;
  /** Milliseconds since the epoch. */
  readonly endedAt: number;
}

export interface KeptRecord extends Readonly<Omit<ExchangeRecord, 'detail' | 'trace'>> {
  readonly detail: KeptDetail | null;
}

export type KeptDetail = Pick<
  ExchangeDetail,
  'requestFields' | 'answerFields' | 'attempts' | 'requestBody' | 'answerBody'
>;

export interface RingBounds {
  readonly entries: number;
  readonly bytes: number;
}

/** Without their names a record is a third shorter, and written in half the time. */
const FACTS = Object.keys(newExchangeRecord('', '', '', '', '')).filter(
  (name) => name !== 'detail' && name !== 'trace',
) as (keyof ExchangeRecord)[];

function detailOf(detail: ExchangeDetail): KeptDetail {
  const { requestFields, answerFields, attempts, requestBody, answerBody } = detail;
  return { requestFields, answerFields, attempts, requestBody, answerBody };
}

const RING_BOUNDS: RingBounds = { entries: 5_000, bytes: 16 << 20 };

/**
 * The newest exchanges, bounded in number and in memory: each new one pushes the oldest out. They are bytes outside V8's heap: as objects, thirty for
 * each, they would outlive its young generation and be copied and marked by the collector.
 */
export class ExchangeRing {
  readonly #entries: number;
  readonly #size: number;
  /** Each entry in one piece: its JSON, the body of the request, the body of the answer. */
  #bytes: Buffer = Buffer.alloc(0);
  /** By `seq` modulo the number of entries: where it begins, counted on and on as if the bytes had no end, and how long its JSON is. */
  readonly #begins: Float64Array;
  readonly #jsonBytes: Uint32Array;
  /** Where the next begins. */
  #end = 0;
  #next = 1;
  /** The oldest that is there, if any is. */
  #first = 1;
  dropped = 0;

  constructor({ entries, bytes }: RingBounds = RING_BOUNDS) {
    this.#entries = entries;
    this.#size = bytes;
    this.#begins = new Float64Array(entries);
    this.#jsonBytes = new Uint32Array(entries);
  }

  keep(record: Readonly<ExchangeRecord>, endedAt: number): void {
    const { detail } = record;
    const json = JSON.stringify([endedAt, FACTS.map((fact) => record[fact]), detail && detailOf(detail)]);
    const jsonBytes = Buffer.byteLength(json);
    const { requestBody = null, answerBody = null } = detail ?? {};
    const begin = this.#room(jsonBytes + (requestBody?.kept ?? 0) + (answerBody?.kept ?? 0));
    if (begin === null) return;
    this.#grow();
    let at = begin % this.#size;
    at += this.#bytes.write(json, at);
    for (const body of [requestBody, answerBody]) at += body?.content.copy(this.#bytes, at) ?? 0;
    const place = this.#next++ % this.#entries;
    this.#begins[place] = begin;
    this.#jsonBytes[place] = jsonBytes;
  }

  /** Room for one more, for which the oldest go. @returns where it begins; `null`: it is larger than all that there is. */
  #room(bytes: number): number | null {
    if (bytes > this.#size) {
      this.dropped++;
      return null;
    }
    const left = this.#size - (this.#end % this.#size);
    const begin = bytes > left ? this.#end + left : this.#end;
    this.#end = begin + bytes;
    while (this.size > 0 && (this.size >= this.#entries || this.#end - this.#firstBegin > this.#size)) {
      this.#first++;
      this.dropped++;
    }
    return begin;
  }

  /** Takes memory as it fills: V8 collects its whole heap early where buffers hold megabytes that a gateway with few exchanges never uses. */
  #grow(): void {
    const needed = Math.min(this.#end, this.#size);
    if (this.#bytes.length >= needed) return;
    const larger = Buffer.allocUnsafeSlow(Math.min(2 * needed, this.#size));
    this.#bytes.copy(larger);
    this.#bytes = larger;
  }

  get #firstBegin(): number {
    return this.#begins[this.#first % this.#entries]!;
  }

  /** `seq` of the newest that was ever kept; 0: none was. */
  get newestSeq(): number {
    return this.#next - 1;
  }

  get size(): number {
    return this.#next - this.#first;
  }

  of(seq: number): KeptExchange | undefined {
    // An id may say no number at all.
    if (!(seq >= this.#first && seq < this.#next)) return undefined;
    const place = seq % this.#entries;
    const begin = this.#begins[place]! % this.#size;
    const bodies = begin + this.#jsonBytes[place]!;
    const json = this.#bytes.toString('utf8', begin, bodies);
    const [endedAt, facts, detail] = JSON.parse(json) as [number, unknown[], KeptDetail | null];
    if (detail !== null) {
      const { requestBody, answerBody } = detail;
      detail.requestBody = this.#bodyAt(bodies, requestBody);
      detail.answerBody = this.#bodyAt(bodies + (requestBody?.kept ?? 0), answerBody);
    }
    const record = Object.fromEntries(FACTS.map((fact, at) => [fact, facts[at]])) as unknown as KeptRecord;
    return { seq, endedAt, record: { ...record, detail } };
  }

  /** A copy, which outlives the ring's. @param facts its properties in the JSON */
  #bodyAt(begin: number, facts: CapturedBody | null): CapturedBody | null {
    if (facts === null) return null;
    const { kept, bytes, whole } = facts;
    const body = new CapturedBody();
    body.take(this.#bytes.subarray(begin, begin + kept));
    return Object.assign(body, { bytes, whole });
  }

  /** How many are newer than this one. */
  countAfter(seq: number): number {
    return this.#next - Math.max(seq + 1, this.#first);
  }

  /** The newest first. @param after those that are newer than this one. */
  *newest(after = 0): Generator<KeptExchange> {
    // It may go on while it is read.
    for (let seq = this.#next - 1; seq >= this.#first && seq > after; seq--) yield this.of(seq)!;
  }
}
