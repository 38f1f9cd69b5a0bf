import { BoundedTable } from '../bounded-table.ts';

interface Spread {
  readonly count: number;
  readonly periodMs: number;
  readonly burst: number;
}

/**
 * When the next request of each party is due, by the generic cell rate algorithm: one number each. The table is bounded: a party that is
 * pushed out of it by many others begins anew.
 */
export class Arrivals {
  readonly #due = new BoundedTable<number>(PARTIES);

  /** @returns the milliseconds until it would pass; 0: it passes, and is counted. */
  take(party: string, { count, periodMs, burst }: Spread, nowMs: number): number {
    const intervalMs = periodMs / count;
    const due = Math.max(this.#due.get(party) ?? 0, nowMs) + intervalMs;
    const waitMs = due - nowMs - burst * intervalMs;
    // Sums of fractions are not exact.
    if (waitMs > TOLERANCE_MS) return waitMs;
    this.#due.set(party, due);
    return 0;
  }

  close(): void {
    this.#due.clear();
  }
}

const PARTIES = 65_536;
const TOLERANCE_MS = 1e-3;
