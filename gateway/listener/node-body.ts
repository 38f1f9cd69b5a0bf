import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodySink, RequestBody } from '../exchange/contract.ts';
import { GatewayError } from '../exchange/error-catalog.ts';

/** How a body comes in, which may be held back. */
export interface BodyFlow {
  pause(): unknown;
  resume(): unknown;
}

/** Reads a body with a length before Node's parser does. */
export interface BodyPassage {
  /** @returns `null`: Node has read of it, and it comes by its stream. */
  pass(sink: BodySink): BodyFlow | null;
}

/** The body of a request on `node:http`. */
export class NodeBody implements RequestBody {
  readonly length: number | null;
  readonly expectsContinue: boolean;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #passage: BodyPassage;
  #flow: BodyFlow;
  #sink: BodySink | null = null;
  #fault: Error | null = null;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    expectsContinue: boolean,
    passage: BodyPassage,
  ) {
    const length = request.headers['content-length'];
    this.length = length === undefined ? null : Number(length);
    this.#request = request;
    this.#response = response;
    this.#passage = passage;
    this.#flow = request;
    this.expectsContinue = expectsContinue;
  }

  /** Whether somebody reads it, or has. */
  get begun(): boolean {
    return this.#sink !== null;
  }

  read(sink: BodySink): void {
    this.#sink = sink;
    if (this.#fault) return sink.fail(this.#fault);
    // Its end would be waited for until the idle timeout, and the client be called slow. Of an empty one Node knows its end alone.
    if (this.#isTaken) return sink.fail(alreadyRead());
    if (this.expectsContinue && !this.#response.headersSent) this.#response.writeContinue();
    const isFollowed = this.#request.listenerCount('end') > 0;
    this.#flow = (isFollowed ? null : this.#passage.pass(sink)) ?? this.#stream(sink);
  }

  /** Whether a hook has read the body or listens to its data, which then comes to the hook, or to both, depending on when it arrives. */
  get #isTaken(): boolean {
    const request = this.#request;
    const isListened = request.listenerCount('data') + request.listenerCount('readable') > 0;
    return request.readableDidRead || request.readableEnded || request.readableFlowing === true || isListened;
  }

  #stream(sink: BodySink): BodyFlow {
    // A hook may have paused it, without reading.
    this.#request.resume();
    return this.#request
      .on('data', (chunk: Buffer) => sink.data(chunk))
      .on('end', () => sink.end(this.#request.rawTrailers))
      .on('error', (cause) => sink.fail(cause));
  }

  pause(): void {
    this.#flow.pause();
  }

  resume(): void {
    this.#flow.resume();
  }

  fault(cause: Error): void {
    this.#fault = cause;
    this.#sink?.fail(cause);
  }
}

function alreadyRead(): GatewayError {
  const what = 'a hook has read the body of the request, which then could not be sent to the service';
  return new GatewayError('extension_failed', what);
}

/** Whether the head announces any. */
export function hasBody(request: IncomingMessage): boolean {
  const { headers } = request;
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) > 0);
}
