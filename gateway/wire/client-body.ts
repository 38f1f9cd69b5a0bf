import { SKIPPED_MAX_BYTES } from '../exchange/client-exchange.ts';
import type { BodySink, Fields, RequestBody } from '../exchange/contract.ts';
import { BodyReader, type BodyReaderSink } from './body-reader.ts';
import type { RequestReader } from './request-reader.ts';

/** The connection, as a body needs it. */
export interface BodySource {
  /** Its bytes may be taken out of the connection from now on, or again. */
  bodyWanted(): void;
  /** They may not, until they are wanted again. */
  bodyUnwanted(): void;
  /** The client waits for this before it sends (RFC 9110 §10.1.1). */
  goAhead(): void;
}

/** The body of one request, as its connection reads it. Before anybody wants it, its bytes stay where they are. */
export class ClientBody implements RequestBody, BodyReaderSink {
  readonly length: number | null;
  readonly expectsContinue: boolean;
  readonly #source: BodySource;
  readonly #reader = new BodyReader(this);
  #sink: BodySink | null = null;
  #fault: Error | null = null;
  #paused = false;

  constructor(source: BodySource, head: RequestReader) {
    this.#source = source;
    this.length = head.framing === 'counted' ? head.length : null;
    this.expectsContinue = head.expectsContinue;
    if (this.length === null) this.#reader.expectChunks();
    else this.#reader.expectBytes(this.length);
  }

  /** Whether all of it has been read. */
  get complete(): boolean {
    return this.#reader.done;
  }

  /** Whether the rest is short enough to be read and dropped, so that the connection can carry another request. */
  get skippable(): boolean {
    return (
      this.#sink === null && !this.expectsContinue && this.length !== null && this.length <= SKIPPED_MAX_BYTES
    );
  }

  get wanted(): boolean {
    return this.#sink !== null && !this.#paused;
  }

  /** Its reader can't take more for now, and there is more. */
  get paused(): boolean {
    return this.#paused && !this.complete;
  }

  // Called by the forwarder.

  read(sink: BodySink): void {
    this.#sink = sink;
    if (this.#fault) return sink.fail(this.#fault);
    if (this.expectsContinue) this.#source.goAhead();
    this.#source.bodyWanted();
  }

  pause(): void {
    this.#paused = true;
    this.#source.bodyUnwanted();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#source.bodyWanted();
  }

  // Called by the connection.

  /** @returns where it ended, or the end of the bytes. @throws FramingError */
  take(bytes: Buffer, from: number, to: number): number {
    return this.#reader.read(bytes, from, to);
  }

  fail(cause: Error): void {
    this.#fault = cause;
    this.#sink?.fail(cause);
  }

  // Called by the body reader.

  bodyData(bytes: Buffer, from: number, to: number): void {
    this.#sink!.data(bytes.subarray(from, to));
  }

  bodyEnd(trailers: Fields): void {
    this.#sink!.end(trailers);
  }
}
