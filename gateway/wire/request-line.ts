import { GatewayError } from '../exchange/error-catalog.ts';
import { METHODS } from '../exchange/node-http.ts';
import { TARGET_MAX_BYTES } from './request-reader.ts';

/** Where a head goes that the wire lane does not carry; `partial`: more bytes are needed to decide. */
export type Unread = 'partial' | 'handed over' | 'http2';

/**
 * Checks the beginning of a head that the wire lane's reader has refused, before Node's parser gets it: that parser repairs some invalid
 * beginnings and refuses some valid ones.
 *
 * @param first whether it is the first head of the connection @param whole whether the request line is complete
 * @returns the fault, or where the head goes
 */
export function checkBeginning(
  bytes: Buffer,
  from: number,
  to: number,
  first: boolean,
  whole: boolean,
): GatewayError | Unread {
  const preface = first && checkPreface(bytes, from, to);
  if (preface) return preface === 'partial' ? preface : 'http2';
  return checkRequestLine(bytes, from, to, whole) ?? 'handed over';
}

/** Of a head that the wire lane has read, and leaves to the general lane. */
export function checkMethod(method: string): GatewayError | Unread {
  if (NODE_METHODS.has(method)) return 'handed over';
  return new GatewayError('method_unknown', `${method} on a route of the general lane`);
}

function checkRequestLine(
  bytes: Buffer,
  from: number,
  to: number,
  whole: boolean,
): GatewayError | 'partial' | null {
  const start = from + emptyLineLength(bytes, from, to);
  const lf = bytes.subarray(start, to).indexOf(LF);
  const line = bytes.toString('latin1', start, lf < 0 ? to : start + lf);
  // RFC 9112 §2.2: one empty line may be skipped; other line ends in front of a request line are invalid.
  if (line.startsWith('\r') || lf === 0)
    return new GatewayError('bad_request', 'line ends in front of the request line');
  if (LONG_TARGET.test(line))
    return new GatewayError('target_too_long', `a target of more than ${TARGET_MAX_BYTES} bytes`);
  if (lf < 0 && !whole && MAY_BECOME_LINE.test(line)) return 'partial';
  return checkLine(line);
}

function checkLine(line: string): GatewayError | null {
  const [, method, major, minor] = REQUEST_LINE.exec(line) ?? [];
  if (method === undefined || major === undefined || minor === undefined)
    return new GatewayError('bad_request', 'the request line is not a method, a target and a version');
  if (major !== '1' || minor.length !== 1)
    return new GatewayError('version_refused', `HTTP/${major}.${minor} was spoken`);
  return METHODS.includes(method)
    ? null
    : new GatewayError('method_unknown', `${method} in a request that the wire lane does not read`);
}

/** Whether a connection begins with the preface of HTTP/2 (RFC 9113 §3.4); `partial`: with a part of it that is no request of HTTP/1. */
function checkPreface(bytes: Buffer, from: number, to: number): boolean | 'partial' {
  const length = Math.min(to - from, PREFACE.length);
  if (PREFACE.compare(bytes, from, from + length, 0, length) !== 0) return false;
  return length === PREFACE.length || 'partial';
}

/** Whether a refused head is a HEAD request, as far as its bytes show. */
export function asksByHead(bytes: Buffer, from: number, to: number): boolean {
  return /^[\r\n]*HEAD /.test(bytes.toString('latin1', from, Math.min(to, from + 64)));
}

/** RFC 9112 §2.2: one empty line in front of a request line is skipped, for clients that end a body with one too many. */
function emptyLineLength(bytes: Buffer, from: number, to: number): number {
  return from + 1 < to && bytes[from] === CR && bytes[from + 1] === LF ? 2 : 0;
}

/**
 * The head as Node's parser should read it: without the leading empty line, and as 1.1 in place of a higher minor version (RFC 9110 §2.5),
 * which Node refuses.
 */
export function forNodeParser(bytes: Buffer): Buffer {
  const line = bytes.subarray(emptyLineLength(bytes, 0, bytes.length));
  const minor = line.indexOf(LF) - 2;
  if (minor < 0 || !HIGHER_MINOR.test(line.toString('latin1', 0, minor + 1))) return line;
  const own = Buffer.from(line);
  own[minor] = ONE;
  return own;
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const NODE_METHODS: ReadonlySet<string> = new Set(METHODS);
const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const REQUEST_LINE = new RegExp(`^(${TOKEN}) [\\x21-\\xff]+ HTTP/(\\d+)\\.(\\d+)\\r$`);
const LONG_TARGET = new RegExp(`^${TOKEN} [\\x21-\\x7e]{${TARGET_MAX_BYTES + 1}}`);
/** As long as one of these grows, its version may still come. */
const MAY_BECOME_LINE = new RegExp(
  `^${TOKEN} (?:[\\x21-\\x7e]+(?: (?:H(?:T(?:T(?:P(?:/[\\d.]*\\r?)?)?)?)?)?)?)?$`,
);
const HIGHER_MINOR = / HTTP\/1\.[2-9]$/;
const CR = 0x0d;
const LF = 0x0a;
const ONE = 0x31;
