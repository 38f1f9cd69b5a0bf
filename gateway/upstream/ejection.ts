import type { EjectionConfig } from '../model/config.ts';
import { OutcomeWindow } from './outcome-window.ts';

/**
 * Ejects an endpoint for a while by its recent outcomes: too many failures in a row, which finds dead endpoints, or too large a share of
 * failures, which finds flaky ones. Instants come from the caller's clock, in milliseconds.
 */
export class Ejection {
  readonly #config: EjectionConfig;
  /** Outcomes of attempts; callers that make attempts add to it. */
  readonly outcomes: OutcomeWindow;
  /** Ejections that followed each other. */
  #strikes = 0;
  /** Until when it was ejected the last time. */
  #until = Number.NEGATIVE_INFINITY;

  constructor(config: EjectionConfig) {
    this.#config = config;
    this.outcomes = new OutcomeWindow(config.windowMs);
  }

  /** Why it should be ejected: `5 failures in a row`; `null`: it should not. */
  reason(now: number): string | null {
    const { failures, rate, requests, windowMs } = this.#config;
    const { inRow } = this.outcomes;
    if (inRow >= failures) return `${inRow} failures in a row`;
    const total = this.outcomes.total(now);
    const failed = this.outcomes.failed(now);
    if (total < requests || failed < rate * total) return null;
    return `${failed} of ${total} failed within ${seconds(windowMs)}`;
  }

  /**
   * Each time in a row lasts once longer than the one before, and each `for` that passes without one makes up for one.
   *
   * @returns for how long, in milliseconds.
   */
  eject(now: number): number {
    const { forMs } = this.#config;
    const forgiven = Math.max(0, Math.floor((now - this.#until) / forMs));
    this.#strikes = Math.max(0, this.#strikes - forgiven) + 1;
    const lasts = Math.min(this.#strikes * forMs, Math.max(forMs, LONGEST_MS));
    this.#until = now + lasts;
    return lasts;
  }

  /** Forgets past outcomes, except how often it was ejected. */
  readmit(): void {
    this.outcomes.clear();
  }
}

/** As Envoy: an endpoint that was down for a night serves again within minutes. */
const LONGEST_MS = 300_000;

/**
 * How many endpoints may be ejected at once. The share protects the remaining ones from carrying all of the load; an unreachable endpoint
 * carried none. The last one is never ejected, because that helps nobody.
 */
export function ejectableOf(count: number, maxShare: number, dead: boolean): number {
  const allowed = dead && maxShare > 0 ? count : Math.floor(count * maxShare);
  return Math.max(0, Math.min(allowed, count - 1));
}

/** `20 s`, `1.5 s`, `300 ms`. */
export function seconds(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`;
}
