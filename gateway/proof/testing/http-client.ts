import { once } from 'node:events';
import { connect } from 'node:net';
import { AnswerHead, answerFraming, type Body, readBody, readChunk, readHead } from './http-message.ts';
import { type Ending, Wire } from './wire.ts';

/** A complete answer. */
export interface Answer extends Body {
  readonly head: AnswerHead;
  readonly status: number;
  /** The body as UTF-8. */
  readonly text: string;
  /** The 1xx answers that came before it. */
  readonly interim: readonly AnswerHead[];
}

export interface ClientOptions {
  /** Keep our direction open when the other side has ended its own. */
  readonly halfOpen?: boolean;
  /** Default `127.0.0.1`. */
  readonly host?: string;
}

/** A client of exact bytes: it sends the bytes of the test, and reads answers strictly. */
export class RawClient extends Wire {
  /** Begins to connect; `connected` waits for it. */
  static to(port: number, { halfOpen = false, host = '127.0.0.1' }: ClientOptions = {}): RawClient {
    return new RawClient(connect({ port, host, allowHalfOpen: halfOpen }), `client of port ${port}`);
  }

  /** @throws where nothing listens. */
  async connected(): Promise<this> {
    await once(this.socket, 'connect');
    return this;
  }

  /** Reads 1xx answers and the final one, whole. `method` is what was asked: an answer to HEAD has no body. */
  async answer(method = 'GET', withinMs?: number): Promise<Answer> {
    const interim: AnswerHead[] = [];
    let head = await this.head(withinMs);
    while (head.status < 200 && head.status !== 101) {
      interim.push(head);
      head = await this.head(withinMs);
    }
    const body = await readBody(this, answerFraming(head, method), withinMs);
    return { ...body, head, status: head.status, text: body.body.toString(), interim };
  }

  /** The next answer head, an interim one as well. */
  async head(withinMs?: number): Promise<AnswerHead> {
    return new AnswerHead(await readHead(this, 'an answer', withinMs));
  }

  /** The next chunk of a chunked answer; empty for the last. */
  async chunk(withinMs?: number): Promise<Buffer> {
    return readChunk(this, withinMs);
  }

  /** Sends a request and reads its answer. */
  async exchange(request: string, withinMs?: number): Promise<Answer> {
    await this.send(request);
    return this.answer(request.slice(0, request.indexOf(' ')), withinMs);
  }

  /** Waits for the other side to end, and fails if it sent anything before. */
  async quietEnding(withinMs?: number): Promise<Ending> {
    const { bytes, ending } = await this.rest(withinMs);
    if (bytes.length > 0)
      throw new Error(`nothing more was expected, and there came ${JSON.stringify(String(bytes))}`);
    return ending;
  }
}

/** The bytes of a request: `request('GET', '/a', ['Accept: text/html'])`, with a `Host` unless the fields have one. */
export function request(method: string, target: string, fields: readonly string[] = [], body = ''): string {
  const has = (name: string) => fields.some((field) => field.toLowerCase().startsWith(`${name}:`));
  const lines = [`${method} ${target} HTTP/1.1`];
  if (!has('host')) lines.push('Host: gateway.test');
  lines.push(...fields);
  if (body !== '' && !has('content-length') && !has('transfer-encoding')) {
    lines.push(`Content-Length: ${Buffer.byteLength(body, 'latin1')}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** The bytes of a GET. */
export function get(target: string, ...fields: string[]): string {
  return request('GET', target, fields);
}
