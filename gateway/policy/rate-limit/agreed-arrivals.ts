import { EarliestTimer } from '../earliest-timer.ts';
import { type Admission, intervalOf, type Spread, waitOf } from './arrivals.ts';
import type { CountReport, CountState, Counts } from './counts.ts';
import type { LimitBy } from './keys.ts';
import { PartyTable } from './party-table.ts';
import { LimitTagger, type PartyTag, PartyTagger } from './party-tag.ts';

/** Unreported requests of one party. */
interface Pending {
  readonly tag: PartyTag;
  readonly spread: Spread;
  readonly place: number;
  passed: number;
  readonly waiting: ((waitMs: number) => void)[];
}

/**
 * The next due times of parties, as all processes agreed last. A request is decided at once, by the last agreement; at most `credit`
 * requests of a party may pass that the others do not know of yet, and further ones within the same moment wait for an answer. All
 * processes together let pass at most the limit and one credit each. Without an answer in time, each process keeps to its share.
 */
export class AgreedArrivals implements Admission {
  readonly #by: LimitBy['kind'];
  readonly #counts: Counts;
  readonly #parties: PartyTagger;
  readonly #table: PartyTable;
  /** Of the party in each place: how many have passed that no answer has counted yet. */
  readonly #unknown: Uint32Array;
  #pending = new Map<number, Pending>();
  /** Of parties that have lost their place meanwhile. */
  #displaced: Pending[] = [];
  #asked: readonly Pending[] | null = null;
  readonly #due = new EarliestTimer(() => this.#tell());
  /** No word came in time, and none has come since. */
  #alone = false;

  constructor(by: LimitBy['kind'], counts: Counts, table = new PartyTable()) {
    this.#by = by;
    this.#counts = counts;
    this.#parties = new PartyTagger(counts.key);
    this.#table = table;
    this.#unknown = new Uint32Array(table.places);
  }

  taggerOf(limit: string): LimitTagger {
    return new LimitTagger(this.#parties, limit);
  }

  take(party: PartyTag, spread: Spread, nowMs: number): number | Promise<number> {
    const place = this.#table.placeOf(party);
    const due = Math.max(this.#table.timeOf(place, party), nowMs);
    const waitMs = waitOf(due, spread, nowMs);
    if (waitMs > 0) return waitMs;
    if (!this.#table.has(place, party)) this.#unknown[place] = 0;
    const alone = this.#alone || this.#pending.size + this.#displaced.length >= PENDING_MAX;
    if (!alone && this.#unknown[place]! >= creditOf(spread.burst, this.#counts.processes))
      return new Promise((resolve) => {
        this.#note(place, party, spread).waiting.push(resolve);
        this.#tellWithin(0);
      });
    // Alone, one that passes here stands for as many as there are processes.
    const step = alone ? this.#counts.processes : 1;
    this.#table.put(place, party, due + step * intervalOf(spread));
    this.#unknown[place]!++;
    this.#note(place, party, spread).passed++;
    this.#tellWithin(TELL_WITHIN_MS);
    return waitMs;
  }

  #note(place: number, { low, high }: PartyTag, spread: Spread): Pending {
    const before = this.#pending.get(place);
    if (before?.tag.low === low && before.tag.high === high) return before;
    if (before !== undefined) this.#displaced.push(before);
    const pending: Pending = { tag: { low, high }, spread, place, passed: 0, waiting: [] };
    // Parties beyond the bound are only counted here, as while the others do not answer.
    if (this.#pending.size < PENDING_MAX) this.#pending.set(place, pending);
    return pending;
  }

  /** One question is under way at a time; later counts go out with the next. */
  #tellWithin(ms: number): void {
    if (this.#asked === null) this.#due.within(ms);
  }

  #tell(): void {
    // The key of party tags may differ at the others: counts under old tags are dropped.
    this.#parties.rekey(this.#counts.key);
    const asked = [...this.#displaced, ...this.#pending.values()];
    if (asked.length === 0) return;
    this.#displaced = [];
    this.#pending = new Map();
    this.#asked = asked;
    const askedAt = performance.now();
    const patience = setTimeout(() => this.#goOnAlone(), PATIENCE_MS).unref();
    const answered = (states: readonly CountState[] | null) => {
      clearTimeout(patience);
      this.#asked = null;
      if (states !== null) this.#agree(asked, states, askedAt);
      this.#tell();
    };
    this.#counts
      .settle(
        asked.map(({ tag, spread, passed, waiting }) => this.#reportOf(tag, spread, passed, waiting.length)),
      )
      .then(answered, () => {
        this.#goOnAlone();
        answered(null);
      });
  }

  #reportOf({ low, high }: PartyTag, spread: Spread, passed: number, waiting: number): CountReport {
    const { count, periodMs, burst } = spread;
    return [this.#by, low, high, count, periodMs, burst, passed, waiting];
  }

  #agree(asked: readonly Pending[], states: readonly CountState[], askedAt: number): void {
    this.#alone = false;
    const now = performance.now();
    for (const [at, { tag, spread, place, waiting }] of asked.entries()) {
      const [aheadMs, granted] = states[at] ?? [0, 0];
      // Requests decided alone meanwhile are reported as passed, so their grants are returned, less what time has given back already.
      const unused = granted - waiting.length - (now - askedAt) / intervalOf(spread);
      if (unused > 0) this.#note(place, tag, spread).passed -= unused;
      const since = this.#passedSince(place, tag);
      const due = now + aheadMs + since * intervalOf(spread);
      if (this.#table.has(place, tag)) {
        this.#table.put(place, tag, due);
        this.#unknown[place] = Math.max(0, since);
      }
      const waitMs = waitOf(due, spread, now);
      for (const [nth, resolve] of waiting.splice(0).entries())
        resolve(nth < granted ? Math.min(0, waitMs) : Math.max(waitMs, 1));
    }
  }

  #passedSince(place: number, { low, high }: PartyTag): number {
    const pending = this.#pending.get(place);
    return pending?.tag.low === low && pending.tag.high === high ? pending.passed : 0;
  }

  /** Decides all waiting requests as if they came now. */
  #goOnAlone(): void {
    this.#alone = true;
    const waiting = [...(this.#asked ?? []), ...this.#pending.values(), ...this.#displaced];
    for (const pending of waiting) this.#decideAlone(pending);
  }

  #decideAlone({ tag, spread, waiting }: Pending): void {
    for (const resolve of waiting.splice(0)) {
      const waitMs = this.take(tag, spread, performance.now());
      // Alone, nothing waits.
      if (typeof waitMs === 'number') resolve(waitMs);
    }
  }

  close(): void {
    this.#due.cancel();
    this.#goOnAlone();
  }
}

/** How many of a party may pass in one process that the others do not know of yet. */
export function creditOf(burst: number, processes: number): number {
  return Math.max(1, Math.floor(burst / (CREDIT_SHARE * processes)));
}

/** All credits together are a tenth of the burst, or one for each process. */
const CREDIT_SHARE = 10;
const TELL_WITHIN_MS = 5;
/** A request that the limit may refuse waits so long for the others' word, before its process goes on alone. */
const PATIENCE_MS = 25;
const PENDING_MAX = 16_384;
