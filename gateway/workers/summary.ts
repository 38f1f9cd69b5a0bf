import type { CacheStatus, EndpointStatus, RouteStatus, StreamStatus } from '../model/status.ts';

/** What several workers say of the same thing, as one. Each has its own view of endpoints: the worst is told, and how many share it. */

export function routesOf(lists: readonly (readonly RouteStatus[])[]): RouteStatus[] {
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

export function streamsOf(lists: readonly (readonly StreamStatus[])[]): StreamStatus[] {
  const all = byKey(lists, ({ protocol, listen }) => `${protocol} ${listen.host} ${listen.port}`);
  return all
    .map((same) => ({
      ...same[0]!,
      problem: same.find(({ problem }) => problem !== null)?.problem ?? null,
      connections: sum(same.map(({ connections }) => connections)),
      refused: sum(same.map(({ refused }) => refused)),
      endpoints: endpointsOf(same.map(({ endpoints }) => endpoints)),
    }))
    .sort((a, b) => a.line - b.line);
}

/** Each worker has a cache of its own: one URL may be kept several times. */
export function cachesOf(lists: readonly (readonly CacheStatus[])[]): CacheStatus[] {
  return byKey(lists, ({ route }) => route).map((same) => ({
    route: same[0]!.route,
    entries: sum(same.map(({ entries }) => entries)),
    bytes: sum(same.map(({ bytes }) => bytes)),
    hits: sum(same.map(({ hits }) => hits)),
    misses: sum(same.map(({ misses }) => misses)),
  }));
}

function endpointsOf(lists: readonly (readonly EndpointStatus[])[]): EndpointStatus[] {
  return byKey(lists, ({ address }) => address).map((same) => {
    const [first] = same;
    const worst =
      same.find(({ state }) => state === 'down') ?? same.find(({ state }) => state === 'unknown') ?? first!;
    const alike = same.filter(({ state }) => state === worst.state).length;
    if (worst.reason === null || alike === same.length) return worst;
    return { ...worst, reason: `${worst.reason} (so ${alike} of ${same.length} workers)` };
  });
}

/** In the order of the first list that has each. */
function byKey<T>(lists: readonly (readonly T[])[], key: (one: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const one of lists.flat()) {
    const group = groups.get(key(one));
    if (group) group.push(one);
    else groups.set(key(one), [one]);
  }
  return [...groups.values()];
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
