import type { IncomingHttpHeaders } from 'node:http';
import type { DownstreamListener } from '../exchange/contract.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import type { LongLived } from '../exchange/long-lived.ts';
import { noteError } from '../exchange/record.ts';
import type { Clock, Deadline, Timed } from '../exchange/timer-wheel.ts';
import { isForwardingField } from '../fields/forwarded.ts';
import type { HandlerDownstream } from '../forward/extend.ts';
import type { ForwardOwner } from '../forward/http.ts';
import type { Handshake } from '../listener/handshake.ts';
import type { HttpDownstream } from '../listener/http-downstream.ts';
import { extendedBy } from '../route/lane.ts';
import { type Exchange, UpgradeRequest } from './exchange.ts';
import { extensionError, extensionFault, refusalAnswer } from './extension-error.ts';
import type { Routed } from './routed.ts';
import type { InternalRoute } from './router.ts';
import type { SetFields } from './set-fields.ts';

/** An exchange whose answer Fastify writes. It watches the connection and the time. */
export class FastifyExchange implements DownstreamListener, Timed {
  readonly exchange: Exchange;
  readonly downstream: HttpDownstream;
  /** The extended route that took it; `null`: it gets the gateway's own page. */
  readonly routed: Routed | null;
  /** Of a WebSocket. */
  readonly handshake: Handshake | null;
  readonly #deadline: Deadline;
  /** The extension's request to the service, once it has made one. */
  #request: HandlerDownstream | null = null;
  /** A hook and the answer that it was given may fail both. */
  #failed = false;
  #passed = false;

  constructor(
    exchange: Exchange,
    downstream: HttpDownstream,
    routed: Routed | null,
    clock: Clock,
    handshake: Handshake | null = null,
  ) {
    this.exchange = exchange;
    this.downstream = downstream;
    this.routed = routed;
    this.handshake = handshake;
    this.#deadline = clock.deadline(this);
  }

