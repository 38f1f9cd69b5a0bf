import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import { GatewayError } from '../exchange/error-catalog.ts';
import { extendedBy } from '../route/lane.ts';
import { ExtendedExchanges, type ForwardExtended } from './extended.ts';
import type { FastifyExchange } from './fastify-exchange.ts';
import type { HookEdits } from './hook-edits.ts';
import type { InternalRoute } from './router.ts';
import type { SetFields } from './set-fields.ts';

/** Goes on with what its hooks have let pass. */
export type GoOn = (exchange: FastifyExchange, edits: HookEdits) => void;

/** What is in Fastify's hands: the gateway's page and extended routes, whose requests come back from there to be forwarded. */
export class Extensions {
  readonly waiting: ExtendedExchanges;
  readonly #goOn: GoOn;
  readonly #log: Logger;

  constructor(forward: ForwardExtended, goOn: GoOn, log: Logger) {
    this.#goOn = goOn;
    this.#log = log;
    this.waiting = new ExtendedExchanges(forward);
  }

  begin(request: IncomingMessage, exchange: FastifyExchange): void {
    (request as CarriedRequest)[EXCHANGE] = exchange;
    exchange.begin((cause) => this.#threwAfterwards(exchange, cause));
    if (exchange.routed) exchange.hideClaims(request.headers);
  }

  #threwAfterwards({ routed, exchange }: FastifyExchange, err: unknown): void {
    const { requestId } = exchange.record;
    const what = `a listener of ${routed ? extendedBy(routed.match.route) : 'the page'} threw when its exchange was over`;
    this.#log.error({ err, route: routed?.match.route.id, requestId }, what);
  }

  #of(request: IncomingMessage): FastifyExchange {
    const exchange = (request as CarriedRequest)[EXCHANGE];
    if (!exchange) throw new GatewayError('internal', 'Fastify has a request that belongs to no exchange');
    return exchange;
  }

  routeOf(request: IncomingMessage): InternalRoute {
    return this.#of(request).route;
  }

  tag(request: IncomingMessage, shown: IncomingHttpHeaders): readonly [name: string, value: string] {
    return [this.waiting.name, this.waiting.add(this.#of(request), shown)];
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

  hooksPassed(request: IncomingMessage, edits: HookEdits): void {
    this.#goOn(this.#of(request), edits);
  }

  failed(request: IncomingMessage, cause: unknown, set: SetFields): void {
    this.#of(request).fail(cause, set);
  }
}

/**
 * Fastify knows exchanges by Node's request. In a WeakMap each of them would outlive its request until V8 collects its whole heap: that took a third
 * of the time of an extended exchange.
 */
const EXCHANGE = Symbol('exchange');

type CarriedRequest = IncomingMessage & { [EXCHANGE]?: FastifyExchange };
