import type { Paint } from '../log/paint.ts';
import {
  answeredByAnother,
  type EndpointStatus,
  type RouteStatus,
  type ServiceStatus,
  type StreamStatus,
} from '../model/status.ts';
import { columnWidths, fit } from './columns.ts';

export interface MapView {
  /** Where the gateway listens. */
  readonly address: { readonly host: string; readonly port: number };
  /** The port that speaks TLS; `null`: none does. */
  readonly tlsPort: number | null;
  readonly adminAddress: { readonly host: string; readonly port: number } | null;
  readonly routes: readonly RouteStatus[];
  readonly streams: readonly StreamStatus[];
  /** Those without a route are shown, too. */
  readonly services: readonly ServiceStatus[];
}

interface Row {
  readonly path: string;
  readonly port: string;
  readonly process: string;
  readonly state: State;
}

interface State {
  readonly text: string;
  readonly style: 'green' | 'yellow' | 'red' | 'dim';
}

/** `null`: the terminal's own colour, which is the only one that is seen on any background. */
type Style = Parameters<Paint>[0] | null;

const gap = '  ';
const arrow = '→ ';

/** The map of path → port → process → state, and the address to open; no row is longer than `columns` (at least 40). */
export function renderMap(view: MapView, paint: Paint, columns = 80): string {
  const named = renderNames(view, paint, columns);
  return [
    ...renderAddress(view, paint),
    '',
    ...renderRows(view, paint, columns),
    ...(named.length === 0 ? [] : ['', ...named]),
  ].join('\n');
}

export function renderAddress(view: MapView, paint: Paint): string[] {
  const { adminAddress } = view;
  const admin = adminAddress === null ? [] : [paint('dim', `dashboard at ${urlOf(adminAddress)}`)];
  return [`Portway is open at ${paint('bold', urlToOpen(view))}`, ...admin].map((line) => gap + line);
}

/** Where each route is too, whole and without its prefix. */
export function renderNames(view: MapView, paint: Paint, columns: number): string[] {
  const room = Math.max(columns, NARROWEST) - gap.length;
  return namedLines(view).map((line) => gap + paint('dim', fit(line, room, false)));
}

/** The table alone. @param rowsMax where there are more, those that are up are only counted */
export function renderRows(
  view: MapView,
  paint: Paint,
  columns: number,
  rowsMax = Number.POSITIVE_INFINITY,
): string[] {
  const mapped = [...view.routes.map(routeRow), ...view.streams.map(streamRow)];
  const all = [...ownPage(view), ...mapped, ...withoutRoute(view)];
  const room = Math.max(columns, NARROWEST);
  if (all.length <= rowsMax) return table(all, paint, room);
  const rows = all.filter(({ state }) => state.style !== 'green').slice(0, rowsMax);
  const shown = rows.length === 0 ? [] : table(rows, paint, room);
  return [...shown, gap + paint('dim', `${all.length - rows.length} more, of ${all.length} in all`)];
}

const NARROWEST = 40;

/** The URL to type into a browser. */
export function urlToOpen(view: Pick<MapView, 'address' | 'tlsPort'>): string {
  return urlOf(openedAt(view));
}

function table(rows: readonly Row[], paint: Paint, columns: number): string[] {
  const header = ['path', 'port', 'process', 'state'];
  const cells = rows.map((row) => [row.path, row.port, row.process, row.state.text]);
  const widths = columnWidths([header, ...cells], columns - gap.length * header.length - arrow.length);
  const line = (texts: readonly string[], styles: readonly Style[], lead: string) => {
    const fitted = texts.map((text, column) => fit(text, widths[column] ?? 0, column < texts.length - 1));
    const [path, port, ...rest] = fitted.map((text, column) => {
      const style = styles[column] ?? null;
      return style === null ? text : paint(style, text);
    });
    return gap + [path, `${lead}${port}`, ...rest].join(gap);
  };
  return [
    line(
      header,
      header.map(() => 'dim' as const),
      ' '.repeat(arrow.length),
    ),
    ...rows.map((row, index) => line(cells[index] ?? [], ['cyan', 'bold', null, row.state.style], arrow)),
  ];
}

const NAMES_SHOWN = 8;

function namedLines(view: MapView): string[] {
  const { routes } = view;
  const { scheme, port } = openedAt(view);
  const names = [...new Set(routes.flatMap(({ name }) => name ?? []))];
  if (names.length === 0) return [];
  const more = names.length > NAMES_SHOWN ? [`... and ${names.length - NAMES_SHOWN} more`] : [];
  const shown = names.slice(0, NAMES_SHOWN).map((name) => `${scheme}://${name}:${port}`);
  return ['without a prefix, each is also at', ...[...shown, ...more].map((line) => gap + line)];
}

