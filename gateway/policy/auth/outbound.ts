import { Agent, type RequestInit as AskInit, fetch as ask, type Dispatcher } from 'undici';
import type { Keepable } from '../kept.ts';

/** The answer of another service. A body longer than allowed is an error, never cut off. */
export interface OutboundAnswer {
  readonly status: number;
  /** Name, value, name, value ... as received, latin-1. */
  readonly fields: readonly string[];
  readonly body: Buffer;
}

export interface OutboundRequest {
  readonly url: URL;
  readonly headers: readonly string[];
  readonly timeoutMs: number;
  readonly bodyMaxBytes: number;
  readonly signal?: AbortSignal;
}

/** Requests to services that authenticate: over a few connections of its own, shared with no route. Redirects are answers. */
export class Outbound implements Keepable {
  readonly #agent = new Agent({ connections: 64, connect: { timeout: 5_000 }, maxHeaderSize: 32 * 1024 });

  /** @throws where there is no whole answer in time. */
  async get({ url, headers, timeoutMs, bodyMaxBytes, signal }: OutboundRequest): Promise<OutboundAnswer> {
    const timeout = AbortSignal.timeout(timeoutMs);
    const {
      statusCode,
      headers: fields,
      body,
    } = await this.#agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: 'GET',
      headers: [...headers],
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      responseHeaders: 'raw',
    });
    return { status: statusCode, fields: rawFields(fields), body: await wholeOf(body, bodyMaxBytes) };
  }

  /** For libraries that ask by themselves; time and redirects are theirs. @throws where it is longer than `bodyMaxBytes` */
  async fetch(url: string, options: object, bodyMaxBytes: number): Promise<Response> {
    const { status, headers, body } = await ask(url, { ...(options as AskInit), dispatcher: this.#agent });
    const whole = await wholeOf(body ?? [], bodyMaxBytes);
    return new Response(whole.length === 0 ? null : whole, { status, headers: [...headers] });
  }

  close(): void {
    void this.#agent.destroy();
  }
}

/** `responseHeaders: 'raw'` gives them as they came, for which undici has no type. */
function rawFields(fields: unknown): string[] {
  return (fields as (string | Buffer)[]).map((text) =>
    typeof text === 'string' ? text : text.toString('latin1'),
  );
}

type Body = Dispatcher.ResponseData['body'] | AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

async function wholeOf(body: Body, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    // Leaving the loop destroys the body, and its connection with it.
    if (length > maxBytes) throw new Error(`an answer of more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
