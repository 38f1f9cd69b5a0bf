import type { GatewayConfig, Port, RouteConfig, ServiceConfig } from '../../model/config.ts';

/** A compiled configuration without a file; what a test says about it, and the defaults. */
export function gatewayConfig(
  routes: readonly RouteConfig[],
  overrides: Partial<Omit<GatewayConfig, 'routes'>> = {},
): GatewayConfig {
  return {
    file: '/gateway.config.yaml',
    host: '127.0.0.1',
    port: 3000 as Port,
    trustProxy: [],
    unrouted: {},
    streams: [],
    services: [],
    admin: { host: '127.0.0.1', port: 3900 as Port },
    log: { level: 'info', format: 'auto', access: true },
    maxConnections: 10_000,
    workers: null,
    overload: { eventLoopDelayMs: 200, memoryBytes: null, retryAfterMs: 1_000 },
    traces: null,
    resolver: null,
    serverTiming: null,
    allowedHosts: null,
    tls: null,
    page: null,
    hosts: true,
    discover: null,
    shared: null,
    ...overrides,
    routes,
  };
}

/** A compiled process of `services:`. */
export function serviceConfig(overrides: Partial<ServiceConfig> = {}): ServiceConfig {
  const place = { source: { line: 7, column: 3 }, cwd: '/' };
  const rest = { port: 3001 as Port, freePort: false, env: {}, watch: [] };
  return { name: 'db', run: 'true', ...place, ...rest, ...overrides };
}
