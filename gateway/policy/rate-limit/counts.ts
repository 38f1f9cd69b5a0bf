import { Arrivals, type Spread } from './arrivals.ts';
import type { LimitBy } from './keys.ts';
import type { PartyTag } from './party-tag.ts';

/** A process's report about one party: requests passed since its last report, and requests waiting. */
export type CountReport = readonly [
  by: LimitBy['kind'],
  low: number,
  high: number,
  count: number,
  periodMs: number,
  burst: number,
  passed: number,
  waiting: number,
];

/** How far ahead of now the party is, over all processes, and how many of those that wait may pass. */
export type CountState = readonly [aheadMs: number, granted: number];

/**
 * Where processes agree on passed requests. It is asked for many parties at once, beside the traffic. One script in a database could answer
 * it, too: for each report, `due = max(due, now) + passed * interval`, and as many more as fit.
 */
export interface Counts {
  /** Of all processes: a party has the same tag in each. It may become another one, where processes meet. */
  readonly key: PartyTag;
  readonly processes: number;
  /** One state for each report, in their order. */
  settle(reports: readonly CountReport[]): Promise<readonly CountState[]>;
}

/** The counts of all workers, in the process that they have in common. */
export class CountKeeper {
  readonly #tables = new Map<string, Arrivals>(KINDS.map((kind) => [kind, new Arrivals()]));

  /** Extensions may send anything on the same channel: invalid reports are ignored. */
  settle(reports: readonly CountReport[], nowMs: number): readonly CountState[] {
    return reports.map((report) => {
      if (!isReport(report)) return NOTHING_KNOWN;
      const [by, low, high, count, periodMs, burst, passed, waiting] = report;
      const spread: Spread = { count, periodMs, burst };
      return this.#tables.get(by)!.settle({ low, high }, spread, passed, waiting, nowMs);
    });
  }

  /** Applies the others' state of the parties in these reports. */
  raise(reports: readonly CountReport[], states: readonly CountState[], nowMs: number): void {
    for (const [at, report] of reports.entries()) {
      const [aheadMs] = states[at]!;
      const [by, low, high] = report;
      if (isReport(report) && aheadMs > 0 && Number.isFinite(aheadMs))
        this.#tables.get(by)!.raise({ low, high }, aheadMs, nowMs);
    }
  }
}

export function isReport(report: CountReport): boolean {
  const [by, ...numbers] = report;
  return KINDS.includes(by) && numbers.length === 7 && numbers.every(Number.isFinite) && report[3] > 0;
}

const KINDS: readonly LimitBy['kind'][] = ['ip', 'user', 'route', 'header', 'cookie'];
const NOTHING_KNOWN: CountState = [0, 0];
