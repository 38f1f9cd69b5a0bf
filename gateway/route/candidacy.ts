/** Explains why a route does not match a request, rule by rule, for `explain`. */
import type { FieldCondition, RouteConfig, RouteMatcher } from '../model/config.ts';
import { ConditionCheck } from './conditions.ts';
import { hostMatches } from './host-pattern.ts';
import type { Precedence } from './specificity.ts';
import type { RouteRequest } from './table.ts';
import { segmentsOf } from './trie.ts';

export type Loss =
  | { readonly kind: 'host'; readonly wanted: string; readonly found: string | null }
  /** Segments count from 1; `found: null`: the path ends before. */
  | { readonly kind: 'segment'; readonly at: number; readonly wanted: string; readonly found: string | null }
  /** The host is the name of another route. */
  | { readonly kind: 'named'; readonly host: string; readonly of: string }
  /** An exact route, and the path goes on below it. */
  | { readonly kind: 'exact'; readonly below: string }
  | { readonly kind: 'method'; readonly wanted: readonly string[]; readonly found: string }
  | {
      readonly kind: 'header' | 'cookie' | 'query';
      readonly name: string;
      /** `null`: any value. */
      readonly wanted: string | null;
      /** Empty: it is missing. */
      readonly found: readonly string[];
    }
  /** It matches too, but the route with the id `than` is more specific; `by: null`: a tie that the order in the file decides. */
  | { readonly kind: 'less-specific'; readonly than: string; readonly by: Precedence | null };

/**
 * The reasons why `route` does not match; empty if it does. A wrong host or path is the only reason; of method, headers, cookies and query
 * all that fail are listed.
 */
export function lossesOf(route: RouteConfig, request: RouteRequest): readonly Loss[] {
  const { matcher } = route;
  if (!hostMatches(matcher.host, request.host)) {
    return [{ kind: 'host', wanted: matcher.host ?? '', found: request.host }];
  }
  const path = pathLoss(matcher, request.target.canonical);
  return path === null ? conditionLosses(matcher, request) : [path];
}

function pathLoss({ path, exact }: RouteMatcher, asked: string): Loss | null {
  const wanted = path === '/' && !exact ? [] : segmentsOf(path);
  const found = segmentsOf(asked);
  const differs = wanted.findIndex((segment, at) => segment !== found[at]);
  if (differs !== -1) {
    return { kind: 'segment', at: differs + 1, wanted: wanted[differs]!, found: found[differs] ?? null };
  }
  if (!exact || found.length === wanted.length) return null;
  return { kind: 'exact', below: `/${found.slice(wanted.length).join('/')}` };
}

function conditionLosses(matcher: RouteMatcher, request: RouteRequest): readonly Loss[] {
  const check = new ConditionCheck(request);
  const losses: Loss[] = [];
  if (matcher.methods !== null && !check.methodHolds(matcher)) {
    losses.push({ kind: 'method', wanted: matcher.methods, found: request.method });
  }
  for (const condition of matcher.headers) {
    if (!check.headerHolds(condition)) losses.push(headerLoss(condition, check));
  }
  for (const condition of matcher.cookies) {
    if (!check.cookieHolds(condition)) losses.push(cookieLoss(condition, check));
  }
  for (const condition of matcher.query) {
    if (!check.queryHolds(condition)) losses.push(queryLoss(condition, check));
  }
  return losses;
}

function headerLoss({ name, value }: FieldCondition, check: ConditionCheck): Loss {
  const found = check.headerValue(name);
  return { kind: 'header', name, wanted: value, found: found === undefined ? [] : [found] };
}

function cookieLoss({ name, value }: FieldCondition, check: ConditionCheck): Loss {
  return { kind: 'cookie', name, wanted: value, found: check.cookieValues(name) };
}

function queryLoss({ name, value }: FieldCondition, check: ConditionCheck): Loss {
  return { kind: 'query', name, wanted: value, found: check.queryValues(name) };
}
