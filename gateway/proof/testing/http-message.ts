import type { Wire } from './wire.ts';

/**
 * A reader of HTTP/1.1 messages that is stricter than any product: it accepts what RFC 9112 lets a sender
 * generate and nothing else, so a gateway that emits anything odd fails the test that meets it.
 */

/** A start line and header (or trailer) lines, kept exactly as they came. */
class Head {
  /** Everything with its empty line, as it came. */
  readonly raw: string;
  readonly startLine: string;
  /** Header lines without their CRLF: `Host: a`. */
  readonly lines: readonly string[];

  constructor(raw: string) {
    this.raw = raw;
    const [startLine = '', ...lines] = raw.split('\r\n').slice(0, -2);
    this.startLine = startLine;
    this.lines = lines;
    if (/[\r\n\0]/.test(raw.replaceAll('\r\n', ''))) throw strict('a bare CR, LF or NUL', raw);
    for (const line of lines) {
      if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:/.test(line))
        throw strict(`the field line ${JSON.stringify(line)}`, raw);
    }
  }

  /** Field names in the order and case in which they came. */
  names(): string[] {
    return this.lines.map((line) => line.slice(0, line.indexOf(':')));
  }

  /** The values of all lines of that name, in order. */
  values(name: string): string[] {
    const wanted = `${name.toLowerCase()}:`;
    return this.lines
      .filter((line) => line.toLowerCase().startsWith(wanted))
      .map((line) => line.slice(wanted.length).trim());
  }

  /** The value of a field that stands once or not at all. */
  value(name: string): string | undefined {
    const [first, ...more] = this.values(name);
    if (more.length > 0) throw new Error(`${name} stands ${more.length + 1} times in:\n${this.raw}`);
    return first;
  }

  /** Whether a field of that name is there. */
  has(name: string): boolean {
    return this.values(name).length > 0;
  }
}

export class RequestHead extends Head {
  readonly method: string;
  readonly target: string;

  constructor(raw: string) {
    super(raw);
    const [, method, target] = /^(\S+) (\S+) HTTP\/1\.1$/.exec(this.startLine) ?? [];
    if (method === undefined || target === undefined) throw strict('the request line', raw);
    this.method = method;
    this.target = target;
  }
}

export class AnswerHead extends Head {
  readonly status: number;
  readonly reason: string;

  constructor(raw: string) {
    super(raw);
    const [, status, reason] = /^HTTP\/1\.1 ([1-5][0-9][0-9]) (.*)$/.exec(this.startLine) ?? [];
    if (status === undefined || reason === undefined) throw strict('the status line', raw);
    this.status = Number(status);
    this.reason = reason;
  }
}

export interface Body {
  readonly body: Buffer;
  /** Trailer lines of a chunked body. */
  readonly trailers: Head;
}

/** How a message's body ends (RFC 9112 §6.3). */
export type Framing =
  | { kind: 'none' }
  | { kind: 'length'; bytes: number }
  | { kind: 'chunked' }
  | { kind: 'close' };

export function requestFraming(head: RequestHead): Framing {
  return declaredFraming(head) ?? { kind: 'none' };
}

export function answerFraming(head: AnswerHead, method: string): Framing {
  const bodiless = method === 'HEAD' || head.status < 200 || head.status === 204 || head.status === 304;
  return bodiless ? { kind: 'none' } : (declaredFraming(head) ?? { kind: 'close' });
}

function declaredFraming(head: Head): Framing | null {
  const coding = head.value('transfer-encoding');
  const length = head.value('content-length');
  if (coding !== undefined && length !== undefined) throw strict('both lengths', head.raw);
  if (coding !== undefined && coding !== 'chunked') throw strict(`the transfer coding ${coding}`, head.raw);
  if (coding !== undefined) return { kind: 'chunked' };
  if (length === undefined) return null;
  if (!/^\d+$/.test(length)) throw strict(`the length ${length}`, head.raw);
  return { kind: 'length', bytes: Number(length) };
}

export async function readHead(wire: Wire, what: string, withinMs?: number): Promise<string> {
  return wire.until('\r\n\r\n', withinMs).catch((error: Error) => {
    throw new Error(`waiting for ${what}: ${error.message}`);
  });
}

/** Reads a whole body. @throws where the connection ends inside it ("truncated"). */
export async function readBody(wire: Wire, framing: Framing, withinMs?: number): Promise<Body> {
  if (framing.kind === 'none') return { body: Buffer.alloc(0), trailers: noTrailers() };
  if (framing.kind === 'chunked') return readChunks(wire, withinMs);
  if (framing.kind === 'length')
    return { body: await whole(wire, framing.bytes, withinMs), trailers: noTrailers() };
  const { bytes, ending } = await wire.rest(withinMs);
  if (ending === 'reset') throw new Error(`truncated: reset after ${bytes.length} bytes of a body`);
  return { body: bytes, trailers: noTrailers() };
}

/** The next chunk of a chunked body; empty for the last one, whose trailer section is left unread. */
export async function readChunk(wire: Wire, withinMs?: number): Promise<Buffer> {
  const sizeLine = await orTruncated(wire.until('\r\n', withinMs));
  if (!/^[0-9a-fA-F]+\r\n$/.test(sizeLine))
    throw strict(`the chunk size ${JSON.stringify(sizeLine)}`, sizeLine);
  const size = Number.parseInt(sizeLine, 16);
  if (size === 0) return Buffer.alloc(0);
  const data = await whole(wire, size, withinMs);
  if ((await whole(wire, 2, withinMs)).toString('latin1') !== '\r\n')
    throw strict('the end of a chunk', sizeLine);
  return data;
}

async function readChunks(wire: Wire, withinMs?: number): Promise<Body> {
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = await readChunk(wire, withinMs);
    if (chunk.length === 0) break;
    chunks.push(chunk);
  }
  const lines: string[] = [];
  for (;;) {
    const line = await orTruncated(wire.until('\r\n', withinMs));
    if (line === '\r\n') break;
    lines.push(line);
  }
  return { body: Buffer.concat(chunks), trailers: new Head(`\r\n${lines.join('')}\r\n`) };
}

async function whole(wire: Wire, count: number, withinMs?: number): Promise<Buffer> {
  return count === 0 ? Buffer.alloc(0) : orTruncated(wire.bytes(count, withinMs));
}

async function orTruncated<T>(reading: Promise<T>): Promise<T> {
  return reading.catch((error: Error) => {
    throw new Error(
      /the connection ended/.test(error.message) ? `truncated: ${error.message}` : error.message,
    );
  });
}

function noTrailers(): Head {
  return new Head('\r\n\r\n');
}

/** What came is not what RFC 9112 lets anyone send: always the gateway's fault, never an accident of the network. */
export class MalformedMessage extends Error {}

function strict(what: string, raw: string): MalformedMessage {
  return new MalformedMessage(`RFC 9112 does not allow ${what}, in ${JSON.stringify(raw.slice(0, 2_000))}`);
}
