import type { AnswerSink, Fields, UpstreamRequest } from '../../exchange/contract.ts';

/** Records the outcome of a request that was sent to a service. */
export class AnswerRecorder implements AnswerSink {
  /** In order: `started`, `started reused`, `103`, `200`, `data ok`, `end`, `fail ECONNRESET`. */
  readonly events: string[] = [];
  fields: Fields = [];
  trailers: Fields = [];
  cause: unknown = null;
  readonly #over = Promise.withResolvers<void>();
  readonly #begun = Promise.withResolvers<void>();
  readonly #answered = Promise.withResolvers<void>();

  /** Resolves when the request is being sent. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /** Resolves when the head of the answer has come. */
  get answered(): Promise<void> {
    return this.#answered.promise;
  }

  /** Resolves with the last event. */
  async outcome(): Promise<string> {
    await this.#over.promise;
    return this.events.at(-1) ?? '';
  }

  started(reused: boolean): void {
    this.events.push(reused ? 'started reused' : 'started');
    this.#begun.resolve();
  }

  informational(status: number): void {
    this.events.push(String(status));
  }

  head(status: number, _reason: string, fields: Fields): void {
    this.events.push(String(status));
    this.fields = fields;
    this.#answered.resolve();
  }

  data(chunk: Buffer): void {
    this.events.push(`data ${chunk}`);
  }

  end(trailers: Fields): void {
    this.events.push('end');
    this.trailers = trailers;
    this.#over.resolve();
  }

  fail(cause: unknown): void {
    const { code, message } = cause as Error & { code?: string };
    this.events.push(`fail ${code ?? message}`);
    this.cause = cause;
    this.#over.resolve();
  }
}

/** A request as the forwarding would send it. */
export function upstreamRequest(overrides: Partial<UpstreamRequest> = {}): UpstreamRequest {
  return { method: 'GET', target: '/', fields: ['Host', 'service.test'], body: null, ...overrides };
}
