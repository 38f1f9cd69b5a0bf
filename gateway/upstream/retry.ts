import type { GatewayError } from '../exchange/error-catalog.ts';
import { OutcomeWindow } from './outcome-window.ts';

/** Methods that may be sent again when it is not known whether the first was carried out (RFC 9110 §9.2.2), QUERY by its own definition. */
const IDEMPOTENT: ReadonlySet<string> = new Set(
  'GET HEAD OPTIONS PUT DELETE QUERY PROPFIND REPORT SEARCH'.split(' '),
);

/** The sent request, as far as sending it again depends on it. */
export interface Sent {
  readonly method: string;
  readonly hasBody: boolean;
  /** Whether reading the body has begun: bytes that were read can't be sent again. */
  readonly bodyBegun: boolean;
  /** Whether the request went out on a connection that had carried an exchange before. */
  readonly reused: boolean;
}

export interface Attempt extends Sent {
  /** Whether it was given up because this one attempt took too long. */
  readonly outOfTry: boolean;
  /** Attempts made so far, and how many there may be in all. */
  readonly attempts: number;
  readonly attemptsMax: number;
  /** Whether there is an endpoint that this exchange has not tried. */
  readonly elsewhere: boolean;
}

/** Whether a request may be sent again that a service may have seen: nothing of it is lost, and nothing is done twice. */
export function isRepeatable(method: string, hasBody: boolean): boolean {
  return !hasBody && IDEMPOTENT.has(method);
}

/** Whether a repeatable request met a kept connection that the service was just closing. */
export function isStale({ code }: GatewayError, { method, hasBody, reused }: Sent): boolean {
  return code === 'connection_terminated' && reused && isRepeatable(method, hasBody);
}

/**
 * Whether a request that failed before any answer may be sent again. Only three cases are safe: nothing was sent; or it is repeatable, and met
 * a kept connection that the service was just closing; or it is repeatable, and got no answer within the time of one attempt.
 */
export function mayRetry(error: GatewayError, attempt: Attempt): boolean {
  if (attempt.attempts >= attempt.attemptsMax || attempt.bodyBegun) return false;
  // Mostly sent by a connection that is closing: another one to the same endpoint takes the stream.
  if (error.code === 'stream_refused') return true;
  // An endpoint that refused a moment ago refuses still.
  if (error.row.retry === 'always') return attempt.elsewhere;
  return isStale(error, attempt) || (attempt.outOfTry && isRepeatable(attempt.method, attempt.hasBody));
}

/**
 * Bounds the load that retries add: a share of the requests of the last ten seconds, so that retries do not multiply a storm. The least is
 * a few, so that a quiet gateway can retry at all.
 */
export class RetryBudget {
  /** All requests, whatever becomes of them. */
  readonly requests = new OutcomeWindow(WINDOW_MS);
  readonly #retries = new OutcomeWindow(WINDOW_MS);

  /**
   * @param share from 0, none at all, to 1.
   * @returns whether a retry is granted; it counts as made.
   */
  spend(share: number, now: number): boolean {
    const granted = Math.max(RESERVE, share * this.requests.total(now));
    if (share === 0 || this.#retries.total(now) + 1 > granted) return false;
    this.#retries.add(false, now);
    return true;
  }
}

const WINDOW_MS = 10_000;
const RESERVE = 10;
