import type { EndpointStatus, RouteStatus, StreamStatus } from '../model/status.ts';

/** A route is `partly` up when some of its endpoints are, and `starting` where it would be down, but its process is on its way for the first time. */
export type RouteState = 'up' | 'partly' | 'starting' | 'down' | 'unknown';

export const stateWords: Readonly<Record<RouteState, string>> = {
  up: 'Up',
  partly: 'Partly up',
  starting: 'Starting',
  down: 'Down',
  unknown: 'Not known',
};

/** The state of a route for people. */
export function shownState(route: RouteStatus): RouteState {
  return isStarting(route) ? 'starting' : stateOf(route);
}

/** The same of a raw port: down also where its own port is not open. */
export function streamState(stream: StreamStatus): RouteState {
  if (stream.problem !== null) return 'down';
  return isStarting(stream) ? 'starting' : routeState(stream.endpoints);
}

export function routeState(endpoints: readonly EndpointStatus[]): RouteState {
  const count = (state: EndpointStatus['state']) =>
    endpoints.filter((endpoint) => endpoint.state === state).length;
  if (count('up') > 0) return count('down') > 0 ? 'partly' : 'up';
  return endpoints.length > 0 && count('down') === endpoints.length ? 'down' : 'unknown';
}

/** With an open breaker no endpoint is reached, however healthy. */
export function stateOf({ endpoints, breaker }: RouteStatus): RouteState {
  return breaker?.state === 'open' ? 'down' : routeState(endpoints);
}

/** Nothing is wrong yet: a service that has crashed is down, although it is started again. */
function isStarting(status: RouteStatus | StreamStatus): boolean {
  const { service, endpoints } = status;
  const blocked = 'breaker' in status && status.breaker?.state === 'open';
  return (
    service?.awaited === true && service.lastExit === null && !blocked && routeState(endpoints) === 'down'
  );
}
