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

  /** @param closed called once, when the answer is out or can't get out; `completed` tells which. */
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

/** For a client to take what is no more than some kilobytes. */
const UNTAKEN_MS = 60_000;
