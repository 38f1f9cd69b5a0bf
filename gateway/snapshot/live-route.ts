import type { GatewayConfig, RouteConfig } from '../config/model.ts';
import { dialAddresses, type EndpointRegistry } from '../upstream/registry.ts';
import { Upstream } from '../upstream/upstream.ts';

/** A route at work: its configuration, and the endpoints that it shares with whoever else names them. */
export interface LiveRoute {
  readonly config: RouteConfig;
  readonly upstream: Upstream;
  /** Two routes with the same signature treat an exchange alike, wherever they stand in whichever version of the file. */
  readonly signature: string;
}

export function liveRoutes(config: GatewayConfig, registry: EndpointRegistry): LiveRoute[] {
  return config.routes.map((route) => ({
    config: route,
    upstream: new Upstream(
      dialAddresses(route.upstream.endpoints).map((address) =>
        registry.acquire(address, route.timeouts.connectMs),
      ),
    ),
    signature: signatureOf(route),
  }));
}

export function releaseRoutes(routes: readonly LiveRoute[], registry: EndpointRegistry): void {
  for (const { config } of routes) {
    for (const address of dialAddresses(config.upstream.endpoints))
      registry.release(address, config.timeouts.connectMs);
  }
}

/** Everything but where in the file it stands. */
export function signatureOf(route: RouteConfig): string {
  const { source: _source, ...meaning } = route;
  return JSON.stringify(meaning);
}
