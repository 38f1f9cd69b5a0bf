import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { AcmeError } from './error.ts';

export interface AcmeAnswer {
  readonly status: number;
  /** @param name in lower case. `null`: it is not there. */
  header(name: string): string | null;
  readonly body: string;
}

/** Requests to a directory, bounded in time and memory whatever it answers. Redirects are answers. */
export class AcmeTransport {
  readonly #agent: Agent;
  readonly #timeoutMs: number;

  /**
   * @param ca PEM of the authorities that may vouch for the directory; `null`: those that the system knows
   * @param timeoutMs for a whole answer
   */
  constructor(ca: string | null, timeoutMs = TIMEOUT_MS) {
    this.#timeoutMs = timeoutMs;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 2, ...(ca !== null && { ca }) });
  }

  /** @throws AcmeError `unreachable` */
  async ask(
    method: 'GET' | 'HEAD' | 'POST',
    url: string,
    body: string | null,
    signal: AbortSignal,
  ): Promise<AcmeAnswer> {
    // Node opens the connection of a request even where its signal has fired before.
    if (signal.aborted) throw new AcmeError('unreachable', `${method} ${url}: broken off`);
    const ends = AbortSignal.any([signal, AbortSignal.timeout(this.#timeoutMs)]);
    try {
      const answer = await this.#send(method, url, body, ends);
      const text = await wholeOf(answer);
      const { headers, statusCode = 0 } = answer;
      return { status: statusCode, header: (name) => [headers[name] ?? []].flat()[0] ?? null, body: text };
    } catch (cause) {
      throw new AcmeError(
        'unreachable',
        `${method} ${url}: ${signal.aborted ? 'broken off' : causeText(cause, ends)}`,
      );
    }
  }

  #send(method: string, url: string, body: string | null, signal: AbortSignal): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const headers = {
      'User-Agent': 'Portway',
      ...(body !== null && {
        'Content-Type': 'application/jose+json',
        'Content-Length': Buffer.byteLength(body),
      }),
    };
    request(url, { method, headers, agent: this.#agent, signal, maxHeaderSize: 16_384 })
      .on('response', resolve)
      .on('error', reject)
      .end(body ?? undefined);
    return promise;
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Leaving the loop destroys the answer, and its connection with it. */
async function wholeOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > ANSWER_MAX_BYTES) throw new Error(`an answer of more than ${ANSWER_MAX_BYTES / 1024} KiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function causeText(cause: unknown, ends: AbortSignal): string {
  if (ends.aborted) return 'no whole answer in time';
  return cause instanceof Error ? cause.message : String(cause);
}

const TIMEOUT_MS = 20_000;
const ANSWER_MAX_BYTES = 256 * 1024;

/** Seconds or a date (RFC 9110 §10.2.3). @param now milliseconds since the epoch. `null`: neither */
export function retryAfterMs(value: string | null, now: number): number | null {
  if (value === null) return null;
  const ms = /^\d{1,9}$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}
