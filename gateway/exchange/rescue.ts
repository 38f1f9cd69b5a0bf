import { type ErrorCode, GatewayError } from './error-catalog.ts';
import { FramingError } from './framing-error.ts';

/**
 * The phase in which something failed, and so what is certain: while connecting, nothing had been sent; once the head is out, the answer
 * can only be cut short.
 */
export type Phase = 'connect' | 'head' | 'body';

/** Turns anything thrown into an error of the catalogue. The only place that knows the codes of Node, OpenSSL and undici. */
export function rescue(cause: unknown, phase: Phase): GatewayError {
  if (cause instanceof GatewayError) return cause;
  const code = codeOf(cause);
  return new GatewayError(meaning(code, cause, phase), describe(cause, code), { cause });
}

/** Whether the peer reset or closed the connection, so that it can't be answered. */
export function isReset(cause: unknown): boolean {
  return codeOf(cause) === 'ECONNRESET';
}

function meaning(code: string, cause: unknown, phase: Phase): ErrorCode {
  if (phase === 'connect') return connectMeaning(code);
  if (isProtocolFault(code, cause)) return phase === 'head' ? 'bad_answer' : 'answer_truncated';
  if (CONNECTION_ENDED.has(code)) return phase === 'head' ? 'connection_terminated' : 'answer_truncated';
  if (TIMED_OUT.has(code)) return phase === 'head' ? 'response_timeout' : 'idle_timeout';
  return 'internal';
}

function connectMeaning(code: string): ErrorCode {
  if (NAME_UNKNOWN.has(code)) return 'dns_error';
  if (UNROUTABLE.has(code)) return 'destination_unroutable';
  if (TIMED_OUT.has(code)) return 'connection_timeout';
  if (isTlsCode(code)) return 'tls_error';
  if (EXHAUSTED.has(code)) return 'out_of_descriptors';
  return 'connection_refused';
}

const NAME_UNKNOWN: ReadonlySet<string> = new Set(
  'ENOTFOUND EAI_AGAIN EAI_NODATA EAI_FAIL EAI_NONAME'.split(' '),
);
const UNROUTABLE: ReadonlySet<string> = new Set(
  'EHOSTUNREACH ENETUNREACH EADDRNOTAVAIL EHOSTDOWN ENETDOWN EACCES'.split(' '),
);
const TIMED_OUT: ReadonlySet<string> = new Set([
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);
/** No descriptor or local port was left on this machine: not the service's fault, and worth another try later. */
const EXHAUSTED: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOBUFS', 'ENOMEM']);
const CONNECTION_ENDED: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
  'ENOTCONN',
  'UND_ERR_SOCKET',
  'UND_ERR_INFO',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_SOCKET_CLOSED',
  'ERR_STREAM_DESTROYED',
]);

function isProtocolFault(code: string, cause: unknown): boolean {
  if (cause instanceof FramingError) return true;
  if (code.startsWith('HPE_') || PROTOCOL_FAULTS.has(code)) return true;
  // undici's parser does not give every fault a code.
  if (cause instanceof Error && cause.name === 'HTTPParserError') return true;
  // undici distinguishes these only by message: an answer without a request, and a 101 to a request that did not ask for it.
  return (
    code === 'UND_ERR_SOCKET' && cause instanceof Error && /^bad (response|upgrade)$/.test(cause.message)
  );
}

const PROTOCOL_FAULTS: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  // An assertion of undici that some services violate.
  'ERR_ASSERTION',
  // Node refuses to pass on the service's bytes.
  'ERR_INVALID_CHAR',
  'ERR_INVALID_HTTP_TOKEN',
  'ERR_HTTP_INVALID_STATUS_CODE',
  'ERR_HTTP_INVALID_HEADER_VALUE',
]);

function isTlsCode(code: string): boolean {
  return (
    code.startsWith('ERR_SSL_') ||
    code.startsWith('ERR_TLS_') ||
    /CERT|SIGNATURE|SELF_SIGNED/.test(code) ||
    code === 'EPROTO'
  );
}

/** The innermost error code; Node reports a name with several addresses that all failed as an AggregateError. */
function codeOf(cause: unknown, depth = 0): string {
  // Causes of an extension's error may form a circle.
  if (!(cause instanceof Error) || depth > CAUSES_MAX) return '';
  if ('code' in cause && typeof cause.code === 'string') return cause.code;
  if (cause instanceof AggregateError && cause.errors.length > 0) return codeOf(cause.errors[0], depth + 1);
  return codeOf(cause.cause, depth + 1);
}

const CAUSES_MAX = 8;

function describe(cause: unknown, code: string): string {
  if (!(cause instanceof Error)) return String(cause);
  const message =
    cause.message || (cause instanceof AggregateError ? cause.errors.map(String).join('; ') : cause.name);
  return code && !message.includes(code) ? `${message} (${code})` : message;
}
