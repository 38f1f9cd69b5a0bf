import type { GatewayError } from '../exchange/error-catalog.ts';
import type { LongLived, LongLivedExchanges } from '../exchange/long-lived.ts';
import type { ForwardOwner } from '../forward/http.ts';
import type { Exchange } from './exchange.ts';
import type { Routed } from './routed.ts';

/** Owns a forwarding that a cache or an extension has asked for: the answer goes to them, and the client's exchange ends by itself, maybe before. */
export class HandlerOwner implements ForwardOwner {
  readonly #exchange: Exchange;
  readonly #routed: Routed;
  readonly #downstream: Answered;
  readonly #among: LongLivedExchanges;

  constructor(exchange: Exchange, routed: Routed, downstream: Answered, among: LongLivedExchanges) {
    this.#exchange = exchange;
    this.#routed = routed;
    this.#downstream = downstream;
    this.#among = among;
  }

  failed(error: GatewayError): void {
    this.#downstream.fail(error);
  }

  lasts(forward: LongLived): void {
    this.#among.add(this.#routed.live.signature, forward);
    this.#exchange.letSnapshotGo();
  }

  closed(lasted: LongLived | null): void {
    if (lasted) this.#among.delete(this.#routed.live.signature, lasted);
  }
}

/** Receives the answer, or hears that there is none. */
interface Answered {
  fail(error: GatewayError): void;
}
