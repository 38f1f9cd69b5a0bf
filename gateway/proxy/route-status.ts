import { routeWarnings } from '../config/route-warnings.ts';
import { mapInSlices, type TimeSlice } from '../exchange/time-slice.ts';
import type { EndpointStatus, RouteStatus, ServiceStatus } from '../model/status.ts';
import { balanceText } from '../route/balance-text.ts';
import type { RouteNames } from '../route/names.ts';
import { ownOrigin } from '../route/origin.ts';
import { endpointStatus, serviceBehind } from '../upstream/endpoint-status.ts';
import { upstreamStatus } from '../upstream/upstream-status.ts';
import type { LiveRoute } from './live-route.ts';

/**
 * The status of every endpoint: those without any evidence are asked whether they accept connections, and the process behind each is looked
 * up.
 */
export async function routeStatuses(
  routes: readonly LiveRoute[],
  services: readonly ServiceStatus[],
  names: RouteNames | null,
  slice: TimeSlice,
): Promise<RouteStatus[]> {
  const begun = (route: LiveRoute) => {
    const status = routeStatus(route, services, names);
    // One may fail before all have begun, when nothing awaits it yet.
    status.catch(() => {});
    return status;
  };
  return Promise.all(await mapInSlices(routes, begun, slice));
}

async function routeStatus(
  { config, upstream }: LiveRoute,
  services: readonly ServiceStatus[],
  names: RouteNames | null,
): Promise<RouteStatus> {
  const own = ownOrigin(config);
  const endpoints: readonly EndpointStatus[] =
    own === null
      ? await upstreamStatus(upstream, endpointStatus)
      : [{ address: own, state: 'up', reason: null }];
  const { id, matcher, source } = config;
  return {
    id,
    label: id,
    host: matcher.host,
    path: matcher.path,
    line: source.line,
    ...(source.origin !== undefined && { origin: source.origin }),
    endpoints,
    balance: balanceText(config.upstream),
    problems: [...upstream.problems, ...routeWarnings(config)],
    breaker: upstream.breaker && { state: upstream.breaker.state, reason: upstream.breaker.reason },
    service: serviceBehind(config.upstream.endpoints, services),
    name: names?.of(config) ?? null,
  };
}
