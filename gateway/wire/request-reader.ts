import { FieldBlock, type Fields } from '../exchange/contract.ts';
import { IS_BLANK, IS_TARGET, IS_TOKEN, IS_VALUE } from './octets.ts';

/**
 * `taken`: the head of a request was read. `partial`: the bytes may be the beginning of one. `refused`: they are invalid or uncommon, and
 * the general lane decides, on the very same bytes.
 */
export type HeadVerdict = 'taken' | 'partial' | 'refused';

/** How the end of a request's body is found (RFC 9112 §6.3). */
export type RequestFraming = 'none' | 'counted' | 'chunked';

/** The field lines of the last request on a connection, with the empty line behind them. */
export class LastFields {
  readonly text: string;
  readonly persistent: boolean;
  /** Bytes of its body; 0: it had none. */
  readonly length: number;
  /** `null`: the block came once. Blocks are kept only on connections that repeat them. */
  block: FieldBlock | null = null;

  constructor(text: string, persistent: boolean, length: number) {
    this.text = text;
    this.persistent = persistent;
    this.length = length;
  }
}

/**
 * Reads heads of plainly valid requests in one pass over their bytes. What it accepts, Node's strict parser accepts with the same meaning;
 * in addition it takes methods unknown to Node and higher minor versions (decision 0068). It keeps the last head in its own fields, so that
 * reading allocates only strings.
 */
export class RequestReader {
  method = '';
  target = '';
  /** Name, value, name, value ... as they stand on the wire. */
  fields: Fields = [];
  /** The repeated block of fields, if it is one. */
  block: FieldBlock | null = null;
  /** For the next request of the connection. */
  last: LastFields | null = null;
  framing: RequestFraming = 'none';
  /** Where `framing` is `counted`: more than 0. */
  length = 0;
  /** RFC 9112 §9.3: whether another request may follow. */
  persistent = true;
  expectsContinue = false;
  /** Where in the buffer the head ended. */
  end = 0;

  #bytes: Buffer = EMPTY;
  #at = 0;
  #to = 0;
  #methodEnd = 0;
  #targetEnd = 0;
  /** Where each name and each value begins and ends, from the start of the head: four places for each field. */
  readonly #marks = new Uint32Array(4 * FIELDS_MAX);
  #marked = 0;

  #hosts = 0;
  #framed = false;

