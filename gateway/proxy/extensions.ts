import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import { GatewayError } from '../exchange/error-catalog.ts';
import { extendedBy } from '../route/lane.ts';
import { ExtendedExchanges, type ForwardExtended } from './extended.ts';
import type { FastifyExchange } from './fastify-exchange.ts';
import type { HookEdits } from './hook-edits.ts';
import type { RouterHandlers } from './router.ts';

/** Continues an exchange that its hooks have let pass. */
export type GoOn = (exchange: FastifyExchange, edits: HookEdits) => void;

/** The gateway's page and extended routes: their requests go to Fastify and come back to be forwarded. */
export class Extensions {
  /** Forwards requests that extensions make. */
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

  /** Callbacks of a snapshot's Fastify instance. @param page answers with the gateway's page */
  handlers(page: RouterHandlers['page']): RouterHandlers {
    const { waiting } = this;
    return {
      log: this.#log,
      page,
      waiting,
      routeOf: (request) => this.#of(request).route,
      tag: (request, shown) => [waiting.name, waiting.add(this.#of(request), shown)],
      headDue: (request) => this.#of(request).downstream.headDue(),
      flushHead: (request) => this.#of(request).downstream.flushHead(),
      isHandshake: (request) => this.#of(request).handshake !== null,
      hooksPassed: (request, edits) => this.#goOn(this.#of(request), edits),
      extensionFailed: (request, cause, set) => this.#of(request).fail(cause, set),
    };
  }
}

/**
 * Fastify knows exchanges by Node's request. In a WeakMap each of them would outlive its request until V8 collects its whole heap: that took a third
 * of the time of an extended exchange.
 */
const EXCHANGE = Symbol('exchange');

type CarriedRequest = IncomingMessage & { [EXCHANGE]?: FastifyExchange };
