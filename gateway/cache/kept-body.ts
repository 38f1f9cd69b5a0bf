import type { Dispatcher } from 'undici';

/** Who takes the pieces. */
export interface KeptBodyTaker {
  onResponseData(controller: Dispatcher.DispatchController, piece: Buffer): void;
  onResponseEnd(): void;
  onResponseError(controller: Dispatcher.DispatchController, cause: Error): void;
}

/**
 * A kept body on its way to one client. It goes in pieces, each when there is room for it: of one large piece
 * nobody could see how a slow client gets on with it, and take it for one that does not read.
 */
export class KeptBody implements Dispatcher.DispatchController {
  readonly #body: Buffer;
  readonly #taker: KeptBodyTaker;
  #at = 0;
  aborted = false;
  paused = false;
  reason: Error | null = null;

  constructor(body: Buffer, taker: KeptBodyTaker) {
    this.#body = body;
    this.#taker = taker;
  }

  flow(): void {
    try {
      while (!this.paused && this.#at < this.#body.length) this.#give();
      if (this.#at === this.#body.length && !this.aborted) this.#taker.onResponseEnd();
    } catch (cause) {
      this.#taker.onResponseError(this, cause as Error);
    }
  }

  #give(): void {
    const from = this.#at;
    this.#at = Math.min(from + PIECE_BYTES, this.#body.length);
    this.#taker.onResponseData(this, this.#body.subarray(from, this.#at));
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    if (this.#at < this.#body.length) this.flow();
  }

  abort(reason: Error): void {
    this.aborted = this.paused = true;
    this.reason = reason;
  }
}

const PIECE_BYTES = 64 * 1024;
