import {
  type Field,
  type FramedBody,
  framingOf,
  Refused,
  readBodyOf,
  readFieldLines,
  type Scan,
  Unfinished,
  valuesOf,
} from './strict-framing.ts';

/**
 * A second opinion: a reader of HTTP/1.1 written from RFC 9112 alone, simple and slow, that shares no line with the gateway. It has the whole
 * of what went over one connection in one direction, and refuses whatever two readers could read in two ways.
 */

interface StrictMessage extends FramedBody {
  readonly fields: readonly Field[];
  /** Where it begins and ends in the bytes. */
  readonly start: number;
  readonly end: number;
  /** Whether other bytes than HTTP may follow: an upgrade was asked for or agreed to. */
  readonly opaqueAfter: boolean;
}

export interface StrictRequest extends StrictMessage {
  readonly method: string;
  readonly target: string;
  readonly version: '1.0' | '1.1';
  /** What is wrong about where it goes, where its end is clear all the same: nobody may pass it on. */
  readonly fault: string | null;
}

export interface StrictAnswer extends StrictMessage {
  readonly status: number;
  readonly reason: string;
}

/** All that is to be said of a direction of a connection. */
export interface Reading<M> {
  /** Whole messages, in order. */
  readonly messages: readonly M[];
  /** What stands behind the last of them is no message: why, and where. `null`: nothing wrong. */
  readonly refused: { readonly why: string; readonly at: number } | null;
  /** A message has begun and is right so far, but not complete; or, in chunks or with a length, was cut. */
  readonly unfinished: boolean;
  /** What stands behind the last whole message. */
  readonly rest: Buffer;
}

/** What a side said, read as requests. Ends of lines before a request and runs of spaces in its line are let pass, as RFC 9112
 * §2.2 and §3 let servers; in the first, Node's parser does not ask for the CR. */
export function readRequests(bytes: Buffer): Reading<StrictRequest> {
  return readAll(bytes, (scan) => readRequest(scan));
}

/**
 * @param methods of the requests that are answered, in order: how long an answer is depends on what was asked (RFC 9112 §6.3).
 * @param ended whether the connection has ended in good order, which is what completes an answer without a length.
 */
export function readAnswers(
  bytes: Buffer,
  methods: readonly string[],
  ended: boolean,
): Reading<StrictAnswer> {
  let answered = 0;
  return readAll(bytes, (scan) => {
    const answer = readAnswer(scan, methods[answered], ended);
    if (answer.status >= 200) answered++;
    return answer;
  });
}

function readAll<M extends StrictMessage>(bytes: Buffer, read: (scan: Scan) => M): Reading<M> {
  const messages: M[] = [];
  const scan: Scan = { bytes, at: 0 };
  const over = (more: Partial<Reading<M>> = {}): Reading<M> => {
    const rest = bytes.subarray(messages.at(-1)?.end ?? 0);
    return { messages, refused: null, unfinished: false, rest, ...more };
  };
  while (scan.at < bytes.length) {
    try {
      const message = read(scan);
      messages.push(message);
      if (message.opaqueAfter) return over();
    } catch (fault) {
      if (fault instanceof Unfinished) return over({ unfinished: true });
      if (fault instanceof Refused) return over({ refused: { why: fault.message, at: fault.at } });
      throw fault;
    }
  }
  return over();
}

function readRequest(scan: Scan): StrictRequest {
  while (scan.bytes[scan.at] === 0x0d || scan.bytes[scan.at] === 0x0a) scan.at++;
  if (scan.at === scan.bytes.length) throw new Unfinished('only empty lines');
  const start = scan.at;
  const [line, ...lines] = headLines(scan);
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) +([\x21-\x7e]+) +HTTP\/(1\.\d)$/.exec(line!);
  if (match === null) throw new Refused(`the request line ${JSON.stringify(line)}`, start);
  const [, method = '', target = '', version] = match;
  const fields = readFieldLines(lines, start);
  const fault = targetFault(method, target) ?? hostFault(fields, version!);
  const framing = framingOf(fields, version!, start) ?? { kind: 'none' };
  const body = readBodyOf(scan, framing);
  const opaqueAfter = method === 'CONNECT' || (body.body.length === 0 && asksForTunnel(fields));
  return {
    ...body,
    method,
    target,
    version: version as '1.0' | '1.1',
    fault,
    fields,
    start,
    end: scan.at,
    opaqueAfter,
  };
}

function readAnswer(scan: Scan, method: string | undefined, ended: boolean): StrictAnswer {
  const start = scan.at;
  const [line, ...lines] = headLines(scan);
  const match = /^HTTP\/(1\.\d) ([1-5][0-9][0-9]) ?([\t\x20-\x7e\x80-\xff]*)$/.exec(line!);
  if (match === null) throw new Refused(`the status line ${JSON.stringify(line)}`, start);
  if (method === undefined) throw new Refused('an answer to no request', start);
  const status = Number(match[2]);
  const fields = readFieldLines(lines, start);
  const declared = framingOf(fields, match[1]!, start);
  const bodiless = status < 200 || status === 204 || status === 304 || method === 'HEAD';
  const body = readBodyOf(scan, bodiless ? { kind: 'none' } : (declared ?? { kind: 'close', ended }));
  return {
    ...body,
    status,
    reason: match[3]!,
    fields,
    start,
    end: scan.at,
    opaqueAfter: status === 101 || (method === 'CONNECT' && status < 300 && status >= 200),
  };
}

/** RFC 9110 §7.8: an upgrade is asked for where Connection names it too. No other protocol than this one is known here. */
function asksForTunnel(fields: readonly Field[]): boolean {
  const [protocol, ...more] = valuesOf(fields, 'upgrade');
  const named = valuesOf(fields, 'connection').some((value) => /(^|,)[ \t]*upgrade[ \t]*(,|$)/i.test(value));
  return named && more.length === 0 && protocol?.toLowerCase() === 'websocket';
}

/** Lines up to the empty one, without their ends. RFC 9112 §2.2: a bare CR or LF is somebody's end of a line, and not everybody's. */
function headLines(scan: Scan): string[] {
  const { bytes, at } = scan;
  const end = bytes.indexOf('\r\n\r\n', at, 'latin1');
  const text = bytes.toString('latin1', at, end === -1 ? bytes.length : end);
  const whole = end === -1 ? text.replace(/\r$/, '') : text;
  if (/[\r\n\0]/.test(whole.replaceAll('\r\n', ''))) throw new Refused('a bare CR or LF, or a NUL', at);
  if (end === -1) throw new Unfinished('no end of the head');
  scan.at = end + 4;
  return text.split('\r\n');
}

/** RFC 9112 §3.2: origin-form, absolute-form; authority-form for CONNECT; asterisk-form for OPTIONS. */
function targetFault(method: string, target: string): string | null {
  const right =
    method === 'CONNECT'
      ? /^[^/@?]+:[0-9]+$/.test(target)
      : target.startsWith('/') ||
        /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(target) ||
        (target === '*' && method === 'OPTIONS');
  return right && !target.includes('#') ? null : `the target ${JSON.stringify(target)}`;
}

function hostFault(fields: readonly Field[], version: string): string | null {
  const hosts = valuesOf(fields, 'host');
  if (hosts.length > 1 || (hosts.length === 0 && version === '1.1')) return `${hosts.length} Host fields`;
  if (hosts[0] !== undefined && !/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(:[0-9]*)?$/.test(hosts[0]))
    return `the host ${JSON.stringify(hosts[0])}`;
  return null;
}
