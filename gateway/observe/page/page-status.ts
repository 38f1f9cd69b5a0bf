import { createHash } from 'node:crypto';
import { stripVTControlCharacters } from 'node:util';
import type {
  ConfigStatus,
  EndpointStatus,
  RouteStatus,
  ServiceStatus,
  StreamStatus,
} from '../../model/status.ts';
import { type RouteState, shownState, stateOf, streamState } from '../route-state.ts';

/** The content of the page and of its script's requests. In production: paths and their state, and nothing else. */
export interface PageStatus {
  /** Differs when anything else here does. */
  readonly version: string;
  readonly mode: 'development' | 'production';
  readonly routes: readonly PageRoute[];
  /** Raw ports; not shown to strangers. */
  readonly streams: readonly PageStream[];
  readonly config: ConfigStatus | null;
}

export interface PageRoute {
  readonly label: string;
  readonly host: string | null;
  readonly path: string;
  /** `db.localhost`, where it is too; `null`: it has no such name. */
  readonly name: string | null;
  readonly state: RouteState;
  readonly details: RouteDetails | null;
}

export interface PageStream {
  /** `tcp 7000` */
  readonly label: string;
  /** `down` also where its own port is not open. */
  readonly state: RouteState;
  /** Why its own port is not open. */
  readonly problem: string | null;
  readonly details: RouteDetails;
}

export interface RouteDetails {
  readonly line: number;
  /** The container whose labels ask for it; absent: it stands in the file. */
  readonly origin?: string;
  readonly endpoints: readonly EndpointStatus[];
  /** What the breaker stops, and why; `null`: nothing. */
  readonly breaker: string | null;
  readonly service: ServiceStatus | null;
}

export interface PageStatusInput {
  readonly routes: readonly RouteStatus[];
  readonly streams: readonly StreamStatus[];
  readonly config: ConfigStatus;
  readonly mode: 'development' | 'production';
}

export function pageStatus({ routes, streams, config, mode }: PageStatusInput): PageStatus {
  const shown =
    mode === 'development'
      ? {
          mode,
          routes: routes.map(developmentRoute),
          streams: streams.map(pageStream),
          config: plainConfig(config),
        }
      : {
          mode,
          // A stranger must not learn which other hosts are served here.
          routes: routes.filter(({ host }) => host === null).map(productionRoute),
          streams: [],
          config: null,
        };
  const version = createHash('sha256').update(JSON.stringify(shown)).digest('base64url').slice(0, 16);
  return { version, ...shown };
}

function developmentRoute(route: RouteStatus): PageRoute {
  const { label, host, path, name = null } = route;
  return {
    label,
    host,
    path,
    name,
    state: shownState(route),
    details: detailsOf(route),
  };
}

/** The number of connections and the output of processes are no reason to render the page again. */
function pageStream(stream: StreamStatus): PageStream {
  const { id, problem } = stream;
  const state = streamState(stream);
  return { label: id, state, problem, details: detailsOf(stream) };
}

function detailsOf(status: RouteStatus | StreamStatus): RouteDetails {
  const { line, endpoints, service } = status;
  const origin = 'origin' in status ? status.origin : undefined;
  const breaker = 'breaker' in status ? breakerText(status.breaker) : null;
  const place = origin === undefined ? { line } : { line, origin };
  return { ...place, endpoints, breaker, service: service === null ? null : plainService(service) };
}

function breakerText(breaker: RouteStatus['breaker']): string | null {
  if (!breaker || breaker.state === 'closed') return null;
  return `breaker ${breaker.state}: ${breaker.reason}`;
}

function productionRoute(route: RouteStatus): PageRoute {
  const { path } = route;
  const state = stateOf(route);
  // The number of endpoints is not shown to strangers: if some are up, it is up.
  return {
    label: path,
    host: null,
    path,
    name: null,
    state: state === 'partly' ? 'up' : state,
    details: null,
  };
}

/** The output of a process that runs is no news; it would change the page with each line that is written. */
function plainService(service: ServiceStatus): ServiceStatus {
  const lastOutput = service.state === 'ready' ? [] : service.lastOutput.map(stripVTControlCharacters);
  return { ...service, lastOutput };
}

function plainConfig(config: ConfigStatus): ConfigStatus {
  return { ...config, rejected: config.rejected === null ? null : stripVTControlCharacters(config.rejected) };
}
