import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fields } from '../exchange/contract.ts';
import { inSlices } from '../exchange/time-slice.ts';
import { TrustedPeers } from '../fields/forwarded.ts';
import type { GatewayConfig, HstsConfig } from '../model/config.ts';
import { editor } from '../policy/headers/rules.ts';
import type { KeptStates } from '../policy/kept.ts';
import { unroutedPolicies } from '../policy/order.ts';
import type { RoutePolicies } from '../policy/route-policies.ts';
import { type RouteTable, routeTableSteps, showsOwnPage } from '../route/table.ts';
import type { UpstreamRegistry } from '../upstream/registry.ts';
import { answered, type LiveRoute, liveRoutes, openPolicies, releaseRoutes } from './live-route.ts';
import type { Router, RouterHandlers } from './router.ts';

/**
 * One compiled configuration at work. It is built beside the running one, serves from the moment it is swapped in, and after it was swapped
 * out it lives until its last exchange has ended.
 */
export class Snapshot {
  readonly config: GatewayConfig;
  readonly table: RouteTable;
  readonly routes: readonly LiveRoute[];
  /** Where no route takes an exchange. */
  readonly unrouted: RoutePolicies;
  readonly trust: TrustedPeers;
  /** Changes the fields of every answer over TLS; `null`: nothing to change. */
  readonly overTls: ((fields: Fields) => Fields) | null;
  readonly #registry: UpstreamRegistry;
  readonly #signatures = new Set<string>();
  /** `null`: nothing of this configuration needs Fastify, which is then not even loaded: 40 MiB and half of the time of a start. */
  #router: Router | null = null;
  #exchanges = 0;
  #retired = false;
  #closed = false;

  private constructor(
    config: GatewayConfig,
    registry: UpstreamRegistry,
    table: RouteTable,
    routes: readonly LiveRoute[],
    unrouted: RoutePolicies,
  ) {
    this.config = config;
    this.#registry = registry;
    this.table = table;
    this.unrouted = unrouted;
    this.trust = new TrustedPeers(config.trustProxy);
    this.overTls = config.tls?.hsts ? withHsts(config.tls.hsts) : null;
    this.routes = routes;
  }

  /** @throws ExtensionError for a module that can't be loaded or does not fit, PolicyError. */
  static async build(
    config: GatewayConfig,
    registry: UpstreamRegistry,
    kept: KeptStates,
    handlers: RouterHandlers,
    mode: 'development' | 'production',
  ): Promise<Snapshot> {
    const routes = await liveRoutes(config, registry, kept);
    const unrouted = unroutedPolicies(config);
    try {
      const table = await inSlices(routeTableSteps(config, mode));
      const snapshot = new Snapshot(config, registry, table, routes, unrouted);
      await inSlices(snapshot.#sign());
      await openPolicies(routes, kept);
      await unrouted.open(kept, '(none)');
      if (showsOwnPage(config, mode) || routes.some(({ extended }) => extended)) {
        const { buildRouter } = await import('./router.ts');
        snapshot.#router = await buildRouter(config.routes, handlers);
      }
      // It serves when it knows where its names lead.
      await answered(routes);
      return snapshot;
    } catch (cause) {
      unrouted.close();
      await releaseRoutes(routes, registry);
      throw cause;
    }
  }

  *#sign(): Generator<void, void> {
    for (const { signature } of this.routes) yield void this.#signatures.add(signature);
  }

  /** Whether a route of this very meaning is served. */
  serves(signature: string): boolean {
    return this.#signatures.has(signature);
  }

  /** Hands a request to Fastify, at the internal route that `routeOf` (RouterHandlers) names. */
  dispatch(request: IncomingMessage, response: ServerResponse): void {
    this.#router!.routing(request, response);
  }

  retain(): void {
    this.#exchanges++;
  }

  release(): void {
    this.#exchanges--;
    this.#closeIfDone();
  }

  /** Called when another snapshot serves: exchanges under way finish, then everything that no other snapshot uses is closed. */
  retire(): void {
    this.#retired = true;
    this.#closeIfDone();
  }

  #closeIfDone(): void {
    if (!this.#retired || this.#closed || this.#exchanges > 0) return;
    this.#closed = true;
    this.unrouted.close();
    void releaseRoutes(this.routes, this.#registry);
    this.#router?.close();
  }
}

/** RFC 6797 §6.1: replaces the service's field. It must not be sent without TLS (§7.2). */
function withHsts({ maxAgeMs, subDomains }: HstsConfig): (fields: Fields) => Fields {
  const value = `max-age=${Math.floor(maxAgeMs / 1000)}${subDomains ? '; includeSubDomains' : ''}`;
  return editor({ drop: ['strict-transport-security'], append: ['Strict-Transport-Security', value] });
}
