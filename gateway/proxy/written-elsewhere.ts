import type { DownstreamListener } from '../exchange/contract.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import type { InFlight } from './in-flight.ts';
import type { Passage } from './passage.ts';
import type { Responder } from './responder.ts';

/** An exchange whose answer Fastify writes: what we see of it is how the connection gets on. */
export class WrittenElsewhere implements DownstreamListener {
  readonly #passage: Passage;
  readonly #responder: Responder;
  readonly #inFlight: InFlight;

  constructor(passage: Passage, responder: Responder, inFlight: InFlight) {
    this.#passage = passage;
    this.#responder = responder;
    this.#inFlight = inFlight;
  }

  begin(): void {
    const { http, record } = this.#passage;
    http!.writtenElsewhere(record.requestId);
    http!.listen(this);
  }

  drained(): void {}

  closed(completed: boolean): void {
    const { record, extended, http } = this.#passage;
    if (completed) {
      record.status = http!.status;
      // Where no endpoint was asked, nothing of the body has passed the forwarding, which counts.
      if (record.attempts === 0) record.bytesOut = http!.writtenBytes;
    }
    if (!completed && record.errorCode === null) this.#responder.noteLeft(record);
    extended?.left(new GatewayError('client_left', 'the client closed its connection'));
    this.#inFlight.leave(this.#passage);
  }
}
