import { GatewayError } from '../exchange/error-catalog.ts';
import type { BreakerConfig } from '../model/config.ts';
import type { Outcome } from './outcome.ts';
import { OutcomeWindow } from './outcome-window.ts';

/** Closed lets everything through, open nothing, half-open a few probes. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * Stops sending to an upstream that fails too often, so that clients get their answer at once and the service can recover. Instants come
 * from the caller's clock, in milliseconds.
 *
 * Outcomes of exchanges that began in another state are ignored: each state has a number (its era), which its exchanges carry.
 */
export class Breaker {
  readonly #config: BreakerConfig;
  readonly #window: OutcomeWindow;
  /** Called for each change of state. */
  readonly #changed: (state: BreakerState, reason: string) => void;
  /** How often it opened. */
  openings = 0;
  #state: BreakerState = 'closed';
  #reason: string | null = null;
  #era = 0;
  #openUntil = 0;
  /** Half-open: probes that may still begin, and successes that are still wanted. */
  #probesLeft = 0;
  #wanted = 0;

  constructor(config: BreakerConfig, changed: (state: BreakerState, reason: string) => void) {
    this.#config = config;
    this.#window = new OutcomeWindow(config.windowMs);
    this.#changed = changed;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Why it is in its state: `12 of 20 requests failed within 10 s`; `null`: it was never open. */
  get reason(): string | null {
    return this.#reason;
  }

  /** @throws GatewayError `breaker_open`, with the seconds after which it is worth asking again. */
  admit(now: number): void {
    if (this.admits(now)) return;
    const retryAfter = Math.max(1, Math.ceil((this.#openUntil - now) / 1_000));
    throw new GatewayError('breaker_open', `the breaker is ${this.#state}: ${this.#reason}`, { retryAfter });
  }

  /** Whether an exchange may begin now. */
  admits(now: number): boolean {
    if (this.#state === 'closed') return true;
    if (this.#state === 'half-open') return this.#probesLeft > 0;
    return now >= this.#openUntil;
  }

  /** An exchange begins that was admitted. @returns the era, to be given to `recordOutcome`. */
  begun(): number {
    if (this.#state === 'open') this.#halfOpen();
    if (this.#state === 'half-open') this.#probesLeft--;
    return this.#era;
  }

  recordOutcome(outcome: Outcome, era: number, now: number): void {
    if (era !== this.#era) return;
    if (this.#state === 'half-open') return this.#probed(outcome, now);
    if (outcome === 'neutral') return;
    this.#window.add(outcome !== 'success', now);
    if (outcome !== 'success') this.#openIfTooMany(now);
  }

  #openIfTooMany(now: number): void {
    const { rate, requests, windowMs } = this.#config;
    const total = this.#window.total(now);
    const failed = this.#window.failed(now);
    if (total < requests || failed < rate * total) return;
    this.#open(now, `${failed} of ${total} requests failed within ${windowMs / 1_000} s`);
  }

  /** A probe whose client left makes room for another. */
  #probed(outcome: Outcome, now: number): void {
    if (outcome === 'neutral') this.#probesLeft++;
    else if (outcome !== 'success') this.#open(now, `a probe failed (${outcome.cause})`);
    else if (--this.#wanted === 0) this.#close();
  }

  #open(now: number, reason: string): void {
    this.#openUntil = now + this.#config.openMs;
    this.openings++;
    this.#enter('open', reason);
  }

  #halfOpen(): void {
    const { openMs, probes } = this.#config;
    this.#probesLeft = this.#wanted = probes;
    this.#enter('half-open', `${openMs / 1_000} s have passed`);
  }

  #close(): void {
    const { probes } = this.#config;
    this.#enter('closed', probes === 1 ? 'the probe succeeded' : `${probes} probes succeeded`);
  }

  #enter(state: BreakerState, reason: string): void {
    this.#state = state;
    this.#reason = reason;
    this.#era++;
    this.#window.clear();
    this.#changed(state, reason);
  }
}
