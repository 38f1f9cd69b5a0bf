import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodySink, RequestBody } from '../exchange/contract.ts';

/** The body of a request on `node:http`. */
export class NodeBody implements RequestBody {
  readonly length: number | null;
  readonly expectsContinue: boolean;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #sink: BodySink | null = null;
  #fault: Error | null = null;

  constructor(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean) {
    const length = request.headers['content-length'];
    this.length = length === undefined ? null : Number(length);
    this.#request = request;
    this.#response = response;
    this.expectsContinue = expectsContinue;
  }

  /** Whether somebody reads it, or has. */
  get begun(): boolean {
    return this.#sink !== null;
  }

  read(sink: BodySink): void {
    this.#sink = sink;
    if (this.#fault) return sink.fail(this.#fault);
    if (this.expectsContinue && !this.#response.headersSent) this.#response.writeContinue();
    this.#request
      .on('data', (chunk: Buffer) => sink.data(chunk))
      .on('end', () => sink.end(this.#request.rawTrailers))
      .on('error', (cause) => sink.fail(cause));
  }

  pause(): void {
    this.#request.pause();
  }

  resume(): void {
    this.#request.resume();
  }

  fault(cause: Error): void {
    this.#fault = cause;
    this.#sink?.fail(cause);
  }
}

/** Whether the head announces any. */
export function hasBody(request: IncomingMessage): boolean {
  const { headers } = request;
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) > 0);
}