/** The gateway's own page stands at `/` where no route claims it. */
function ownPage({ routes, address }: MapView): Row[] {
  if (routes.some((route) => route.host === null && route.path === '/')) return [];
  const state: State = { text: 'ready', style: 'green' };
  return [{ path: '/', port: String(address.port), process: 'gateway', state }];
}

function routeRow(route: RouteStatus): Row {
  return {
    path: route.label,
    port: portsOf(route.endpoints),
    process: route.service?.name ?? '-',
    state: stateOf(route),
  };
}

function streamRow({ id, endpoints, service, problem }: StreamStatus): Row {
  const state = stateOf({ service, endpoints });
  return {
    path: id,
    port: portsOf(endpoints),
    process: service?.name ?? '-',
    state: problem === null ? state : { text: problem, style: 'red' },
  };
}

/** The service's state, unless others answer too: several endpoints, or another process on the service's port. */
function stateOf({ service, endpoints }: Pick<RouteStatus, 'service' | 'endpoints'>): State {
  if (service === null || endpoints.length > 1) return endpointsState(endpoints);
  if (!answeredByAnother(service, endpoints)) return serviceState(service);
  return { text: `up, but not by ${service.name}: ${service.obstacle}`, style: 'yellow' };
}

function withoutRoute({ routes, streams, services }: MapView): Row[] {
  const routed = new Set([...routes, ...streams].map(({ service }) => service?.name));
  return services
    .filter((service) => !routed.has(service.name))
    .map((service) => ({
      path: '-',
      port: service.port === null ? '-' : String(service.port),
      process: service.name,
      state: serviceState(service),
    }));
}

/** The first endpoint, and how many there are beside it. */
function portsOf(endpoints: readonly EndpointStatus[]): string {
  const [first, ...others] = endpoints.map(({ address }) => portOf(address));
  return others.length === 0 ? (first ?? '-') : `${first} +${others.length}`;
}

/** A port of this machine is written as in the configuration: the number alone. */
function portOf(address: string): string {
  return /^(?:127\.0\.0\.1|\[::1\]|localhost):(\d+)$/.exec(address)?.[1] ?? address;
}

function serviceState(service: ServiceStatus): State {
  const { state, restarts, lastExit, obstacle } = service;
  if (obstacle !== undefined) return { text: `can't start: ${obstacle}`, style: 'red' };
  const times = restarts === 0 ? '' : `${restarts} restart${restarts === 1 ? '' : 's'}`;
  if (state === 'ready') return { text: times === '' ? 'ready' : `ready (${times})`, style: 'green' };
  const exit = lastExit === null ? '' : (lastExit.signal ?? `exit code ${lastExit.code ?? 'unknown'}`);
  const remarks = [exit, times].filter((remark) => remark !== '').join(', ');
  const crashed = state === 'restarting' && lastExit !== null;
  const word = crashed ? 'crashed' : state;
  const style = crashed ? 'red' : state === 'stopping' || state === 'stopped' ? 'dim' : 'yellow';
  return { text: remarks === '' ? word : `${word} (${remarks})`, style };
}

function endpointsState(endpoints: readonly EndpointStatus[]): State {
  const up = endpoints.filter(({ state }) => state === 'up').length;
  const down = endpoints.filter(({ state }) => state === 'down');
  if (endpoints.length > 1 && up + down.length > 0) {
    return { text: `${up} of ${endpoints.length} up`, style: up === endpoints.length ? 'green' : 'yellow' };
  }
  if (up > 0) return { text: 'up', style: 'green' };
  if (down.length === 0) return { text: 'unknown', style: 'dim' };
  const reason = down[0]?.reason ?? null;
  return { text: reason === null ? 'down' : `down: ${reason}`, style: 'red' };
}

interface Opened {
  readonly scheme?: 'http' | 'https';
  readonly host: string;
  readonly port: number;
}

/** Where TLS is spoken, plain HTTP may be answered with a redirect. */
function openedAt({ address, tlsPort }: Pick<MapView, 'address' | 'tlsPort'>): Opened {
  return { ...address, scheme: tlsPort === null ? 'http' : 'https', port: tlsPort ?? address.port };
}

/** The URL to type into a browser; a listener on all addresses is reached by the loopback. */
function urlOf({ scheme = 'http', host, port }: Opened): string {
  const near = ['0.0.0.0', '::', '127.0.0.1', '::1', ''].includes(host) ? 'localhost' : host;
  return `${scheme}://${near.includes(':') ? `[${near}]` : near}:${port}`;
}
