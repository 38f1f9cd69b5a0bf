import type { EndpointTraffic } from '../exchange/counters/traffic.ts';
import type { ErrorCode, GatewayError } from '../exchange/error-catalog.ts';
import type { ExchangeRecord } from '../exchange/record.ts';
import type { RetriesConfig } from '../model/config.ts';
import type { Choice } from '../upstream/choice.ts';
import type { Endpoint } from '../upstream/endpoint.ts';
import { type Outcome, outcomeOf, outcomeOfFault } from '../upstream/outcome.ts';
import { mayRetry, type Sent } from '../upstream/retry.ts';
import type { Upstream } from '../upstream/upstream.ts';

/**
 * The attempts of one exchange, one endpoint after the other. The upstream hears of each attempt three times: when it begins, when its
 * outcome is known, and when it ends.
 */
export class Attempts {
  readonly #upstream: Upstream;
  readonly #choice: Choice;
  readonly #record: ExchangeRecord;
  readonly #tried: Endpoint[] = [];
  #ticket = 0;
  #traffic: EndpointTraffic | null = null;
  #begunAt = 0;
  /** When the newest attempt was written to a connection; set for `Server-Timing` alone. `performance.now()`. */
  sentAt = 0;
  /** How many were made before it went to the fallback; `null`: it has not. */
  #before: number | null = null;
  #open = false;
  #recorded = true;

  constructor(upstream: Upstream, choice: Choice, record: ExchangeRecord) {
    this.#upstream = upstream;
    this.#choice = choice;
    this.#record = record;
  }

  /** The endpoint of the next attempt. @throws GatewayError where none may be used now. */
  begin(): Endpoint {
    const fallback = this.#before === null ? null : this.#upstream.fallback;
    const endpoint = fallback ?? this.#upstream.pick(this.#choice, this.#tried);
    this.#record.attempts = this.#tried.push(endpoint);
    this.#record.endpoint = endpoint.key;
    this.#record.fallback = endpoint.isFallback;
    this.#ticket = this.#upstream.begun(endpoint);
    this.#traffic = this.#upstream.trafficOf(endpoint);
    if (this.#tried.length > 1) this.#traffic.retries++;
    this.#begunAt = performance.now();
    this.#record.detail?.attemptBegan(endpoint.key, this.#begunAt);
    this.#open = true;
    this.#recorded = false;
    return endpoint;
  }

  /** The head of an HTTP answer is there. @param now `performance.now()`. */
  answered(status: number, now: number): void {
    this.#count(status, null, now);
    this.#record.detail?.attemptAnswered(status, now);
    this.recordOutcome(status < 500 ? 'success' : outcomeOfFault(status), now);
  }

  /** The attempt failed without an HTTP answer; after an answer it only ends. */
  failed(error: GatewayError, outcome: Outcome = outcomeOf(error)): void {
    if (!this.#open) return;
    const now = performance.now();
    this.#count(0, error.code, now);
    this.#record.detail?.attemptFailed(error.code, now);
    this.end(outcome, now);
  }

  #count(status: number, error: ErrorCode | null, now: number): void {
    if (!this.#recorded) this.#traffic!.attempted(this.#record, status, error, now - this.#begunAt);
  }

  /** How the attempt went; the first word counts. @param now `performance.now()`, where it was just asked. */
  recordOutcome(outcome: Outcome, now: number = performance.now()): void {
    if (this.#recorded) return;
    this.#recorded = true;
    this.#upstream.recordOutcome(this.endpoint, outcome, this.#ticket, now);
  }

  /** The attempt is over. Further calls do nothing. @param outcome used unless an outcome was recorded before */
  end(outcome: Outcome, now?: number): void {
    if (!this.#open) return;
    this.recordOutcome(outcome, now);
    this.#open = false;
    this.#upstream.ended(this.endpoint);
  }

  /** The endpoint of the newest attempt; there must have been one. */
  get endpoint(): Endpoint {
    return this.#tried[this.#tried.length - 1]!;
  }

  get count(): number {
    return this.#tried.length;
  }

  /** When it began. */
  get begunAt(): number {
    return this.#begunAt;
  }

  /** Whether one more may be made after this failure; if so, it is paid for. */
  mayRetry(error: GatewayError, sent: Sent, retries: RetriesConfig): boolean {
    const attempt = {
      ...sent,
      outOfTry: error.code === 'response_timeout' && retries.perTryMs !== null,
      attempts: this.count - (this.#before ?? 0),
      attemptsMax: retries.attempts,
      elsewhere: this.#before === null && this.elsewhere,
    };
    return mayRetry(error, attempt) && this.#upstream.budget.spend(retries.budget, performance.now());
  }

  /** Whether it was given to the endpoint that stands in from elsewhere. */
  get fellBack(): boolean {
    return this.#before !== null;
  }

  /**
   * Whether the next attempt goes to the fallback: no endpoint was reached and nothing was sent. A service's answer, even an error, is
   * final.
   */
  fallsBack({ code }: GatewayError, bodyBegun: boolean): boolean {
    if (this.#before !== null || bodyBegun || !UNREACHED.has(code)) return false;
    if (this.#upstream.fallback === null) return false;
    this.#before = this.count;
    return true;
  }

  /** Whether there is an endpoint that was not tried. */
  get elsewhere(): boolean {
    return this.#upstream.elsewhere(this.#tried);
  }
}

const UNREACHED: ReadonlySet<ErrorCode> = new Set([
  'connection_refused',
  'connection_timeout',
  'destination_unroutable',
  'dns_error',
]);
