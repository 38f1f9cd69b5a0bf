import type { GatewayError } from '../error/catalog.ts';

/** Attempts at most, the first among them. */
const ATTEMPTS_MAX = 3;

/** Methods that may be sent again when it is not known whether the first was carried out (RFC 9110 §9.2.2), QUERY by its own definition. */
const IDEMPOTENT: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'PUT',
  'DELETE',
  'QUERY',
  'PROPFIND',
  'REPORT',
  'SEARCH',
]);

export interface Attempt {
  readonly method: string;
  readonly hasBody: boolean;
  /** Whether anybody began to read the body: what has been read can't be sent again. */
  readonly bodyBegun: boolean;
  /** Whether the request went out on a connection that had carried an exchange before. */
  readonly reused: boolean;
  /** Attempts made so far. */
  readonly attempts: number;
  /** Whether there is an endpoint that this exchange has not tried. */
  readonly elsewhere: boolean;
}

/**
 * Whether a request that failed before any answer may be sent again. Only two cases are safe: nothing was sent,
 * or a request without a body and with an idempotent method met a kept connection that the service was just closing.
 */
export function mayRetry(error: GatewayError, attempt: Attempt): boolean {
  if (attempt.attempts >= ATTEMPTS_MAX || attempt.bodyBegun) return false;
  // Who refused a moment ago refuses still.
  if (error.row.retry === 'always') return attempt.elsewhere;
  const died = error.code === 'connection_terminated' && attempt.reused;
  return died && !attempt.hasBody && IDEMPOTENT.has(attempt.method);
}

/**
 * Bounds what retries add to the load: each exchange earns a fifth of a retry, so that in a storm at most 20 % more requests
 * are sent than came in. A small reserve lets a quiet gateway retry at all.
 */
export class RetryBudget {
  #tokens = RESERVE;

  earn(): void {
    this.#tokens = Math.min(this.#tokens + EARNED_PER_EXCHANGE, RESERVE);
  }

  spend(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}

const EARNED_PER_EXCHANGE = 0.2;
const RESERVE = 10;
