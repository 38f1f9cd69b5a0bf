import { EarliestTimer } from '../earliest-timer.ts';
import type { Keepable } from '../kept.ts';
import { creditOf } from '../rate-limit/agreed-arrivals.ts';
import { intervalOf, type Spread } from '../rate-limit/arrivals.ts';
import type { CountReport, CountState, Counts } from '../rate-limit/counts.ts';
import type { LimitBy } from '../rate-limit/keys.ts';
import { PartyTable } from '../rate-limit/party-table.ts';
import { newTagKey, type PartyTag, PartyTagger } from '../rate-limit/party-tag.ts';

/** Until when the bytes of each party that have gone would have taken at their rate, for all routes. */
export interface ByteCounts extends Keepable {
  readonly parties: PartyTagger;
  /** Counts sent bytes. @returns the milliseconds until the party may send more; 0 or less: at once */
  took(party: PartyTag, spread: Spread, bytes: number): number;
}

/** As far as this process has seen them. */
export class OwnBytes implements ByteCounts {
  readonly parties = new PartyTagger(newTagKey());
  readonly #table = new PartyTable();

  took(party: PartyTag, spread: Spread, bytes: number): number {
    return count(this.#table, party, spread, bytes);
  }

  close(): void {}
}

function count(table: PartyTable, party: PartyTag, spread: Spread, bytes: number): number {
  const now = performance.now();
  const place = table.placeOf(party);
  const due = Math.max(table.timeOf(place, party), now) + bytes * intervalOf(spread);
  if (bytes > 0) table.put(place, party, due);
  return due - now - spread.burst * intervalOf(spread);
}

/** Bytes of one party of which the others do not know yet. */
interface Unknown {
  readonly tag: PartyTag;
  readonly spread: Spread;
  /** They are on their way to the others. */
  reported: number;
  unreported: number;
}

/**
 * As far as all processes have agreed (rate-limit/agreed-arrivals.ts). Bytes have gone when they are counted, so that nothing is asked before: where a party has more
 * than its credit of which the others do not know, it waits for some milliseconds, in which their word comes. Where none comes in time, each process counts its own
 * bytes as if all others had sent as many.
 */
export class AgreedBytes implements ByteCounts {
  readonly parties: PartyTagger;
  readonly #by: LimitBy['kind'];
  readonly #counts: Counts;
  readonly #table = new PartyTable();
  /** By the words of their tags. */
  readonly #unknown = new Map<number, Unknown>();
  #asking = false;
  readonly #due = new EarliestTimer(() => void this.#tell());
  /** No word came in time, and none has come since. */
  #alone = false;

  constructor(by: LimitBy['kind'], counts: Counts) {
    this.#by = by;
    this.#counts = counts;
    this.parties = new PartyTagger(counts.key);
  }

  took(party: PartyTag, spread: Spread, bytes: number): number {
    const { processes } = this.#counts;
    const aheadMs = count(this.#table, party, spread, this.#alone ? bytes * processes : bytes);
    const unknown = this.#unknownOf(party, spread, bytes);
    if (unknown === null) return aheadMs;
    unknown.unreported += bytes;
    if (this.#alone || unknown.reported + unknown.unreported <= creditOf(spread.burst, processes)) {
      this.#tellWithin(TELL_WITHIN_MS);
      return aheadMs;
    }
    this.#tellWithin(0);
    return Math.max(aheadMs, WORD_MS);
  }

  #unknownOf({ low, high }: PartyTag, spread: Spread, bytes: number): Unknown | null {
    const name = nameOf({ low, high });
    const before = this.#unknown.get(name);
    // While the others do not answer there may be any number of parties: beyond the bound they are only counted here.
    if (before !== undefined || bytes === 0 || this.#unknown.size >= UNKNOWN_MAX) return before ?? null;
    const unknown: Unknown = { tag: { low, high }, spread, reported: 0, unreported: 0 };
    this.#unknown.set(name, unknown);
    return unknown;
  }

  /** One question is under way at a time; later counts go out with the next. */
  #tellWithin(ms: number): void {
    if (!this.#asking) this.#due.within(ms);
  }

  async #tell(): Promise<void> {
    this.parties.rekey(this.#counts.key);
    const asked = [...this.#unknown.values()];
    for (const one of asked) {
      one.reported = one.unreported;
      one.unreported = 0;
    }
    this.#asking = true;
    const patience = setTimeout(() => {
      this.#alone = true;
    }, PATIENCE_MS).unref();
    const states = await this.#counts.settle(asked.map((one) => this.#reportOf(one))).catch(() => null);
    clearTimeout(patience);
    this.#asking = false;
    this.#alone = states === null;
    for (const [at, one] of asked.entries()) this.#heard(one, states?.[at]);
    if (this.#unknown.size > 0) this.#tellWithin(TELL_WITHIN_MS);
  }

  #reportOf({
    tag: { low, high },
    spread: { count: bytes, periodMs, burst },
    reported,
  }: Unknown): CountReport {
    return [this.#by, low, high, bytes, periodMs, burst, reported, 0];
  }

  #heard(one: Unknown, state: CountState | undefined): void {
    one.reported = 0;
    if (one.unreported === 0) this.#unknown.delete(nameOf(one.tag));
    if (state === undefined) return;
    const due = performance.now() + state[0] + one.unreported * intervalOf(one.spread);
    this.#table.put(this.#table.placeOf(one.tag), one.tag, due);
  }

  close(): void {
    this.#due.cancel();
  }
}

/** As many bits as a number holds. */
function nameOf({ low, high }: PartyTag): number {
  return (high >>> 11) * 2 ** 32 + (low >>> 0);
}

const TELL_WITHIN_MS = 10;
/** In which a word comes where nothing is amiss. */
const WORD_MS = 5;
const PATIENCE_MS = 25;
const UNKNOWN_MAX = 16_384;
