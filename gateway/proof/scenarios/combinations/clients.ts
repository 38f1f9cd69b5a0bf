import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { connect, type RawClient, request } from '../../testing/raw-client.ts';
import { chunk } from '../../testing/service.ts';
import { type Asked, nameOf } from './case.ts';

/** What a client got. */
export interface Received {
  /** 0: no head of a final answer. */
  readonly status: number;
  /** `name: value`, names in lower case. */
  readonly fields: readonly string[];
  /** As it came; `null`: it broke off. */
  readonly body: Buffer | null;
  readonly interim: readonly number[];
  readonly trailers: readonly string[];
}

export interface Client {
  ask(prefix: string, asked: Asked): Promise<Received>;
}

const BROKEN: Received = { status: 0, fields: [], body: null, interim: [], trailers: [] };

/** One connection as long as it lasts, so that what an exchange leaves behind on it meets the next one. */
export class Http1Client implements Client {
  readonly #port: number;
  #client: RawClient | null = null;

  constructor(port: number) {
    this.#port = port;
  }

  async ask(prefix: string, { method, path, fields, body, chunked }: Asked): Promise<Received> {
    this.#client ??= await connect(this.#port);
    const client = this.#client;
    const framing = chunked ? ['Transfer-Encoding: chunked'] : [`Content-Length: ${body?.length}`];
    const text = body !== null && chunked ? (body === '' ? '' : chunk(body)) + chunk('') : (body ?? '');
    const all = body === null ? fields : [...fields, ...framing];
    await client.send(request(method, `${prefix}/${path}`, all, text));
    const answer = await client.answer(method).catch((error: Error) => {
      if (!/the connection ended|truncated/.test(error.message)) throw error;
      return null;
    });
    if (answer === null) {
      await client.ending();
      this.#client = null;
      return BROKEN;
    }
    if (/\bclose\b/i.test(answer.head.value('connection') ?? '')) {
      await client.quietEnding();
      this.#client = null;
    }
    const { status, head, interim, trailers } = answer;
    return {
      status,
      fields: head.lines.map(lowered),
      body: answer.body,
      interim: interim.map((one) => one.status),
      trailers: trailers.lines.map(lowered),
    };
  }
}

export class Http2Client implements Client {
  readonly #session: ClientHttp2Session;

  constructor(session: ClientHttp2Session) {
    this.#session = session;
  }

  async ask(prefix: string, { method, path, fields, body, chunked }: Asked): Promise<Received> {
    const length = body === null || chunked ? {} : { 'content-length': body.length };
    const named = fields.map((line) => [nameOf(line), line.slice(line.indexOf(':') + 2)]);
    const head = { ':method': method, ':authority': 'gateway.test', ':path': `${prefix}/${path}` };
    const stream = this.#session.request(
      { ...head, ...Object.fromEntries(named), ...length },
      { endStream: body === null },
    );
    if (body !== null) stream.end(body);
    return received(stream);
  }
}

async function received(stream: ClientHttp2Stream): Promise<Received> {
  const interim: number[] = [];
  const chunks: Buffer[] = [];
  let head: { readonly status: number; readonly fields: string[] } | null = null;
  let trailers: string[] = [];
  stream
    .on('headers', (fields: IncomingHttpHeaders) => interim.push(Number(fields[':status'])))
    .on('response', (fields, _flags, raw: unknown) => {
      head = { status: Number(fields[':status']), fields: linesOf(raw as string[]) };
    })
    .on('trailers', (_fields, _flags, raw: unknown) => {
      trailers = linesOf(raw as string[]);
    })
    .on('data', (data: Buffer) => chunks.push(data))
    .on('error', () => {});
  await new Promise((resolve) => stream.on('close', resolve));
  if (head === null || stream.rstCode !== 0) return BROKEN;
  const { status, fields } = head;
  return { status, fields, body: Buffer.concat(chunks), interim, trailers };
}

function linesOf(raw: readonly string[]): string[] {
  const lines: string[] = [];
  for (let at = 0; at < raw.length; at += 2) lines.push(`${raw[at]}: ${raw[at + 1]}`);
  return lines.filter((line) => !line.startsWith(':'));
}

function lowered(line: string): string {
  return `${nameOf(line)}${line.slice(line.indexOf(':'))}`;
}
