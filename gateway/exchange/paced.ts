/** Bodies that go no faster than they may, by back-pressure alone: every piece is passed on at once, and the next one waits. */

import type { BodySink, Downstream, DownstreamListener, Fields, RequestBody } from './contract.ts';
import { DownstreamFilter } from './downstream-filter.ts';
import { RequestBodyFilter } from './request-body-filter.ts';

/** How fast the bytes of an exchange, or of a tunnel, may go. */
export interface Pace {
  /** Counts bytes that were sent in that direction. @returns the milliseconds until more may follow; 0 or less: at once */
  took(bytes: number, towards: 'client' | 'service'): number;
}

/** A client that is given an answer at that pace. */
export class PacedDownstream extends DownstreamFilter implements DownstreamListener {
  readonly #pace: Pace;
  #listener: DownstreamListener | null = null;
  #timer: NodeJS.Timeout | undefined;
  /** The client's own connection is full. */
  #blocked = false;

  constructor(client: Downstream, pace: Pace) {
    super(client);
    this.#pace = pace;
  }

  override listen(listener: DownstreamListener): void {
    this.#listener = listener;
    super.listen(this);
  }

  override write(chunk: Buffer): boolean {
    const bytes = chunk.length;
    if (!super.write(chunk)) this.#blocked = true;
    const waitMs = this.#pace.took(bytes, 'client');
    if (waitMs > 0) this.#hold(waitMs);
    return !this.#blocked && this.#timer === undefined;
  }

  #hold(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (!this.#blocked) this.#listener?.drained();
    }, ms);
    this.#listener?.held?.(ms);
  }

  drained(): void {
    this.#blocked = false;
    if (this.#timer === undefined) this.#listener?.drained();
  }

  override end(trailers: Fields): void {
    this.#letGo();
    super.end(trailers);
  }

  override abort(): void {
    this.#letGo();
    super.abort();
  }

  closed(completed: boolean): void {
    this.#letGo();
    this.#listener?.closed(completed);
  }

  #letGo(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** A request's body that is read at that pace. */
export class PacedBody extends RequestBodyFilter {
  readonly #pace: Pace;
  #timer: NodeJS.Timeout | undefined;
  /** Its reader has asked for a pause. */
  #paused = false;

  constructor(body: RequestBody, pace: Pace) {
    super(body);
    this.#pace = pace;
  }

  override read(sink: BodySink): void {
    this.body.read({
      data: (chunk) => {
        const waitMs = this.#pace.took(chunk.length, 'service');
        if (waitMs > 0) this.#hold(waitMs, sink);
        sink.data(chunk);
      },
      end: (trailers) => {
        clearTimeout(this.#timer);
        sink.end(trailers);
      },
      fail: (cause) => {
        clearTimeout(this.#timer);
        sink.fail(cause);
      },
    });
  }

  #hold(ms: number, sink: BodySink): void {
    clearTimeout(this.#timer);
    this.body.pause();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (!this.#paused) this.body.resume();
    }, ms);
    sink.held?.(ms);
  }

  /** Its exchange is over. */
  letGo(): void {
    clearTimeout(this.#timer);
  }

  override pause(): void {
    this.#paused = true;
    this.body.pause();
  }

  override resume(): void {
    this.#paused = false;
    if (this.#timer === undefined) this.body.resume();
  }
}
