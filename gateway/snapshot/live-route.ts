import type { GatewayConfig, RouteConfig } from '../config/model.ts';
import type { UpstreamRegistry, UpstreamWish } from '../upstream/registry.ts';
import type { Upstream } from '../upstream/upstream.ts';

/** A route at work: its configuration, and its upstream, whose endpoints it shares with whoever else names them. */
export interface LiveRoute {
  readonly config: RouteConfig;
  readonly upstream: Upstream;
  /** What the upstream was asked for by. */
  readonly wish: UpstreamWish;
  /** Two routes with the same signature treat an exchange alike, wherever they stand in whichever version of the file. */
  readonly signature: string;
}

export function liveRoutes(config: GatewayConfig, registry: UpstreamRegistry): LiveRoute[] {
  return config.routes.map((route) => {
    const { id, upstream, timeouts } = route;
    const wish = {
      scope: id,
      config: upstream,
      connectTimeoutMs: timeouts.connectMs,
      resolver: config.resolver,
    };
    return { config: route, upstream: registry.acquire(wish), wish, signature: signatureOf(route) };
  });
}

export function releaseRoutes(routes: readonly LiveRoute[], registry: UpstreamRegistry): void {
  for (const { wish } of routes) registry.release(wish);
}

/** Everything but where in the file it stands. */
export function signatureOf(route: RouteConfig): string {
  const { source: _source, ...meaning } = route;
  return JSON.stringify(meaning);
}
