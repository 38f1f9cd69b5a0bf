import type { BodySink, Fields, RequestBody } from './contract.ts';
import { RequestBodyFilter } from './request-body-filter.ts';

/** The beginning of a body, copied on its way, and how long the whole of it was. */
export class CapturedBody {
  readonly #chunks: Buffer[] = [];
  kept = 0;
  bytes = 0;
  /** Whether its end has come by. */
  whole = false;

  take(chunk: Buffer): void {
    this.bytes += chunk.length;
    const room = CAPTURED_MAX_BYTES - this.kept;
    if (room <= 0) return;
    // The bytes are borrowed, and a part of a large piece must not keep all of it.
    const copy = Buffer.from(chunk.subarray(0, room));
    this.#chunks.push(copy);
    this.kept += copy.length;
  }

  get isTruncated(): boolean {
    return this.kept < this.bytes || !this.whole;
  }

  get content(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

/** The most that is kept of one body. */
const CAPTURED_MAX_BYTES: number = 64 * 1024;

/** The body of a request, seen on its way. */
export class InspectedBody extends RequestBodyFilter {
  readonly #captured: CapturedBody;

  constructor(body: RequestBody, captured: CapturedBody) {
    super(body);
    this.#captured = captured;
  }

  override read(sink: BodySink): void {
    this.body.read({
      data: (chunk) => {
        this.#captured.take(chunk);
        sink.data(chunk);
      },
      end: (trailers: Fields) => {
        this.#captured.whole = true;
        sink.end(trailers);
      },
      fail: (cause) => sink.fail(cause),
      held: (ms) => sink.held?.(ms),
    });
  }
}
