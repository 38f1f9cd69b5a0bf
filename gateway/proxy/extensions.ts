import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { GatewayError } from '../exchange/error-catalog.ts';
import { ExtendDispatcher } from '../forward/extend.ts';
import type { Carrier } from './carrier.ts';
import { ExtendedExchanges, extensionError, refusalAnswer } from './extended.ts';
import { type Passage, passageOf } from './passage.ts';
import type { Responder } from './responder.ts';

/** What extended routes need of the gateway: their requests' way back into it, and an answer where they fail. */
export class Extensions {
  readonly #responder: Responder;
  readonly #waiting: ExtendedExchanges;
  /** A hook and the answer that it was given may fail both. */
  readonly #failed = new WeakSet<Passage>();
  readonly dispatcher: ExtendDispatcher;

  constructor(carrier: Carrier, responder: Responder) {
    this.#responder = responder;
    this.#waiting = new ExtendedExchanges((passage, downstream, edit) =>
      carrier.carryExtended(passage, downstream, edit),
    );
    this.dispatcher = new ExtendDispatcher(this.#waiting);
  }

  tag(request: IncomingMessage, shown: IncomingHttpHeaders): readonly [name: string, value: string] {
    return [this.#waiting.name, this.#waiting.add(passageOf(request), shown)];
  }

  headDue(request: IncomingMessage): void {
    passageOf(request).http?.headDue();
  }

  flushHead(request: IncomingMessage): void {
    passageOf(request).http?.flushHead();
  }

  failed(request: IncomingMessage, cause: unknown): void {
    const passage = passageOf(request);
    if (passage.over || this.#failed.has(passage)) return;
    this.#failed.add(passage);
    if (passage.http?.headSent) return passage.place.abort();
    const error = extensionError(cause);
    if (error instanceof GatewayError) this.#responder.error(passage, error);
    else this.#responder.refusal(passage, error.status, refusalAnswer(error, passage.record.requestId));
  }
}
