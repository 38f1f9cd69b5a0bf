import { PartyTable } from './party-table.ts';
import { LimitTagger, newTagKey, type PartyTag, PartyTagger } from './party-tag.ts';

/** How many may come in a time, and how many of them at once. */
export interface Spread {
  readonly count: number;
  readonly periodMs: number;
  readonly burst: number;
}

/** Decides whether a request of a party passes. */
export interface Admission {
  /** The parties of one limit are others than those of the next. */
  taggerOf(limit: string): LimitTagger;
  /** @returns the milliseconds until it would pass. 0 or less: it passes, and is counted; so much time is left of its burst. */
  take(party: PartyTag, spread: Spread, nowMs: number): number | Promise<number>;
  close(): void;
}

/** When the next request of each party is due, by the generic cell rate algorithm, as far as this process has seen them. */
export class Arrivals implements Admission {
  readonly #table: PartyTable;
  readonly #parties = new PartyTagger(newTagKey());

  constructor(table = new PartyTable()) {
    this.#table = table;
  }

  taggerOf(limit: string): LimitTagger {
    return new LimitTagger(this.#parties, limit);
  }

  take(party: PartyTag, spread: Spread, nowMs: number): number {
    const place = this.#table.placeOf(party);
    const due = Math.max(this.#table.timeOf(place, party), nowMs);
    const waitMs = waitOf(due, spread, nowMs);
    if (waitMs <= 0) this.#table.put(place, party, due + intervalOf(spread));
    return waitMs;
  }

  /**
   * Counts requests that passed elsewhere (negative: unused grants), and grants as many of those waiting there as fit.
   * @returns how far ahead of now the party is, in milliseconds, and the number granted
   */
  settle(
    party: PartyTag,
    spread: Spread,
    passed: number,
    waiting: number,
    nowMs: number,
  ): readonly [aheadMs: number, granted: number] {
    const intervalMs = intervalOf(spread);
    const place = this.#table.placeOf(party);
    const due = Math.max(Math.max(this.#table.timeOf(place, party), nowMs) + passed * intervalMs, nowMs);
    const room = Math.floor(spread.burst - (due - nowMs) / intervalMs + ROUNDING);
    const granted = Math.max(0, Math.min(waiting, room));
    this.#table.put(place, party, due + granted * intervalMs);
    return [due + granted * intervalMs - nowMs, granted];
  }

  /** Others know the party to be at least so far ahead. */
  raise(party: PartyTag, aheadMs: number, nowMs: number): void {
    const place = this.#table.placeOf(party);
    this.#table.put(place, party, Math.max(this.#table.timeOf(place, party), nowMs + aheadMs));
  }

  close(): void {}
}

export function intervalOf({ count, periodMs }: Spread): number {
  return periodMs / count;
}

/** How long one more has to wait whose party is due then; 0 or less: it needs not. */
export function waitOf(due: number, spread: Spread, nowMs: number): number {
  const waitMs = due - nowMs - (spread.burst - 1) * intervalOf(spread);
  // Sums of fractions are not exact.
  return waitMs > ROUNDING ? waitMs : Math.min(waitMs, 0);
}

const ROUNDING = 1e-3;
