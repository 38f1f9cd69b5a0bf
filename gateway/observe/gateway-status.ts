import { mapInSlices } from '../exchange/time-slice.ts';
import type { GatewayConfig, RouteConfig } from '../model/config.ts';
import type { GatewayStatus, RouteOverview, RouteStatus, TrafficStatus } from '../model/status.ts';
import { shownSettings } from '../policy/order.ts';
import { laneOf } from '../route/lane.ts';
import type { AdminView } from './admin-view.ts';

/** The state of a gateway at one instant. It only adds up figures, so that asking for it every second costs little. */
export async function gatewayStatus(view: AdminView): Promise<GatewayStatus> {
  const [routes, streams, connections, traffic, overload] = await Promise.all([
    view.figure('routes'),
    view.figure('streams'),
    view.figure('connections'),
    view.figure('traffic'),
    view.figure('overload'),
  ]);
  // A reload may come between the slices: both are of one instant.
  const config = view.config();
  const status = view.configStatus();
  const byRoute = new Map(traffic.routes.map((one) => [one.id, one]));
  const configured = new Map(config.routes.map((route) => [route.id, route]));
  const overview = (route: RouteStatus) => overviewOf(route, configured.get(route.id), byRoute);
  const overviews = await mapInSlices(routes, overview, view.slice);
  return {
    at: Date.now(),
    notReady: view.notReady(),
    mode: view.mode,
    origin: originOf(config, view.port()),
    config: status,
    routes: overviews.flat(),
    streams,
    connections,
    certificates: view.certificates(),
    shared: view.shared(),
    unrouted: byRoute.get('(none)') ?? null,
    boundsS: traffic.boundsS,
    refusedShare: Math.max(0, ...overload.map(({ share }) => share)),
    capture: view.exchanges.captured(),
  };
}

/** A reload may have taken the route away since it was read. */
function overviewOf(
  status: RouteStatus,
  config: RouteConfig | undefined,
  traffic: ReadonlyMap<string, TrafficStatus>,
): RouteOverview[] {
  if (config === undefined) return [];
  const overview = {
    lane: laneOf(config),
    policies: policiesOf(config),
    traffic: traffic.get(status.id) ?? null,
  };
  return [{ ...status, ...overview }];
}

function policiesOf(route: RouteConfig): string[] {
  const set = (values: object) =>
    Object.entries(values).flatMap(([name, value]) => (value === null || value === false ? [] : [name]));
  const { cache, extend } = route;
  const copies = route.mirror === null ? {} : { [route.mirror.compare ? 'compare' : 'mirror']: true };
  const plugins = route.use.map(({ plugin }) => `use: ${plugin}`);
  return [...set(shownSettings(route.policies)), ...set({ cache, extend, ...copies }), ...plugins];
}

/** Where clients reach it from this machine. */
export function originOf({ tls, host }: GatewayConfig, port: number): string {
  const scheme = tls !== null && (tls.port === null || tls.port === port) ? 'https' : 'http';
  const name = ANY_OR_LOOPBACK.has(host) ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `${scheme}://${name}:${port}`;
}

const ANY_OR_LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', '0.0.0.0', '::', 'localhost']);
