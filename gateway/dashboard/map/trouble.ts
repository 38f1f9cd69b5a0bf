import type { RouteOverview } from '../../model/status.ts';

/** In one sentence what keeps a route from being well; `null`: nothing. What stops all of it comes first. */
export function trouble({ breaker, service, endpoints, problems = [] }: RouteOverview): string | null {
  if (breaker?.state === 'open' || breaker?.state === 'half-open')
    return `breaker ${breaker.state}: ${breaker.reason}`;
  if (service?.obstacle !== undefined) return service.obstacle;
  if (service !== null && service.state !== 'ready') return processText(service);
  return endpoints.find(({ state }) => state === 'down')?.reason ?? problems[0] ?? null;
}

function processText({ name, state, lastExit }: NonNullable<RouteOverview['service']>): string {
  if (lastExit === null) return `${name} is ${state}`;
  const how = lastExit.signal === null ? `exit code ${lastExit.code}` : lastExit.signal;
  return `${name} is ${state} after ${how}`;
}
