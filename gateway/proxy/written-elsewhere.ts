import type { DownstreamListener } from '../exchange/contract.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import type { Clock, Deadline, Timed } from '../exchange/timer-wheel.ts';
import type { InFlight } from './in-flight.ts';
import type { Passage } from './passage.ts';
import type { Responder } from './responder.ts';

/** An exchange whose answer Fastify writes: what we see of it is how the connection gets on, and how long it takes. */
export class WrittenElsewhere implements DownstreamListener, Timed {
  readonly #passage: Passage;
  readonly #responder: Responder;
  readonly #inFlight: InFlight;
  readonly #deadline: Deadline;

  constructor(passage: Passage, responder: Responder, inFlight: InFlight, clock: Clock) {
    this.#passage = passage;
    this.#responder = responder;
    this.#inFlight = inFlight;
    this.#deadline = clock.deadline(this);
  }

  begin(): void {
    const { http, record } = this.#passage;
    http!.writtenElsewhere(record.requestId, () => this.#headDue());
    http!.listen(this);
    this.#arm();
  }

  /** Hooks that never settle would hold the exchange for ever; the gateway's own page has none. */
  #arm(): void {
    const { exchange } = this.#passage;
    if (exchange) this.#deadline.arm(exchange.match.route.timeouts.responseMs);
  }

  timedOut(): void {
    const { http, extended, exchange } = this.#passage;
    if (http!.headSent) return;
    // Between the hooks the forwarding keeps the time.
    if (extended?.underWay) return this.#arm();
    const { extend, timeouts } = exchange!.match.route;
    const error = new GatewayError(
      'extension_timeout',
      `a hook of ${extend} has not come to an end within ${timeouts.responseMs} ms`,
    );
    this.#passage.refusal = error;
    this.#responder.error(this.#passage, error);
  }

  /** The answer begins: from now on it may pause as long as a service's. */
  #headDue(): void {
    this.#timeWrites(this.#passage.exchange!.match.route.timeouts.idleMs);
  }

  #timeWrites(idleMs: number): void {
    this.#passage.http!.timeWrites(idleMs, () => this.#stalled(idleMs));
  }

  #stalled(afterMs: number): void {
    const { http, extended, record, exchange } = this.#passage;
    const { idleMs, tunnelIdleMs } = exchange!.match.route.timeouts;
    const boundMs = http!.eventStream ? tunnelIdleMs : idleMs;
    // Before the head the hooks have their own time, and between them the forwarding keeps it.
    if (!http!.headSent || extended?.underWay || afterMs < boundMs) return this.#timeWrites(boundMs);
    const code = http!.blocked ? 'reader_timeout' : 'idle_timeout';
    record.status = http!.status;
    this.#responder.noteBrokenOff(record, new GatewayError(code, `nothing was sent for ${boundMs} ms`));
    http!.abort();
  }

  drained(): void {}

  closed(completed: boolean): void {
    const { record, extended, http } = this.#passage;
    this.#deadline.clear();
    if (completed) record.status = http!.status;
    record.bytesOut = http!.writtenBytes;
    if (!completed && record.errorCode === null) this.#responder.noteLeft(record);
    extended?.left(new GatewayError('client_left', 'the client closed its connection'));
    this.#inFlight.leave(this.#passage);
  }
}
