import type { ErrorCode, GatewayError } from '../exchange/error-catalog.ts';

/**
 * The outcome of an attempt, for judging endpoints. `neutral` says nothing about the endpoint: the client left, or a bound of the gateway
 * was met.
 */
export type Outcome = 'success' | 'neutral' | Failure;

export interface Failure {
  /** In words: `connection refused`, `answered 503`. */
  readonly cause: string;
  /** Whether nothing of the request was sent. */
  readonly unsent: boolean;
}

export function outcomeOf({ code }: GatewayError): Outcome {
  return FAILURES[code] ?? 'neutral';
}

/**
 * The outcome of a 5xx: with three of them a service, or a proxy in front of it, says that it is unavailable. Others may be the request's
 * fault.
 */
export function outcomeOfFault(status: number): Outcome {
  if (status === 503) return ANSWERED_503;
  if (status === 502) return ANSWERED_502;
  return status === 504 ? ANSWERED_504 : 'success';
}

/**
 * Failures before the head of an answer; an answer that breaks off later has shown that the service is there. A full queue, an open breaker
 * or a missing descriptor is the gateway's own affair.
 */
const FAILURES: Readonly<Partial<Record<ErrorCode, Failure>>> = {
  connection_refused: { cause: 'connection refused', unsent: true },
  connection_timeout: { cause: 'no connection in time', unsent: true },
  destination_unroutable: { cause: 'unreachable', unsent: true },
  dns_error: { cause: 'its name does not resolve', unsent: true },
  certificate_refused: { cause: 'its certificate is refused', unsent: true },
  tls_error: { cause: 'no secure connection', unsent: true },
  connection_terminated: { cause: 'it hung up', unsent: false },
  bad_answer: { cause: 'not valid HTTP', unsent: false },
  response_timeout: { cause: 'no answer in time', unsent: false },
};

const ANSWERED_502: Failure = { cause: 'answered 502', unsent: false };
const ANSWERED_503: Failure = { cause: 'answered 503', unsent: false };
const ANSWERED_504: Failure = { cause: 'answered 504', unsent: false };
