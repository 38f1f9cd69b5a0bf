import type { EndpointConfig } from '../model/config.ts';
import type { RouteStatus, ServiceStatus } from '../model/status.ts';
import { balanceText } from '../route/balance-text.ts';
import { endpointStatus } from '../upstream/endpoint-status.ts';
import { upstreamStatus } from '../upstream/upstream-status.ts';
import type { LiveRoute } from './live-route.ts';

/** Says of every endpoint how it is, asks those of which nothing is known whether they accept connections, and finds the process behind it. */
export function routeStatuses(
  routes: readonly LiveRoute[],
  services: readonly ServiceStatus[],
): Promise<RouteStatus[]> {
  return Promise.all(routes.map((route) => routeStatus(route, services)));
}

async function routeStatus(
  { config, upstream }: LiveRoute,
  services: readonly ServiceStatus[],
): Promise<RouteStatus> {
  const endpoints = await upstreamStatus(upstream, endpointStatus);
  const { id, matcher, source } = config;
  return {
    id,
    label: id,
    host: matcher.host,
    path: matcher.path,
    line: source.line,
    endpoints,
    balance: balanceText(config.upstream),
    problems: upstream.problems,
    breaker: upstream.breaker && { state: upstream.breaker.state, reason: upstream.breaker.reason },
    service: serviceBehind(config.upstream.endpoints, services),
  };
}

/** The process that `services:` runs on the port of one of these addresses on this machine. */
export function serviceBehind(
  endpoints: readonly EndpointConfig[],
  services: readonly ServiceStatus[],
): ServiceStatus | null {
  const ports = new Set(
    endpoints.map(({ address }) => (address.kind === 'tcp' && isHere(address) ? address.port : null)),
  );
  return services.find(({ port }) => port !== null && (ports as Set<number | null>).has(port)) ?? null;
}

function isHere({
  host,
  addresses,
}: {
  readonly host: string;
  readonly addresses: readonly string[] | null;
}): boolean {
  return (
    host === 'localhost' ||
    (addresses?.some((address) => address === '127.0.0.1' || address === '::1') ?? false)
  );
}
