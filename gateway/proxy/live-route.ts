import type { Lane } from '../exchange/contract.ts';
import { TimeSlice } from '../exchange/time-slice.ts';
import { Folder } from '../folder/folder.ts';
import { Mirror, upstreamOf } from '../forward/mirror.ts';
import type { GatewayConfig, RouteConfig } from '../model/config.ts';
import type { KeptStates } from '../policy/kept.ts';
import { policiesOf, sessionsOf } from '../policy/order.ts';
import type { RoutePolicies } from '../policy/route-policies.ts';
import { isExtended, laneOf } from '../route/lane.ts';
import type { UpstreamRegistry, UpstreamSpec } from '../upstream/registry.ts';
import type { Upstream } from '../upstream/upstream.ts';

/** A route at work: its configuration, and its upstream, whose endpoints it shares with all others that name them. */
export interface LiveRoute {
  readonly config: RouteConfig;
  readonly upstream: Upstream;
  readonly policies: RoutePolicies;
  /** `null`: services answer. */
  readonly folder: Folder | null;
  /** `null`: no copies are made. */
  readonly mirror: Mirror | null;
  readonly lane: Lane;
  /** Whether its exchanges pass hooks of others, which Fastify runs. */
  readonly extended: boolean;
  /** The key of its upstream. */
  readonly spec: UpstreamSpec;
  /** Two routes with the same signature treat an exchange alike, wherever they stand in whichever version of the file. */
  readonly signature: string;
}

/** @throws PolicyError */
export async function openPolicies(routes: readonly LiveRoute[], kept: KeptStates): Promise<void> {
  const slice = new TimeSlice();
  for (const { policies, config } of routes) {
    if (policies.opens) await policies.open(kept, config.id);
    if (slice.isOver) await slice.next();
  }
}

/** Resolves when the names of all were answered for the first time, or after two seconds. */
export async function answered(routes: readonly LiveRoute[]): Promise<void> {
  const slice = new TimeSlice();
  for (const { upstream } of routes) {
    await upstream.answered;
    if (slice.isOver) await slice.next();
  }
}

/** Ten thousand routes are put to work in slices, between which requests are served. */
export async function liveRoutes(
  config: GatewayConfig,
  registry: UpstreamRegistry,
  kept: KeptStates,
): Promise<LiveRoute[]> {
  const slice = new TimeSlice();
  const routes: LiveRoute[] = [];
  kept.adminSessions ||= config.admin?.token !== undefined;
  const sessions = sessionsOf(config, kept.adminSessions);
  for (const route of config.routes) {
    if (slice.isOver) await slice.next();
    routes.push(liveRoute(route, policiesOf(route, config, sessions), config, registry));
  }
  return routes;
}

function liveRoute(
  route: RouteConfig,
  policies: RoutePolicies,
  config: GatewayConfig,
  registry: UpstreamRegistry,
): LiveRoute {
  const { id, upstream, timeouts } = route;
  const spec = {
    scope: id,
    config: upstream,
    connectTimeoutMs: timeouts.connectMs,
    resolver: config.resolver,
  };
  return {
    config: route,
    upstream: registry.acquire(spec),
    policies,
    folder: route.folder && new Folder(route.folder),
    mirror: route.mirror && new Mirror(route.mirror, { ...spec, config: upstreamOf(route.mirror) }, registry),
    lane: laneOf(route).lane,
    extended: isExtended(route),
    spec,
    signature: signatureOf(route),
  };
}

/** In slices, too; few routes are done when it returns. */
export async function releaseRoutes(routes: readonly LiveRoute[], registry: UpstreamRegistry): Promise<void> {
  const slice = new TimeSlice();
  for (const { spec, policies, mirror } of routes) {
    if (slice.isOver) await slice.next();
    policies.close();
    mirror?.close();
    registry.release(spec);
  }
}

/**
 * Everything but where in the file it stands. Of a route that containers ask for neither which of them are there: one that comes or goes ends
 * nothing on the others.
 */
export function signatureOf(route: RouteConfig): string {
  const { source, ...meaning } = route;
  if (source.origin === undefined) return JSON.stringify(meaning);
  return JSON.stringify({ ...meaning, upstream: { ...route.upstream, endpoints: [] } });
}
