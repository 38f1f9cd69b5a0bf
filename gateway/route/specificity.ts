/**
 * Which of two routes that both match a request takes it (SEMANTICS 1.1): host before no host, exact before prefix, longer path before
 * shorter, then methods, headers, cookies, query. The order in the file decides nothing but a perfect tie.
 */
import type { FieldCondition, RouteMatcher } from '../model/config.ts';

export type Precedence = 'host' | 'exact' | 'path' | 'methods' | 'headers' | 'cookies' | 'query' | 'values';

type Rank = readonly [by: Precedence, rank: (matcher: RouteMatcher) => number];

const RANKS: readonly Rank[] = [
  ['host', hostRank],
  ['exact', (matcher) => (matcher.exact ? 1 : 0)],
  ['path', (matcher) => (matcher.path === '/' ? 0 : matcher.path.length)],
  ['methods', (matcher) => (matcher.methods === null ? 0 : 1)],
  ['headers', (matcher) => matcher.headers.length],
  ['cookies', (matcher) => matcher.cookies.length],
  ['query', (matcher) => matcher.query.length],
  ['values', ({ headers, cookies, query }) => valueCount([...headers, ...cookies, ...query])],
];

export interface Comparison {
  /** Positive: the first is more specific. 0: a tie. */
  readonly order: number;
  /** The rule that decided; `null` for a tie. */
  readonly by: Precedence | null;
}

export function compareSpecificity(a: RouteMatcher, b: RouteMatcher): Comparison {
  for (const [by, rank] of RANKS) {
    const order = rank(a) - rank(b);
    if (order !== 0) return { order, by };
  }
  return { order: 0, by: null };
}

/** An exact host beats every wildcard, and a wildcard beats those with a shorter suffix. */
function hostRank({ host }: RouteMatcher): number {
  if (host === null) return 0;
  return host.startsWith('*.') ? host.length : Number.MAX_SAFE_INTEGER;
}

/** `x-tier: gold` asks for more than `x-tier` with any value. */
function valueCount(conditions: readonly FieldCondition[]): number {
  return conditions.filter((condition) => condition.value !== null).length;
}
