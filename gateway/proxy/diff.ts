import { inSlices } from '../exchange/time-slice.ts';
import type { GatewayConfig, RouteConfig, StreamConfig } from '../model/config.ts';

/** The changes of a reload, for the log. */
export interface ConfigDiff {
  /** Ids of routes (`/db`) and streams (`tcp 7000`), here and below. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  /** Settings outside of both that differ; those that a running gateway can't take over need a restart. */
  readonly settings: readonly string[];
  readonly needsRestart: readonly string[];
}

/**
 * Compares in slices, between which requests are served.
 * @param started the configuration that the process started with, if that is not `before`
 * @param portMoves whether a changed port is taken over at runtime
 */
export async function diffConfigs(
  before: GatewayConfig,
  after: GatewayConfig,
  started: GatewayConfig = before,
  portMoves = false,
): Promise<ConfigDiff> {
  const settings = SETTINGS.filter((key) => !isSame(settingOf(before, key), settingOf(after, key)));
  return {
    ...(await inSlices(comparison(before, after))),
    settings,
    needsRestart: settings.filter(
      (key) =>
        AT_THE_START.has(key) &&
        !(key === 'port' && portMoves) &&
        !isSame(settingOf(started, key), settingOf(after, key)),
    ),
  };
}

export function isEmpty(diff: ConfigDiff): boolean {
  return diff.added.length + diff.removed.length + diff.changed.length + diff.settings.length === 0;
}

/** Whether something stands in another line or another order, which matters to the report of changes alone. */
export function hasMoved(before: GatewayConfig, after: GatewayConfig): boolean {
  return PLACED.some(
    (key) =>
      before[key].length !== after[key].length ||
      before[key].some(({ source }, index) => {
        const now = after[key][index]!.source;
        return source.line !== now.line || source.column !== now.column || source.origin !== now.origin;
      }),
  );
}

const PLACED = ['routes', 'streams', 'services'] as const;

const SETTINGS = [
  'host',
  'port',
  'errorPages',
  'admin',
  'trustProxy',
  'log',
  'maxConnections',
  'workers',
  'overload',
  'traces',
  'resolver',
  'serverTiming',
  'allowedHosts',
  'page',
  'tls',
  'tls.port',
  'services',
  'discover',
  'shared',
] as const;

/** Keys that take effect at the start only: addresses (but for a port that moves), and the number of processes. */
const AT_THE_START: ReadonlySet<string> = new Set(['host', 'port', 'admin', 'workers', 'tls.port']);

/** One of them in each step. */
function* comparison(
  before: GatewayConfig,
  after: GatewayConfig,
): Generator<void, Pick<ConfigDiff, 'added' | 'removed' | 'changed'>> {
  const [old, now] = [yield* byId(before), yield* byId(after)];
  const [added, removed, changed]: [string[], string[], string[]] = [[], [], []];
  for (const [id, one] of now) {
    const previous = old.get(id);
    if (previous === undefined) added.push(id);
    else if (!meansTheSame(previous, one)) changed.push(id);
    yield;
  }
  for (const id of old.keys()) yield void (now.has(id) || removed.push(id));
  return { added, removed, changed };
}

function* byId({
  routes,
  streams,
}: GatewayConfig): Generator<void, ReadonlyMap<string, RouteConfig | StreamConfig>> {
  const all = new Map<string, RouteConfig | StreamConfig>();
  for (const route of routes) yield void all.set(route.id, route);
  for (const stream of streams) yield void all.set(stream.id, stream);
  return all;
}

function settingOf(config: GatewayConfig, key: (typeof SETTINGS)[number]): unknown {
  if (key === 'errorPages') return config.unrouted.errorPages;
  if (key === 'tls.port') return config.tls?.port ?? null;
  return key === 'services' ? config.services.map((service) => ({ ...service, source: null })) : config[key];
}

/** But for where in the file they stand. */
function meansTheSame(before: object, after: object): boolean {
  return isSame({ ...before, source: null }, { ...after, source: null });
}

/** Of plain data. Nothing is made on the way: there may be ten thousand routes. */
function isSame(before: unknown, after: unknown): boolean {
  if (before === after) return true;
  if (typeof before !== 'object' || typeof after !== 'object' || before === null || after === null)
    return false;
  const [one, other] = [before as Record<string, unknown>, after as Record<string, unknown>];
  for (const key in one) if (!isSame(one[key], other[key])) return false;
  for (const key in other) if (!(key in one)) return false;
  return true;
}