  /** @param afterwards gets errors that a listener of a hook throws after the exchange */
  begin(afterwards: (cause: unknown) => void): void {
    this.downstream.writtenByFastify(
      this.exchange.record.requestId,
      () => this.#headDue(),
      (cause) => {
        if (!this.#listenerFailed(cause)) afterwards(cause);
      },
    );
    this.downstream.listen(this);
    this.#arm();
  }

  /** Where inside Fastify it goes. */
  get route(): InternalRoute {
    return this.routed ? { kind: 'extended', index: this.routed.match.index } : { kind: 'page' };
  }

  /** Hides claims of an untrusted peer about origin and identity from extensions, as from services. */
  hideClaims(headers: IncomingHttpHeaders): void {
    const { snapshot, peer } = this.exchange;
    const trusted = snapshot.trust.includes(peer.address);
    for (const name of Object.keys(headers)) {
      if (isForwardingField(name) && (!trusted || name.includes('_'))) delete headers[name];
    }
  }

  /** The extension sends its request. */
  requests(downstream: HandlerDownstream): void {
    this.#request = downstream;
  }

  /** An extension threw, or its request failed. @param set the fields of an answer that hooks had set by then. */
  fail(cause: unknown, set: SetFields): void {
    const { exchange } = this;
    const error = extensionError(cause);
    if (error instanceof GatewayError) return void (this.#fails(error) && exchange.failed(error));
    if (!this.#fails(new GatewayError('extension_failed', error.detail))) return;
    const { record } = exchange;
    const { fields, body } = refusalAnswer(error, record.requestId, set);
    record.policy = HOOKS;
    record.cause = error.detail;
    exchange.answer(error.status, fields, body);
  }

  /** @returns whether the exchange was still under way */
  #listenerFailed(cause: unknown): boolean {
    const { exchange, downstream } = this;
    const error = extensionFault(cause);
    if (exchange.state.kind === 'over') return false;
    const { downstream: current, record } = exchange;
    if (current instanceof UpgradeRequest) {
      // An accepted handshake is a tunnel, or has another answer: an error can't be sent in either.
      if (exchange.state.kind !== 'routed') return false;
      current.socket.destroy();
    } else if (!downstream.answered) {
      if (this.#fails(error)) exchange.failed(error);
      return true;
    }
    if (record.errorCode === null) noteError(record, error);
    return true;
  }

  /** Whether this failure is the first and can still be answered; an answer that has begun breaks off. */
  #fails(error: GatewayError): boolean {
    if (this.exchange.state.kind === 'over' || this.#failed) return false;
    this.#failed = true;
    if (!this.downstream.headSent) return true;
    this.#breakOff(error);
    return false;
  }

  #breakOff(error: GatewayError): void {
    const { record } = this.exchange;
    record.status = this.downstream.status;
    // An error that the forwarding noted is nearer to the cause.
    if (record.errorCode === null) noteError(record, error);
    this.downstream.abort();
  }

  /** Ends the timeout of the hooks; the next phases have their own. @returns whether the exchange goes on */
  hooksPassed(): boolean {
    // A hook that calls `done` twice would have it forwarded twice.
    if (this.#passed || this.exchange.state.kind !== 'routed') return false;
    this.#passed = true;
    this.#deadline.clear();
    if (!this.downstream.headSent) return true;
    this.#breakOff(new GatewayError('extension_failed', 'a hook began an answer and let the exchange pass'));
    return false;
  }

  /** Hooks that never settle would hold the exchange for ever; the gateway's own page has none. */
  #arm(): void {
    if (this.routed) this.#deadline.arm(this.routed.timeouts.responseMs);
  }

  timedOut(): void {
    const { routed } = this;
    if (!routed || this.downstream.headSent) return;
    // Between the hooks the forwarding keeps the time.
    if (this.#request?.underWay) return this.#arm();
    const { route } = routed.match;
    const what = `a hook of ${extendedBy(route)} has not come to an end within ${route.timeouts.responseMs} ms`;
    this.exchange.refuse(routed, new GatewayError('extension_timeout', what));
  }

  /** The answer begins: from now on it may pause as long as a service's. */
  #headDue(): void {
    if (this.routed) this.#timeWrites(this.routed, this.routed.timeouts.idleMs);
  }

  #timeWrites(routed: Routed, idleMs: number): void {
    this.downstream.timeWrites(idleMs, () => this.#stalled(routed, idleMs));
  }

  #stalled(routed: Routed, afterMs: number): void {
    const { downstream } = this;
    const { idleMs, tunnelIdleMs } = routed.timeouts;
    const boundMs = downstream.eventStream ? tunnelIdleMs : idleMs;
    // Before the head the hooks have their own time, and between them the forwarding keeps it.
    if (!downstream.headSent || this.#request?.underWay || afterMs < boundMs)
      return this.#timeWrites(routed, boundMs);
    const code = downstream.blocked ? 'reader_timeout' : 'idle_timeout';
    this.#breakOff(new GatewayError(code, `nothing was sent for ${boundMs} ms`));
  }

  drained(): void {}

  /** Neither the service nor the gateway has. */
  get #answeredByHooks(): boolean {
    const { routed, downstream, exchange } = this;
    const asked = this.#passed || this.#request !== null;
    return routed !== null && !asked && downstream.headSent && exchange.record.errorCode === null;
  }

  closed(completed: boolean): void {
    const { exchange, downstream } = this;
    // A hook may destroy the response of a handshake that is a tunnel by now.
    if (exchange.downstream !== downstream) return;
    const { record } = exchange;
    this.#deadline.clear();
    if (completed) record.status = downstream.status;
    if (this.#answeredByHooks) record.policy = HOOKS;
    record.bytesOut = downstream.writtenBytes;
    if (!completed && record.errorCode === null) exchange.clientLeft();
    if (this.#request?.underWay)
      this.#request.left(new GatewayError('client_left', 'the client closed its connection'));
    exchange.leave();
  }
}

/** The name of the hooks in logs and metrics, where policies have theirs. */
const HOOKS = 'hooks';

/** Forwards an exchange that its hooks have let pass. Only a throw of a hook at the answer is reported as the hook's. */
export class BehindHooks implements ForwardOwner {
  readonly #fastify: FastifyExchange;

  constructor(fastify: FastifyExchange) {
    this.#fastify = fastify;
  }

  failed(error: GatewayError): void {
    this.#fastify.fail(error.code === 'extension_failed' ? (error.cause ?? error) : error, {});
  }

  lasts(forward: LongLived): void {
    this.#fastify.exchange.lasts(forward);
  }

  closed(lasted: LongLived | null): void {
    this.#fastify.exchange.closed(lasted);
  }
}
