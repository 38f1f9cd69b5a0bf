import type { GatewayError } from '../exchange/error-catalog.ts';
import type { Lasting, LastingExchanges } from '../exchange/long-lived.ts';
import type { HandlerDownstream } from '../forward/extend.ts';
import type { ForwardOwner } from '../forward/http.ts';
import type { InFlight } from './in-flight.ts';
import type { Passage } from './passage.ts';
import type { Responder } from './responder.ts';

/** What the end of an exchange's forwarding means. */
export interface ForwardEnd {
  failed(error: GatewayError): void;
  closed(): void;
}

/** On a plain route: the client's answer, or the error in its place, and the end of the exchange. */
export class PlainEnd implements ForwardEnd {
  readonly #passage: Passage;
  readonly #responder: Responder;
  readonly #inFlight: InFlight;

  constructor(passage: Passage, responder: Responder, inFlight: InFlight) {
    this.#passage = passage;
    this.#responder = responder;
    this.#inFlight = inFlight;
  }

  failed(error: GatewayError): void {
    this.#responder.error(this.#passage, error);
  }

  closed(): void {
    this.#inFlight.leave(this.#passage);
  }
}

/** Where a cache or an extension has asked: the answer is theirs, and the client's exchange ends elsewhere. */
export class HandlerEnd implements ForwardEnd {
  readonly #downstream: HandlerDownstream;

  constructor(downstream: HandlerDownstream) {
    this.#downstream = downstream;
  }

  failed(error: GatewayError): void {
    this.#downstream.fail(error);
  }

  closed(): void {}
}

/** Whom forwarding tells: keeps account of exchanges that last, and passes the end on. */
export class Forwarding implements ForwardOwner {
  readonly #passage: Passage;
  readonly #end: ForwardEnd;
  readonly #among: LastingExchanges;
  readonly #inFlight: InFlight;
  #lasting: Lasting | null = null;

  constructor(passage: Passage, end: ForwardEnd, among: LastingExchanges, inFlight: InFlight) {
    this.#passage = passage;
    this.#end = end;
    this.#among = among;
    this.#inFlight = inFlight;
  }

  failed(error: GatewayError): void {
    this.#end.failed(error);
  }

  lasts(exchange: Lasting): void {
    this.#lasting = exchange;
    this.#among.add(this.#passage.live.signature, exchange);
    this.#inFlight.letSnapshotGo(this.#passage);
  }

  closed(): void {
    if (this.#lasting) this.#among.delete(this.#passage.live.signature, this.#lasting);
    this.#end.closed();
  }
}
