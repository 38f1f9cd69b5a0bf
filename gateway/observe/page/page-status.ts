import { createHash } from 'node:crypto';
import { stripVTControlCharacters } from 'node:util';
import type { ConfigStatus, EndpointStatus, RouteStatus, ServiceStatus } from '../status.ts';

/** A route is `partly` up when some of its endpoints are. */
export type RouteState = 'up' | 'partly' | 'down' | 'unknown';

/** What the page shows, and what its script asks for. In production: paths and their state, and nothing else. */
export interface PageStatus {
  /** Differs when anything else here does. */
  readonly version: string;
  readonly mode: 'development' | 'production';
  readonly routes: readonly PageRoute[];
  readonly config: ConfigStatus | null;
}

export interface PageRoute {
  readonly label: string;
  readonly host: string | null;
  readonly path: string;
  readonly state: RouteState;
  readonly details: RouteDetails | null;
}

export interface RouteDetails {
  readonly line: number;
  readonly endpoints: readonly EndpointStatus[];
  readonly service: ServiceStatus | null;
}

export interface PageStatusInput {
  readonly routes: readonly RouteStatus[];
  readonly config: ConfigStatus;
  readonly mode: 'development' | 'production';
}

export function pageStatus({ routes, config, mode }: PageStatusInput): PageStatus {
  const shown =
    mode === 'development'
      ? { mode, routes: routes.map(developmentRoute), config: plainConfig(config) }
      : // A stranger must not learn which other hosts are served here.
        { mode, routes: routes.filter(({ host }) => host === null).map(productionRoute), config: null };
  const version = createHash('sha256').update(JSON.stringify(shown)).digest('base64url').slice(0, 16);
  return { version, ...shown };
}

export function routeState(endpoints: readonly EndpointStatus[]): RouteState {
  const count = (state: EndpointStatus['state']) =>
    endpoints.filter((endpoint) => endpoint.state === state).length;
  if (count('up') > 0) return count('down') > 0 ? 'partly' : 'up';
  return endpoints.length > 0 && count('down') === endpoints.length ? 'down' : 'unknown';
}

function developmentRoute(route: RouteStatus): PageRoute {
  const { label, host, path, line, endpoints, service } = route;
  return {
    label,
    host,
    path,
    state: routeState(endpoints),
    details: { line, endpoints, service: service === null ? null : plainService(service) },
  };
}

function productionRoute({ path, endpoints }: RouteStatus): PageRoute {
  const state = routeState(endpoints);
  // How many endpoints there are is nobody's business: some up is up.
  return { label: path, host: null, path, state: state === 'partly' ? 'up' : state, details: null };
}

/** The output of a process that runs is no news; it would change the page with each line that is written. */
function plainService(service: ServiceStatus): ServiceStatus {
  const lastOutput = service.state === 'ready' ? [] : service.lastOutput.map(stripVTControlCharacters);
  return { ...service, lastOutput };
}

function plainConfig(config: ConfigStatus): ConfigStatus {
  return { ...config, rejected: config.rejected === null ? null : stripVTControlCharacters(config.rejected) };
}
