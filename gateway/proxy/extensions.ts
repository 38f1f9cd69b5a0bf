import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { GatewayError } from '../exchange/error-catalog.ts';
import { ExtendDispatcher } from '../forward/extend.ts';
import { ExtendedExchanges, extensionError, type ForwardExtended, refusalAnswer } from './extended.ts';
import type { FastifyExchange } from './fastify-exchange.ts';
import type { PassedHandshake } from './passed-handshake.ts';
import type { InternalRoute } from './router.ts';
import type { SetFields } from './set-fields.ts';

/** Opens the tunnel that a handshake asked for, once its hooks have let it pass. */
export type OpenTunnel = (exchange: FastifyExchange, passed: PassedHandshake) => void;

/** What is in Fastify's hands: the gateway's page and extended routes, whose requests come back from there to be forwarded. */
export class Extensions {
  readonly #waiting: ExtendedExchanges;
  /** Fastify knows exchanges by Node's request. */
  readonly #exchanges = new WeakMap<IncomingMessage, FastifyExchange>();
  readonly dispatcher: ExtendDispatcher;

  readonly #open: OpenTunnel;

  constructor(forward: ForwardExtended, open: OpenTunnel) {
    this.#open = open;
    this.#waiting = new ExtendedExchanges(forward);
    this.dispatcher = new ExtendDispatcher(this.#waiting);
  }

  begin(request: IncomingMessage, exchange: FastifyExchange): void {
    this.#exchanges.set(request, exchange);
    exchange.begin();
    if (exchange.routed) exchange.hideClaims(request.headers);
  }

  #of(request: IncomingMessage): FastifyExchange {
    const exchange = this.#exchanges.get(request);
    if (!exchange) throw new GatewayError('internal', 'Fastify has a request that belongs to no exchange');
    return exchange;
  }

  routeOf(request: IncomingMessage): InternalRoute {
    return this.#of(request).route;
  }

  tag(request: IncomingMessage, shown: IncomingHttpHeaders): readonly [name: string, value: string] {
    return [this.#waiting.name, this.#waiting.add(this.#of(request), shown)];
  }

  headDue(request: IncomingMessage): void {
    this.#of(request).downstream.headDue();
  }

  flushHead(request: IncomingMessage): void {
    this.#of(request).downstream.flushHead();
  }

  isHandshake(request: IncomingMessage): boolean {
    return this.#of(request).handshake !== null;
  }

  handshakePassed(request: IncomingMessage, passed: PassedHandshake): void {
    this.#open(this.#of(request), passed);
  }

  failed(request: IncomingMessage, cause: unknown, set: SetFields): void {
    const fastify = this.#of(request);
    const { exchange } = fastify;
    const error = extensionError(cause);
    if (error instanceof GatewayError) return void (fastify.fails(error) && exchange.failed(error));
    if (!fastify.fails(new GatewayError('extension_failed', error.detail))) return;
    const { fields, body } = refusalAnswer(error, exchange.record.requestId, set);
    exchange.answer(error.status, fields, body);
  }
}
