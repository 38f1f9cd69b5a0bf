import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { BodySink, Fields, RequestBody } from '../../exchange/contract.ts';
import { GatewayError } from '../../exchange/error-catalog.ts';

/** The body of a request on a stream of HTTP/2. Flow control holds the client back until it is read. */
export class H2Body implements RequestBody {
  readonly length: number | null;
  readonly expectsContinue: boolean;
  readonly #stream: ServerHttp2Stream;
  readonly #received: (bytes: number) => void;
  #trailers: Fields = [];
  #isDropped = false;

  /** @param received called for each part that arrives */
  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, received: (bytes: number) => void) {
    const length = headers['content-length'];
    this.length = length === undefined ? null : Number(length);
    this.expectsContinue = headers.expect?.toLowerCase() === '100-continue';
    this.#stream = stream.on('trailers', (_headers, _flags, rawTrailers) => {
      this.#trailers = rawTrailers;
    });
    this.#received = received;
  }

  read(sink: BodySink): void {
    const stream = this.#stream;
    let ended = false;
    if (this.expectsContinue && !stream.headersSent) stream.additionalHeaders({ ':status': 100 });
    // Node emits the end of an empty body even before anything listens.
    if (stream.readableEnded) return sink.end(this.#trailers);
    stream
      .on('data', (chunk: Buffer) => {
        this.#received(chunk.length);
        if (!this.#isDropped) sink.data(chunk);
      })
      .on('end', () => {
        ended = true;
        if (this.#isDropped) sink.fail(stopped());
        else sink.end(this.#trailers);
      })
      .on('aborted', () => {
        if (!ended)
          sink.fail(new GatewayError('client_left', 'the client reset the stream in the middle of a body'));
      });
  }

  /** Reads and drops the rest of a body whose stream is closed: Node keeps the stream while unread bytes wait. */
  drop(): void {
    this.#isDropped = true;
    this.#stream.resume();
  }

  pause(): void {
    if (!this.#isDropped) this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }
}

function stopped(): GatewayError {
  return new GatewayError('client_left', 'the answer was complete before the body');
}
