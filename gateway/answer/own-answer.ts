import type { Downstream, DownstreamListener } from '../exchange/contract.ts';

/**
 * An answer that the gateway makes itself, in the eyes of its recipient. Answers of services are timed by their forwarding; this one
 * is cut off when it is not taken within a minute: a client that asks on and on and reads nothing would keep its connection for ever.
 */
export class OwnAnswer implements DownstreamListener {
  readonly #downstream: Downstream;
  readonly #closed: (completed: boolean) => void;
  #over = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param closed called once, when the answer is sent or can't be sent; `completed` says which */
  constructor(downstream: Downstream, closed: (completed: boolean) => void) {
    this.#downstream = downstream;
    this.#closed = closed;
    downstream.listen(this);
  }

  /** All of it was handed to the client's connection. Where it is out by then, no timer is taken. */
  written(): void {
    if (!this.#over) this.#timer = setTimeout(() => this.#downstream.abort(), UNTAKEN_MS);
  }

  drained(): void {}

  closed(completed: boolean): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#closed(completed);
  }
}

/** The time for a client to receive a few kilobytes. */
const UNTAKEN_MS = 60_000;
