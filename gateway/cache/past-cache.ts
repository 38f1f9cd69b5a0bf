import type { Downstream, DownstreamListener, Fields, RequestBody } from '../exchange/contract.ts';

/** A client whose exchange is carried past the caches: they hear of its answer. */
export class PastCache implements Downstream {
  readonly #inner: Downstream;
  /** The member of `Cache-Status` that the answer gets; `null`: its route is not cached. */
  readonly #cacheStatus: string | null;
  readonly #answered: (status: number, fields: Fields) => void;

  /** @param answered told of the head of the final answer, as the client gets it. */
  constructor(
    inner: Downstream,
    cacheStatus: string | null,
    answered: (status: number, fields: Fields) => void,
  ) {
    this.#inner = inner;
    this.#cacheStatus = cacheStatus;
    this.#answered = answered;
  }

  get method(): string {
    return this.#inner.method;
  }

  get fields(): Fields {
    return this.#inner.fields;
  }

  get body(): RequestBody | null {
    return this.#inner.body;
  }

  listen(listener: DownstreamListener): void {
    this.#inner.listen(listener);
  }

  informational(status: number, fields: Fields): void {
    this.#inner.informational(status, fields);
  }

  head(status: number, reason: string, fields: Fields): void {
    const status9211 = this.#cacheStatus === null ? [] : ['Cache-Status', this.#cacheStatus];
    this.#inner.head(status, reason, [...fields, ...status9211]);
    this.#answered(status, fields);
  }

  write(chunk: Buffer): boolean {
    return this.#inner.write(chunk);
  }

  end(trailers: Fields): void {
    this.#inner.end(trailers);
  }

  abort(): void {
    this.#inner.abort();
  }
}
