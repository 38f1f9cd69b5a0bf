import {
  CountKeeper,
  type CountReport,
  type CountState,
  type Counts,
  isReport,
} from '../policy/rate-limit/counts.ts';
import type { PartyTag } from '../policy/rate-limit/party-tag.ts';
import type { Link } from './link.ts';

export interface SharedCountsOptions {
  /** `null`: nothing is shared. */
  readonly link: () => Link | null;
  readonly prefix: () => string;
  readonly key: () => PartyTag;
  /** Of all replicas. */
  readonly processes: () => number;
}

/**
 * Counts over all replicas, kept by the Redis. Without an answer in time, this replica decides by the last answer and its own count; its
 * decisions are reported with the next question, unless the Redis was away.
 */
export class SharedCounts implements Counts {
  readonly #options: SharedCountsOptions;
  readonly #keeper = new CountKeeper();
  /** Requests that this replica let pass by its own decision, by party. */
  #unreported = new Map<string, CountReport>();
  /** Questions that had no answer in time, and have none yet. */
  #late = 0;
  /** Decisions since the start, by who made them. */
  readonly words = { shared: 0, local: 0 };

  constructor(options: SharedCountsOptions) {
    this.#options = options;
  }

  get key(): PartyTag {
    return this.#options.key();
  }

  get processes(): number {
    return this.#options.processes();
  }

  async settle(reports: readonly CountReport[]): Promise<readonly CountState[]> {
    const link = this.#options.link();
    if (link === null) return this.#keeper.settle(reports, performance.now());
    const known = this.#keeper.settle(reports.map(withoutWaiting), performance.now());
    const asks = link.isUp && this.#late === 0;
    const agreed = asks ? await this.#ask(link, reports, known) : null;
    if (agreed !== null) {
      this.words.shared++;
      return agreed;
    }
    this.words.local++;
    const states = this.#keeper.settle(reports.map(withoutPassed), performance.now());
    // Requests that passed while it was away are no debt of later ones. Late questions are still counted there.
    if (!link.isUp) this.#unreported.clear();
    else if (!asks) this.#remember(reports, states);
    return states;
  }

  #remember(reports: readonly CountReport[], states: readonly CountState[]): void {
    // Too many to report: this replica counts them all the same.
    if (this.#unreported.size >= UNREPORTED_MAX) this.#unreported.clear();
    for (const [at, report] of reports.entries()) {
      if (!isReport(report)) continue;
      const before = this.#unreported.get(nameOf(report))?.[PASSED] ?? 0;
      const [, granted] = states[at]!;
      this.#unreported.set(nameOf(report), withCounts(report, before + report[PASSED] + granted, 0));
    }
  }

  /** `null`: not in time. A late answer is still used. */
  #ask(
    link: Link,
    reports: readonly CountReport[],
    known: readonly CountState[],
  ): Promise<CountState[] | null> {
    const { promise, resolve } = Promise.withResolvers<CountState[] | null>();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#late++;
      resolve(null);
    }, PATIENCE_MS);
    const settled = (agreed: CountState[] | null) => {
      clearTimeout(timer);
      if (late) this.#late--;
      resolve(agreed);
    };
    this.#askAll(link, reports, known).then(settled, () => settled(null));
    return promise;
  }

  async #askAll(link: Link, reports: readonly CountReport[], known: readonly CountState[]) {
    const unreported = this.#unreported;
    this.#unreported = new Map();
    const batch = reports.map((report, at) => {
      const passed = unreported.get(nameOf(report))?.[PASSED] ?? 0;
      unreported.delete(nameOf(report));
      return {
        report: withCounts(report, report[PASSED] + passed, report[WAITING]),
        ahead: known[at]![0],
        at,
      };
    });
    const more = [...unreported.values()].map((report) => ({ report, ahead: 0, at: -1 }));
    const asked = [...batch.filter(({ report }) => isReport(report)), ...more];
    const agreed: CountState[] = reports.map(() => [0, 0]);
    const parts = Math.ceil(asked.length / PART);
    const all = Array.from({ length: parts }, async (_, nth) => {
      const part = asked.slice(nth * PART, (nth + 1) * PART);
      const states = await this.#askFor(link, part);
      this.#keeper.raise(
        part.map(({ report }) => report),
        states,
        performance.now(),
      );
      for (const [index, { at }] of part.entries()) if (at >= 0) agreed[at] = states[index]!;
    });
    await Promise.all(all);
    return agreed;
  }

  async #askFor(
    link: Link,
    asked: readonly { readonly report: CountReport; readonly ahead: number }[],
  ): Promise<CountState[]> {
    const keys = asked.map(({ report }) => `${this.#options.prefix()}:limit:${nameOf(report)}`);
    const args = asked.flatMap(({ report: [, , , count, periodMs, burst, passed, waiting], ahead }) =>
      [periodMs / count, burst, passed, waiting, ahead].map(String),
    );
    const words = (await link.run('settle', keys, args)) as (string | number)[];
    return asked.map(({ report }, at) => wordOf(report, Number(words[at * 2]), Number(words[at * 2 + 1])));
  }
}

const [PASSED, WAITING] = [6, 7] as const;

/** @throws Error if it is malformed */
function wordOf(report: CountReport, aheadMs: number, granted: number): CountState {
  const isWord = aheadMs >= 0 && aheadMs < Number.MAX_SAFE_INTEGER && granted >= 0;
  if (!isWord || granted > report[WAITING]) throw new Error('this is no word on a limit');
  return [aheadMs, granted];
}

function nameOf([by, low, high]: CountReport): string {
  return `${by}:${low}:${high}`;
}

function withCounts(report: CountReport, passed: number, waiting: number): CountReport {
  const [by, low, high, count, periodMs, burst] = report;
  return [by, low, high, count, periodMs, burst, passed, waiting];
}

function withoutWaiting(report: CountReport): CountReport {
  return withCounts(report, report[PASSED], 0);
}

function withoutPassed(report: CountReport): CountReport {
  return withCounts(report, 0, report[WAITING]);
}

/** The answer to waiting requests must come within this time, which is less than their own limit. */
const PATIENCE_MS = 15;
const UNREPORTED_MAX = 10_000;
/** No script holds the Redis for longer than these take. */
const PART = 500;
