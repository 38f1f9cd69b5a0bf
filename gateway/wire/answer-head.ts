import { AnswerBlock, type Fields } from '../exchange/contract.ts';
import { FramingError } from '../exchange/framing-error.ts';
import { splitFields } from './fields.ts';
import { ANSWER_HEAD } from './grammar.ts';

/** How the end of an answer's body is found (RFC 9112 §6.3). */
type AnswerEnd = 'none' | 'counted' | 'chunked' | 'close';

/** The head of an answer, taken apart and judged. */
export interface AnswerHead {
  readonly status: number;
  readonly reason: string;
  readonly fields: Fields;
  readonly end: AnswerEnd;
  /** Where `end` is `counted`. */
  readonly length: number;
  /** Whether another exchange may follow on the connection (RFC 9112 §9.3). */
  readonly persistent: boolean;
  /** How many seconds the service keeps an idle connection, by its Keep-Alive field; `null`: it did not say. */
  readonly keepAliveSeconds: number | null;
}

/** The last head on a connection: the same bytes mean the same. */
export class LastAnswerHead {
  readonly text: string;
  readonly head: AnswerHead;
  readonly #toHead: boolean;
  /** `null`: it came once. */
  block: AnswerBlock | null = null;

  constructor(text: string, head: AnswerHead, method: string) {
    this.text = text;
    this.head = head;
    this.#toHead = method === 'HEAD';
  }

  /** Whether the bytes from `at` to `to` begin with it, as the answer to this method. */
  comesAgain(bytes: Buffer, at: number, to: number, method: string): boolean {
    const end = at + this.text.length;
    if (end > to || (method === 'HEAD') !== this.#toHead) return false;
    // As whole texts: `startsWith` goes letter by letter, which takes twice the time.
    if (bytes.toString('latin1', at, end) !== this.text) return false;
    this.block ??= new AnswerBlock();
    return true;
  }
}

/**
 * @param text latin-1, from the status line to the empty line
 * @param method of the request: an answer to HEAD has no body, whatever its fields say (RFC 9112 §6.3)
 * @throws FramingError for everything that another reader might read differently
 */
export function parseAnswerHead(text: string, method: string): AnswerHead {
  if (!ANSWER_HEAD.test(text)) throw new FramingError('a head that is not HTTP/1');
  // Tabs are optional white space to RFC 9110 §5.5, but Node's parser takes `chunked\t` for another coding.
  if (text.includes('\t\r\n') && TAB_BEHIND_FRAMING.test(text))
    throw new FramingError('a tab at the end of a field that frames the answer');
  const lineEnd = text.indexOf('\r\n');
  const fields = splitFields(text, lineEnd + 2, text.length - 2);
  const head = new FramedHead(text, fields, lineEnd);
  head.frame(method);
  return head;
}

/**
 * Whether an unfinished head may still become valid. An impossible one is answered at once instead of after the response timeout.
 * @param bytes everything received so far
 */
export function mayBecomeAnswerHead(bytes: Buffer): boolean {
  const known = Math.min(bytes.length, BEGINNING.length);
  if (bytes.compare(BEGINNING, 0, known, 0, known) !== 0) return false;
  // A bare LF (RFC 9112 §2.2).
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1))
    if (bytes[at - 1] !== CR) return false;
  return true;
}

class FramedHead implements AnswerHead {
  readonly status: number;
  readonly reason: string;
  readonly fields: Fields;
  end: AnswerEnd = 'close';
  length = -1;
  persistent: boolean;
  keepAliveSeconds: number | null = null;
  #chunked = false;

  constructor(text: string, fields: Fields, lineEnd: number) {
    this.status = Number(text.slice(9, 12));
    this.reason = text.slice(13, lineEnd);
    this.fields = fields;
    // Before 1.1 a connection ended with its answer (RFC 9112 §9.3).
    this.persistent = text.charCodeAt(7) !== ZERO;
    for (let i = 0; i < fields.length; i += 2) this.#note(fields[i]!, fields[i + 1]!);
    if (this.#chunked && (this.length >= 0 || text.charCodeAt(7) === ZERO))
      throw new FramingError('a transfer coding with a length, or in HTTP/1.0');
  }

  /** Lengths of names first: nearly all fields are of no interest here. */
  #note(name: string, value: string): void {
    switch (name.length) {
      case 10:
        if (name.toLowerCase() === 'connection') this.#noteConnection(value);
        else if (name.toLowerCase() === 'keep-alive') this.#noteKeepAlive(value);
        break;
      case 14:
        if (name.toLowerCase() === 'content-length') this.#noteLength(value);
        break;
      case 16:
        // Another name of Connection, from before there was one, which Node's parser knows.
        if (name.toLowerCase() === 'proxy-connection') this.#noteConnection(value);
        break;
      case 17:
        if (name.toLowerCase() === 'transfer-encoding') this.#noteCoding(value);
    }
  }

  #noteConnection(value: string): void {
    if (CLOSE.test(value)) this.persistent = false;
  }

  #noteKeepAlive(value: string): void {
    const seconds = /(?:^|[ ,])timeout=(\d{1,9})/i.exec(value)?.[1];
    if (seconds !== undefined) this.keepAliveSeconds = Number(seconds);
  }

  /** RFC 9112 §6.3: a second length, even an equal one, or anything but digits, can't be repaired. */
  #noteLength(value: string): void {
    if (this.length >= 0 || !DIGITS.test(value)) throw new FramingError(`Content-Length: ${value}`);
    this.length = Number(value);
    if (!Number.isSafeInteger(this.length)) throw new FramingError(`Content-Length: ${value}`);
  }

  /** RFC 9112 §6.1: another coding would have to be undone here before the bytes mean anything to the client. */
  #noteCoding(value: string): void {
    if (this.#chunked || value.toLowerCase() !== 'chunked')
      throw new FramingError(`Transfer-Encoding: ${value}`);
    this.#chunked = true;
  }

  /** RFC 9112 §6.3, in its order. */
  frame(method: string): void {
    const { status } = this;
    if (method === 'HEAD' || status < 200 || status === 204 || status === 304) this.end = 'none';
    else if (this.#chunked) this.end = 'chunked';
    else if (this.length >= 0) this.end = this.length === 0 ? 'none' : 'counted';
    else this.persistent = false;
  }
}

const BEGINNING = Buffer.from('HTTP/1.');
const CR = 0x0d;
const LF = 0x0a;
const ZERO = 0x30;
const DIGITS = /^\d+$/;
const TAB_BEHIND_FRAMING =
  /\n(?:transfer-encoding|content-length|(?:proxy-)?connection|upgrade):[^\r\n]*\t\r/i;
const CLOSE = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i;
