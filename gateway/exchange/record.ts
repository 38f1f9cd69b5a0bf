import type { Lane } from './contract.ts';
import type { ExchangeDetail } from './detail.ts';
import { CATALOG, type ErrorCode, type GatewayError } from './error-catalog.ts';
import type { ExchangeTrace } from './trace.ts';

/** The record of one exchange. Its lane fills it in on the way; the access log reads it once, at the end. */

/** The client left before its answer was complete. No answer carries it; the log does, as nginx's does. */
export const CLIENT_LEFT_STATUS = 499;

/**
 * Plain and mutable, and always made by `newExchangeRecord`, so that every record has the same shape to the engine.
 * Instants are `performance.now()` milliseconds.
 */
export interface ExchangeRecord {
  requestId: string;
  method: string;
  /** The request target as sent, before any decoding. Hostile. */
  target: string;
  /** `HTTP/1.1`. */
  protocol: string;
  /** The client's address: the peer's, or the one a trusted peer names. */
  client: string;
  /** Id of the route that took it. */
  route: string | null;
  /** Key of the endpoint that answered, or was tried last. */
  endpoint: string | null;
  /** Status of the final answer, `CLIENT_LEFT_STATUS`, or 0 before there is an answer. */
  status: number;
  /** RFC 9209 §2.3 error type; `null`: the answer is the service's own, or one that the gateway means. */
  errorType: string | null;
  /** The catalogue's code for it. */
  errorCode: ErrorCode | null;
  /** What happened, with addresses, for operators and never for clients. May quote remote text. */
  cause: string | null;
  /** Body bytes received from the client and sent to it; for a tunnel, the bytes after the heads. */
  bytesIn: number;
  bytesOut: number;
  startedAt: number;
  /** When the head of the answer went out. */
  headAt: number | null;
  /** When the last byte went out, or nothing more could be sent. */
  endedAt: number;
  /** How many endpoints were tried; 0: the gateway answered itself. */
  attempts: number;
  /** An upgraded connection. */
  tunnel: boolean;
  /** On a cached route, whether the service was spared; `null`: the cache was not asked. */
  cache: 'hit' | 'miss' | null;
  lane: Lane;
  /** By which sign it was led back behind the prefix of its page; `null`: it needed not be. */
  escaped: 'referer' | 'cookie' | null;
  /** The policy that answered or refused it; `null`: all let it pass. */
  policy: string | null;
  /** Whether `endpoint` stands in from elsewhere for a service that could not be reached. */
  fallback: boolean;
  /** The user, where a policy authenticated one. Remote text. */
  user: string | null;
  /** The detail that the inspection keeps; `null`: no dashboard or tail is open, or the exchange is not in the sample. */
  detail: ExchangeDetail | null;
  /** `null`: it is not traced. */
  trace: ExchangeTrace | null;
}

export function newExchangeRecord(
  requestId: string,
  method: string,
  target: string,
  protocol: string,
  client: string,
): ExchangeRecord {
  return {
    requestId,
    method,
    target,
    protocol,
    client,
    route: null,
    endpoint: null,
    status: 0,
    errorType: null,
    errorCode: null,
    cause: null,
    bytesIn: 0,
    bytesOut: 0,
    startedAt: performance.now(),
    headAt: null,
    endedAt: 0,
    attempts: 0,
    tunnel: false,
    cache: null,
    lane: 'general',
    escaped: null,
    policy: null,
    fallback: false,
    user: null,
    detail: null,
    trace: null,
  };
}

/** Leaves the status alone, which may already be sent. */
export function noteError(record: ExchangeRecord, error: GatewayError): void {
  record.errorCode = error.code;
  record.errorType = error.row.type;
  record.cause = error.message;
}

/** Whether the answer is the gateway's own and reports a fault. */
export function isGatewayFault(
  record: Pick<ExchangeRecord, 'status' | 'errorType' | 'errorCode' | 'headAt'>,
): boolean {
  if (record.errorType === null) return false;
  return record.status === 0 ? isStreamFault(record) : record.status >= 500;
}

/** A raw stream has no status. It counts as failed when it was never established, unless the client or a reload ended it. */
function isStreamFault({ errorCode, headAt }: Pick<ExchangeRecord, 'errorCode' | 'headAt'>): boolean {
  if (headAt !== null || errorCode === null || errorCode === 'drained') return false;
  return CATALOG[errorCode].status >= 500;
}
