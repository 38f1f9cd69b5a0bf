import type { EndpointAddress, PathPrefix, Port, RouteConfig, RouteMatcher } from '../../model/config.ts';
import { compilePolicyKeys } from '../../policy/order.ts';
import { upstreamConfig } from './upstream-config.ts';

/** What a test says about a route; everything else is as in `/path: 3001`. */
export interface RouteOverrides extends Partial<Omit<RouteMatcher, 'path'>> {
  readonly id?: string;
  readonly line?: number;
  readonly strip?: boolean;
  readonly upstream?: RouteConfig['upstream'];
  readonly hostHeader?: RouteConfig['hostHeader'];
  readonly extend?: string;
  readonly retries?: Partial<RouteConfig['retries']>;
  readonly lane?: RouteConfig['lane'];
  readonly escape?: RouteConfig['escape'];
}

/** A compiled route without a configuration file. `path` is taken to be canonical. */
export function routeConfig(path: string, overrides: RouteOverrides = {}): RouteConfig {
  const { id, line, strip, upstream, hostHeader, extend, retries, lane, ...matcher } = overrides;
  return {
    id: id ?? (matcher.host ?? '') + path,
    source: { line: line ?? 1, column: 3 },
    matcher: {
      host: null,
      exact: false,
      methods: null,
      headers: [],
      cookies: [],
      query: [],
      ...matcher,
      path: path as PathPrefix,
    },
    upstream: upstream ?? upstreamConfig([tcpEndpoint(3001)]),
    strip: strip ?? true,
    rewritePrefix: '',
    append: true,
    rewrite: true,
    hostHeader: hostHeader ?? 'auto',
    inspect: false,
    timeouts: { connectMs: 2_000, responseMs: 30_000, idleMs: 60_000, tunnelIdleMs: 3_600_000 },
    bodyMaxBytes: null,
    folder: null,
    redirect: null,
    extend: extend ?? null,
    use: [],
    cache: null,
    mirror: null,
    retries: { ...RETRIES, ...retries },
    lane: lane ?? 'auto',
    holdMs: null,
    escape: overrides.escape ?? 'auto',
    policies: compilePolicyKeys({}, null, ''),
  };
}

const RETRIES: RouteConfig['retries'] = { attempts: 3, budget: 0.2, perTryMs: null };

function tcpEndpoint(port: number): EndpointAddress {
  const addresses = ['127.0.0.1', '::1'];
  return {
    kind: 'tcp',
    key: `localhost:${port}`,
    tls: false,
    host: '127.0.0.1',
    port: port as Port,
    addresses,
  };
}
