import type { ErrorCode, GatewayError } from '../exchange/error-catalog.ts';

/** How an attempt went, for all who judge endpoints by it. `neutral` says nothing of the endpoint: the client left, or a bound of our own was met. */
export type Outcome = 'success' | 'neutral' | Failure;

export interface Failure {
  /** In words: `connection refused`, `answered 503`. */
  readonly cause: string;
  /** Whether nothing of the request got there: nobody could. */
  readonly unsent: boolean;
}

export function outcomeOf({ code }: GatewayError): Outcome {
  return FAILURES[code] ?? 'neutral';
}

/** Of a 5xx: three of them are how a service, or a proxy before it, says that it can't. Another may well be the request's own doing. */
export function outcomeOfFault(status: number): Outcome {
  if (status === 503) return ANSWERED_503;
  if (status === 502) return ANSWERED_502;
  return status === 504 ? ANSWERED_504 : 'success';
}

/**
 * Until the head of an answer; what breaks off behind it has shown that the service is there. That a queue is full, a breaker open or a
 * descriptor missing is the gateway's own affair.
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