  /**
   * @param from where the head begins in `bytes`; `to` where the received bytes end
   * @param last the last head of this connection: equal bytes are not parsed again
   */
  read(bytes: Buffer, from: number, to: number, last: LastFields | null = null): HeadVerdict {
    this.#bytes = bytes;
    this.#to = Math.min(to, from + HEAD_MAX_BYTES);
    this.#marked = 0;
    // RFC 9112 §2.2: one empty line in front of it is skipped.
    const start = bytes[from] === CR && from + 1 < to && bytes[from + 1] === LF ? from + 2 : from;
    if (start === from && to - from === 1 && bytes[from] === CR) return 'partial';
    this.#at = start;
    let verdict = this.#requestLine();
    const fieldsAt = this.#at;
    if (
      verdict === 'field' &&
      last !== null &&
      last.block !== null &&
      this.#comesAgain(start, last, last.block)
    )
      return 'taken';
    while (verdict === 'field') verdict = this.#fieldLine(start);
    if (verdict === 'partial' && to - from >= HEAD_MAX_BYTES) return 'refused';
    if (verdict !== 'taken') return verdict;
    this.end = this.#at;
    const text = bytes.toString('latin1', start, this.#at);
    if (!this.#understand(text)) return 'refused';
    this.#noteLast(text, fieldsAt - start, last);
    return 'taken';
  }

  /** Whether the bytes after the request line equal the last head's. Then all that the fields say is the same, too. */
  #comesAgain(start: number, last: LastFields, block: FieldBlock): boolean {
    const end = this.#at + last.text.length;
    if (end > this.#to) return false;
    const text = this.#bytes.toString('latin1', start, end);
    // As whole texts: `endsWith` goes letter by letter.
    if (text.slice(this.#at - start) !== last.text || !this.#takeRequestLine(text)) return false;
    this.end = end;
    this.fields = block.fields;
    this.block = block;
    this.persistent = last.persistent;
    if (last.length > 0) this.#frame(last.length);
    this.last = last;
    return true;
  }

  #noteLast(head: string, fieldsAt: number, last: LastFields | null): void {
    this.block = null;
    this.last = null;
    // Of the whole head: to V8 its parts are places in it, and keep all of it, the target, too.
    if (this.expectsContinue || this.framing === 'chunked' || head.length > LAST_MAX_BYTES) return;
    const text = head.slice(fieldsAt);
    this.last = new LastFields(text, this.persistent, this.#framed ? this.length : 0);
    if (last?.text !== text) return;
    this.block = new FieldBlock(this.fields);
    this.last.block = this.block;
  }

  /** Where it goes on: `field`, or how it ended. RFC 9112 §3: one space between the three parts, and CRLF behind them. */
  #requestLine(): Step {
    const bytes = this.#bytes;
    const to = this.#to;
    const from = this.#at;
    let at = from;
    while (at < to && IS_TOKEN[bytes[at]!]) at++;
    if (at < to && (at === from || bytes[at] !== SP)) return 'refused';
    this.#methodEnd = at - from;
    const target = ++at;
    // RFC 9112 §3.2.1: origin-form alone. The other forms mean something else, or the same in a way of their own.
    if (at < to && bytes[at] !== SLASH) return 'refused';
    while (at < to && IS_TARGET[bytes[at]!]) at++;
    this.#targetEnd = at - from;
    if (at - target > TARGET_MAX_BYTES) return 'refused';
    return this.#version(at);
  }

  #version(from: number): Step {
    const end = from + VERSION.length;
    const stop = Math.min(end, this.#to);
    for (let at = from; at < stop; at++) {
      const byte = this.#bytes[at]!;
      if (byte !== VERSION[at - from] && (at - from !== MINOR_AT || byte < TWO || byte > NINE))
        return 'refused';
    }
    this.#at = end;
    return end <= this.#to ? 'field' : 'partial';
  }

  /**
   * RFC 9112 §5: a token, a colon with no space before it (§5.1), a value without control characters, CRLF. A line that begins with a space
   * (obs-fold, §5.2), a bare LF or CR (§2.2) and a line without a colon all end at a byte that can't stand there.
   */
  #fieldLine(start: number): Step {
    const bytes = this.#bytes;
    const to = this.#to;
    const name = this.#at;
    let at = name;
    while (at < to && IS_TOKEN[bytes[at]!]) at++;
    if (at === to) return 'partial';
    if (at === name) return this.#emptyLine(at);
    if (bytes[at] !== COLON || this.#marked === this.#marks.length) return 'refused';
    const nameEnd = at++;
    while (at < to && IS_BLANK[bytes[at]!]) at++;
    const value = at;
    while (at < to && IS_VALUE[bytes[at]!]) at++;
    if (at < to && bytes[at] !== CR) return 'refused';
    if (at + 1 >= to) return 'partial';
    if (bytes[at + 1] !== LF) return 'refused';
    this.#at = at + 2;
    // RFC 9110 §5.5: optional white space around a value is no part of it. Node's parser counts a tab in `chunked\t` all the same.
    if (at > value && bytes[at - 1] === HTAB) return 'refused';
    while (at > value && IS_BLANK[bytes[at - 1]!]) at--;
    this.#mark(name - start, nameEnd - start, value - start, at - start);
    return 'field';
  }

  #mark(name: number, nameEnd: number, value: number, valueEnd: number): void {
    const marks = this.#marks;
    const at = this.#marked;
    marks[at] = name;
    marks[at + 1] = nameEnd;
    marks[at + 2] = value;
    marks[at + 3] = valueEnd;
    this.#marked = at + 4;
  }

  #emptyLine(at: number): Step {
    if (this.#bytes[at] !== CR) return 'refused';
    if (at + 1 >= this.#to) return 'partial';
    if (this.#bytes[at + 1] !== LF) return 'refused';
    this.#at = at + 2;
    return 'taken';
  }

  /** Makes strings of the positions, and evaluates the fields that concern the message itself. @returns whether this lane carries it */
  #understand(text: string): boolean {
    if (!this.#takeRequestLine(text)) return false;
    this.persistent = true;
    this.#hosts = 0;
    this.#framed = false;
    const fields = new Array<string>(this.#marked >> 1);
    this.fields = fields;
    const marks = this.#marks;
    for (let i = 0, mark = 0; i < fields.length; i += 2, mark += 4) {
      const name = text.slice(marks[mark], marks[mark + 1]);
      const value = text.slice(marks[mark + 2], marks[mark + 3]);
      fields[i] = name;
      fields[i + 1] = value;
      if (!this.#note(name, value)) return false;
    }
    // RFC 9112 §3.2: exactly one Host. Its value is checked by the admission.
    return this.#hosts === 1;
  }

  #takeRequestLine(text: string): boolean {
    this.method = text.slice(0, this.#methodEnd);
    this.target = text.slice(this.#methodEnd + 1, this.#targetEnd);
    this.framing = 'none';
    this.expectsContinue = false;
    // RFC 9110 §9.3.6, §9.3.8: their refusal depends on more than the method.
    return this.method !== 'CONNECT' && this.method !== 'TRACE';
  }

  /** Lengths of names first: nearly all fields are of no interest here. */
  #note(name: string, value: string): boolean {
    switch (name.length) {
      case 4:
        if (name.toLowerCase() === 'host') this.#hosts++;
        return true;
      case 6:
        return name.toLowerCase() !== 'expect' || this.#noteExpectation(value);
      case 7:
        // RFC 9110 §7.8: whether it is an upgrade for us to make is the general lane's to decide.
        return name.toLowerCase() !== 'upgrade';
      case 10:
        if (name.toLowerCase() === 'connection' && CLOSE.test(value)) this.persistent = false;
        return true;
      case 14:
        return name.toLowerCase() !== 'content-length' || this.#noteLength(value);
      case 16:
        // Node's parser takes Proxy-Connection for Connection.
        return name.toLowerCase() !== 'proxy-connection';
      case 17:
        return name.toLowerCase() !== 'transfer-encoding' || this.#noteCoding(value);
      default:
        return true;
    }
  }

  /** RFC 9110 §10.1.1: the one expectation there is. */
  #noteExpectation(value: string): boolean {
    if (this.expectsContinue || value.toLowerCase() !== '100-continue') return false;
    this.expectsContinue = true;
    return true;
  }

  /** RFC 9112 §6.3: one, of digits alone, and not beside a Transfer-Encoding. */
  #noteLength(value: string): boolean {
    if (this.#framed || !DIGITS.test(value)) return false;
    this.#framed = true;
    this.#frame(Number(value));
    return Number.isSafeInteger(this.length);
  }

  #frame(length: number): void {
    this.length = length;
    this.framing = length === 0 ? 'none' : 'counted';
  }

  /** RFC 9112 §6.1: chunked, alone, and not beside a Content-Length. */
  #noteCoding(value: string): boolean {
    if (this.#framed || value !== 'chunked') return false;
    this.#framed = true;
    this.framing = 'chunked';
    return true;
  }
}

type Step = 'field' | HeadVerdict;

/** As in the general lane, where Node counts a little less than every byte. */
export const HEAD_MAX_BYTES: number = 16 * 1024;
export const TARGET_MAX_BYTES: number = 8 * 1024;
const FIELDS_MAX = 100;
/** Longer ones are mostly those of browsers, which say something else each time. */
const LAST_MAX_BYTES = 2 * 1024;
/** RFC 9112 §2.3: higher minor versions are read as 1.1 (RFC 9110 §2.5). HTTP/1.0 goes to the general lane. */
const VERSION = Buffer.from(' HTTP/1.1\r\n');
const MINOR_AT = 8;
const CLOSE = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i;
const DIGITS = /^\d+$/;
const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const TWO = 0x32;
const NINE = 0x39;
const SLASH = 0x2f;
const COLON = 0x3a;
const EMPTY = Buffer.alloc(0);
