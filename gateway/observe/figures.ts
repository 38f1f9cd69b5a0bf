import type {
  CacheStatus,
  ConnectionsStatus,
  EndpointStatus,
  RouteStatus,
  StreamStatus,
  TrafficFigure,
} from '../model/status.ts';
import type { OverloadStatus } from '../overload/overload.ts';
import { drainedReason } from '../upstream/endpoint-status.ts';
import { totals } from './totals.ts';
import { trafficOf } from './traffic-figure.ts';

/**
 * The figures of a running gateway: one row each. The admin listener answers it under its path, its index lists it, a primary asks its
 * workers and joins their answers. Beside its row a figure needs one reader, in gateway.ts.
 */
export const FIGURES = {
  routes: {
    path: '/routes',
    what: 'Each route, its endpoints, whether they are up, and the process behind it.',
    across: routesOf,
  },
  streams: {
    path: '/streams',
    what: 'Each raw TCP or UDP port, whether it is open, its connections, and its endpoints.',
    across: streamsOf,
  },
  connections: {
    path: '/connections',
    what: 'Connections of clients: how many are open and how many there may be, and handshakes of TLS that failed.',
    across: connectionsOf,
  },
  caches: {
    path: '/cache',
    what: 'What the cache of each route holds, its hits and misses. DELETE with ?url=, ?prefix= or ?group= makes it forget.',
    across: cachesOf,
  },
  traffic: {
    path: '/traffic',
    what: 'Of each route what was counted since the start: requests, failures, bytes, how long they took, and when the last one was.',
    across: (told: readonly TrafficFigure[]): TrafficFigure => trafficOf(told),
  },
  overload: {
    path: '/overload',
    what: 'For each process how late its event loop is, and which share of new requests it refuses for that.',
    across: (told: readonly (readonly OverloadStatus[])[]): readonly OverloadStatus[] => told.flat(),
  },
} as const;

export type FigureName = keyof typeof FIGURES;
export type Figure<F extends FigureName> = ReturnType<(typeof FIGURES)[F]['across']>;

/** How a process that carries traffic reads each of them. */
export type FigureReaders = { readonly [F in FigureName]: () => Figure<F> | Promise<Figure<F>> };

/** Asks for one of them; of `routes` and `streams`, every endpoint is asked whether it accepts connections, at most once in two seconds, a dead one in 0.2. */
export type AskFigure = <F extends FigureName>(figure: F) => Promise<Figure<F>>;

/** Temporarily unavailable: 503. The message is for the client. */
export class UnavailableError extends Error {
  readonly statusCode = 503;
}

/** @param told the figure of each worker */
export function figureOf<F extends FigureName>(figure: F, told: readonly unknown[]): Figure<F> {
  return FIGURES[figure].across(told as never) as Figure<F>;
}

// Joins several workers' views of the same thing. Each has its own view of endpoints: the worst is shown, and how many share it.

function routesOf(lists: readonly (readonly RouteStatus[])[]): readonly RouteStatus[] {
  return byKey(lists, ({ id }) => id).map((same) => ({
    ...same[0]!,
    ...breakerOf(same),
    endpoints: endpointsOf(same.map(({ endpoints }) => endpoints)),
  }));
}

function breakerOf(same: readonly RouteStatus[]): Pick<RouteStatus, 'breaker'> {
  const all = same.flatMap(({ breaker }) => breaker ?? []);
  const worst = ['open', 'half-open'].map((state) => all.find((one) => one.state === state)).find(Boolean);
  return worst ? { breaker: worst } : {};
}

function streamsOf(lists: readonly (readonly StreamStatus[])[]): readonly StreamStatus[] {
  const all = byKey(lists, ({ protocol, listen }) => `${protocol} ${listen.host} ${listen.port}`);
  return all
    .map((same) => ({
      ...same[0]!,
      problem: same.find(({ problem }) => problem !== null)?.problem ?? null,
      ...totals(same, 'connections', 'refused'),
      endpoints: endpointsOf(same.map(({ endpoints }) => endpoints)),
    }))
    .sort((a, b) => a.line - b.line);
}

function connectionsOf(told: readonly ConnectionsStatus[]): ConnectionsStatus {
  return totals(told, 'http', 'http2', 'streams', 'httpMax', 'handshakeFailures');
}

/** Each worker has a cache of its own: one URL may be kept several times. */
function cachesOf(lists: readonly (readonly CacheStatus[])[]): readonly CacheStatus[] {
  return byKey(lists, ({ route }) => route).map((same) => ({
    route: same[0]!.route,
    ...totals(same, 'entries', 'bytes', 'hits', 'misses'),
    ...reasonsOf(same),
  }));
}

function reasonsOf(same: readonly CacheStatus[]): Pick<CacheStatus, 'notKept'> {
  const reasons = new Set(same.flatMap(({ notKept = {} }) => Object.keys(notKept)));
  if (reasons.size === 0) return {};
  const totalOf = (reason: string) => sum(same.map(({ notKept }) => notKept?.[reason] ?? 0));
  return { notKept: Object.fromEntries(Array.from(reasons, (reason) => [reason, totalOf(reason)])) };
}

function endpointsOf(lists: readonly (readonly EndpointStatus[])[]): EndpointStatus[] {
  return byKey(lists, ({ address }) => address).map((same) => {
    const [first] = same;
    // Each worker knows of its own exchanges.
    if (same.some(({ drained }) => drained !== undefined)) return drainedOf(same);
    const worst =
      same.find(({ state }) => state === 'down') ?? same.find(({ state }) => state === 'unknown') ?? first!;
    const alike = same.filter(({ state }) => state === worst.state).length;
    if (worst.reason === null || alike === same.length) return worst;
    return { ...worst, reason: `${worst.reason} (so ${alike} of ${same.length} workers)` };
  });
}

function drainedOf(same: readonly EndpointStatus[]): EndpointStatus {
  const drained = sum(same.map((one) => one.drained ?? 0));
  return { ...same[0]!, state: 'down', reason: drainedReason(drained), drained };
}

/** In the order of the first list that has each. */
function byKey<T>(lists: readonly (readonly T[])[], key: (one: T) => string): T[][] {
  return [...Map.groupBy(lists.flat(), key).values()];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
