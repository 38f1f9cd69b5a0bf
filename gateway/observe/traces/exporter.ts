import type { Agent } from 'node:http';
import https from 'node:https';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { Logger } from 'pino';
import { http } from '../../exchange/node-http.ts';
import type { ExchangeRecord } from '../../exchange/record.ts';
import type { ExchangeTrace } from '../../exchange/trace.ts';
import { shownText } from '../../fields/secrets.ts';
import type { TracesConfig } from '../../model/config.ts';
import { spansOf } from './spans.ts';

interface Finished {
  readonly record: Readonly<ExchangeRecord>;
  readonly trace: ExchangeTrace;
  /** Milliseconds since the epoch. */
  readonly endedAt: number;
}

/**
 * Sends the spans of finished exchanges to a collector (OTLP/HTTP, JSON): at most twice a second, one batch at a time. No exchange waits
 * for it: spans that find the queue full are dropped, and a failed batch is lost.
 */
export class TraceExporter {
  readonly #config: TracesConfig;
  readonly #log: Logger;
  readonly #agent: Agent;
  readonly #queue: Finished[] = [];
  #timer: NodeJS.Timeout | null = null;
  #sending: Promise<void> | null = null;
  #lost = 0;
  #failing = false;
  #warnedAt = Number.NEGATIVE_INFINITY;

  constructor(config: TracesConfig, log: Logger) {
    this.#config = config;
    this.#log = log;
    const options = { keepAlive: true, maxSockets: 1, timeout: IDLE_MS };
    this.#agent = config.otlp.startsWith('https:') ? new https.Agent(options) : new http.Agent(options);
  }

  add(record: Readonly<ExchangeRecord>, trace: ExchangeTrace): void {
    if (this.#queue.length >= QUEUE_MAX) this.#leaveOut();
    else this.#queue.push({ record, trace, endedAt: Date.now() });
    this.#timer ??= setTimeout(() => this.#due(), EVERY_MS).unref();
  }

  /** Warns once a minute: a collector that takes every batch looks healthy while spans are dropped. */
  #leaveOut(): void {
    this.#lost++;
    const now = performance.now();
    if (this.#failing || now - this.#warnedAt < WARN_EVERY_MS) return;
    this.#warnedAt = now;
    this.#log.warn(
      { otlp: shownText(this.#config.otlp), perSecond: (BATCH_MAX * 1_000) / EVERY_MS },
      'more exchanges are traced than can be sent: spans are left out; lower `sample`',
    );
  }

  #due(): void {
    this.#timer = null;
    if (this.#queue.length === 0 || this.#sending !== null) return;
    this.#sending = this.#sendBatch().finally(() => {
      this.#sending = null;
      if (this.#queue.length > 0) this.#timer ??= setTimeout(() => this.#due(), EVERY_MS).unref();
    });
  }

  async #sendBatch(): Promise<void> {
    const batch = this.#queue.splice(0, BATCH_MAX);
    try {
      await this.#post(await this.#packed(this.#textOf(batch)));
      this.#tell(null, 0);
    } catch (cause) {
      this.#tell((cause as Error).message, batch.length);
    }
  }

  #textOf(batch: readonly Finished[]): string {
    const spans = batch.flatMap(({ record, trace, endedAt }) => spansOf(record, trace, endedAt));
    const attributes = [{ key: 'service.name', value: { stringValue: this.#config.service } }];
    return JSON.stringify({
      resourceSpans: [{ resource: { attributes }, scopeSpans: [{ scope: { name: 'portway' }, spans }] }],
    });
  }

  /** Off the loop. */
  async #packed(text: string): Promise<Buffer> {
    return this.#config.gzip ? promisify(zlib.gzip)(text) : Buffer.from(text);
  }

  /** Redirects are not followed; only the status of the answer is read. @throws */
  #post(body: Buffer): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const { otlp, headers, gzip } = this.#config;
    const request = (otlp.startsWith('https:') ? https : http).request(otlp, {
      method: 'POST',
      agent: this.#agent,
      headers: {
        ...headers,
        'content-type': 'application/json',
        ...(gzip && { 'content-encoding': 'gzip' }),
        'content-length': body.length,
      },
      maxHeaderSize: 16_384,
    });
    const deadline = setTimeout(() => request.destroy(new Error('no answer in time')), ANSWER_MS).unref();
    request.on('close', () => clearTimeout(deadline));
    request.on('error', reject);
    request.on('socket', (socket) => socket.unref());
    request.on('response', (answer) => {
      const { statusCode = 0 } = answer;
      if (statusCode >= 200 && statusCode < 300) resolve();
      else reject(new Error(`it answered ${statusCode}`));
      let bytes = 0;
      answer.on('error', () => {});
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > ANSWER_MAX_BYTES) request.destroy();
      });
    });
    request.end(body);
    return promise;
  }

  /** Once when it begins to fail, and once when it works again. */
  #tell(cause: string | null, lost: number): void {
    this.#lost += lost;
    if ((cause !== null) === this.#failing) return;
    this.#failing = cause !== null;
    const otlp = shownText(this.#config.otlp);
    if (cause !== null)
      this.#log.warn({ otlp, cause }, 'traces can’t be sent: spans are lost until they can');
    else this.#log.info({ otlp, lost: this.#lost }, 'traces are sent again');
    if (cause === null) this.#lost = 0;
  }

  /** Sends the remaining spans, for as long as a stop may take. */
  async close(): Promise<void> {
    clearTimeout(this.#timer ?? undefined);
    this.#timer = null;
    const rest = async () => {
      await this.#sending;
      if (this.#queue.length > 0) await this.#sendBatch();
    };
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, CLOSE_MS);
    await Promise.race([rest(), late]);
    clearTimeout(timer);
    this.#queue.length = 0;
    this.#agent.destroy();
  }
}

const EVERY_MS = 500;
/** Of exchanges: some three milliseconds of work. */
const BATCH_MAX = 256;
const QUEUE_MAX = 2_048;
const WARN_EVERY_MS = 60_000;
const ANSWER_MS = 5_000;
const IDLE_MS = 30_000;
const CLOSE_MS = 1_000;
const ANSWER_MAX_BYTES = 64 * 1024;
