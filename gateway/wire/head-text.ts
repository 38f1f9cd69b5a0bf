import type { Fields, RepeatedFields, RequestBody, UpstreamRequest } from '../exchange/contract.ts';

/** How the client finds the end of an answer's body (RFC 9112 §6.3): there is no other way on a connection that goes on. */
export type AnswerFraming = 'none' | 'counted' | 'chunked';

/** Writes the heads of answers. One for all connections: `framing` and `length` are those of the last head. */
export class AnswerText {
  readonly #date: () => string;
  framing: AnswerFraming = 'none';
  /** Where `framing` is `counted`. */
  length = 0;

  /** @param date for answers whose service left it out (RFC 9110 §6.6.1). */
  constructor(date: () => string = dateClock()) {
    this.#date = date;
  }

  /**
   * The head of a final answer (RFC 9112 §4).
   *
   * @param method of the request: the answer to HEAD has no body (RFC 9110 §9.3.2), and neither have 204 and 304 (§15.3.5, §15.4.5).
   * @param fields as valid as the readers of this folder leave them: nothing here looks for line ends in them.
   * @param closes whether the connection ends behind it.
   */
  head(method: string, status: number, reason: string, fields: Fields, closes: boolean): string {
    let text = `HTTP/1.1 ${status} ${reason}\r\n`;
    let length = -1;
    let dated = false;
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i]!;
      // biome-ignore lint/style/useTemplate: a quarter less than a template, measured.
      text = text + name + ': ' + fields[i + 1] + '\r\n';
      if (name.length === 14 && name.toLowerCase() === 'content-length') length = Number(fields[i + 1]);
      else if (name.length === 4 && name.toLowerCase() === 'date') dated = true;
    }
    this.length = length;
    this.framing = framingOf(method, status, length);
    if (!dated) text += `Date: ${this.#date()}\r\n`;
    // RFC 9110 §7.8: a sender of Upgrade also sends Connection: Upgrade.
    if (status === 426) text += 'Connection: Upgrade\r\n';
    text += closes ? 'Connection: close\r\n' : PERSISTENT;
    if (this.framing === 'chunked') text += 'Transfer-Encoding: chunked\r\n';
    return `${text}\r\n`;
  }

  /** The same of fields that are given again and again. */
  again(
    method: string,
    status: number,
    reason: string,
    repeated: RepeatedFields,
    own: Fields,
    closes: boolean,
  ): string {
    let text = repeated.text ?? render(status, reason, repeated);
    // biome-ignore lint/style/useTemplate: a quarter less than a template, measured.
    for (let i = 0; i < own.length; i += 2) text = text + own[i] + ': ' + own[i + 1] + '\r\n';
    this.length = repeated.length;
    this.framing = framingOf(method, status, repeated.length);
    if (!repeated.dated) text += `Date: ${this.#date()}\r\n`;
    text += closes ? 'Connection: close\r\n' : PERSISTENT;
    return this.framing === 'chunked' ? `${text}Transfer-Encoding: chunked\r\n\r\n` : `${text}\r\n`;
  }
}

function render(status: number, reason: string, repeated: RepeatedFields): string {
  const { fields } = repeated;
  let text = `HTTP/1.1 ${status} ${reason}\r\n`;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase();
    text += `${fields[i]}: ${fields[i + 1]}\r\n`;
    if (name === 'content-length') repeated.length = Number(fields[i + 1]);
    else if (name === 'date') repeated.dated = true;
  }
  // One flat string: a string of parts (V8's rope) would be flattened again for each answer.
  const whole = Buffer.from(text, 'latin1').toString('latin1');
  repeated.text = whole;
  return whole;
}

function framingOf(method: string, status: number, length: number): AnswerFraming {
  if (method === 'HEAD' || status === 204 || status === 304) return 'none';
  return length < 0 ? 'chunked' : 'counted';
}

/** A 1xx answer (RFC 9110 §15.2): nothing of the connection, and no body. */
export function informationalText(status: number, reason: string, fields: Fields): string {
  let text = `HTTP/1.1 ${status} ${reason}\r\n`;
  for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return `${text}\r\n`;
}

/** `Date` has seconds (RFC 9110 §5.6.7), so one text serves all answers of a second. */
function dateClock(): () => string {
  let second = 0;
  let text = '';
  return () => {
    const now = Math.floor(Date.now() / 1000);
    if (now !== second) {
      second = now;
      text = new Date(now * 1000).toUTCString();
    }
    return text;
  };
}

/** HTTP/1.1 implies it, but the timeout helps clients not to send into a connection that is about to close. */
const PERSISTENT = 'Connection: keep-alive\r\nKeep-Alive: timeout=75\r\n';

/**
 * The head of a request to a service (RFC 9112 §3). The framing fields follow from the body alone and never from `fields`, so that a head
 * can't promise another body than it has (RFC 9112 §6.3).
 *
 * @param fields validated by the readers of this folder; they are not searched for line ends again
 */
export function requestText(
  { method, target, repeated, fields }: UpstreamRequest,
  body: RequestBody | null,
): string {
  const line = `${method} ${target} HTTP/1.1\r\n`;
  if (!repeated) return `${line}${fieldLines(fields, body)}\r\n`;
  return `${line}${repeatedText(repeated, body)}${fieldLines(fields, null)}\r\n`;
}

/** The kept text states the length of the body and serves only bodies of that length. Chunked bodies are framed anew each time. */
function repeatedText(repeated: RepeatedFields, body: RequestBody | null): string {
  const length = body === null ? -1 : body.length;
  if (repeated.text !== null && repeated.length === length) return repeated.text;
  // One flat string: a string of parts would be flattened again for each request.
  const text = Buffer.from(fieldLines(repeated.fields, body), 'latin1').toString('latin1');
  if (length === null) return text;
  repeated.length = length;
  repeated.text = text;
  return text;
}

function fieldLines(fields: Fields, body: RequestBody | null): string {
  let text = '';
  let framed = body === null;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (name.length === 14 && name.toLowerCase() === 'content-length') {
      // Without a body it can only be a POST's `Content-Length: 0`.
      if (body === null) text += `${name}: 0\r\n`;
      else if (body.length !== null && !framed) text += `${name}: ${body.length}\r\n`;
      framed ||= body !== null && body.length !== null;
    } else if (name.length !== 17 || name.toLowerCase() !== 'transfer-encoding') {
      // Additions, where a template would ask each part for its text once more.
      // biome-ignore lint/style/useTemplate: a quarter less, measured.
      text = text + name + ': ' + fields[i + 1] + '\r\n';
    }
  }
  return framed ? text : text + bodyFraming(body!);
}

function bodyFraming(body: RequestBody): string {
  return body.length === null ? 'Transfer-Encoding: chunked\r\n' : `Content-Length: ${body.length}\r\n`;
}
