import { CachedExchange, type CachedOwner, type CachedPlan } from '../cache/cached-exchange.ts';
import type { FieldMap, RouteCache } from '../cache/route-cache.ts';
import { answerFields, type ServiceName } from '../filter/answer-fields.ts';
import type { RoutedExchange } from '../filter/exchange.ts';
import type { HandlerDownstream } from '../forward/extend.ts';
import type { HttpPlan } from '../forward/http.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Passage } from './passage.ts';
import { fetchPlan } from './plans.ts';

/** Sends what the cache asks for to the service. `background`: the client has been answered already. */
export type FetchForCache = (downstream: HandlerDownstream, plan: HttpPlan, background: boolean) => void;

/** Whether the cache has a say in a request at all: parts of an answer are not kept, and are the service's to cut. */
export function asksCache(passage: Passage): boolean {
  return passage.header('range') === undefined;
}

/** An exchange on a cached route. */
export function startCached(
  cache: RouteCache,
  passage: Passage,
  exchange: RoutedExchange,
  plan: HttpPlan,
  fetch: FetchForCache,
  owner: CachedOwner,
): void {
  const cached: CachedPlan = {
    origin: `${exchange.origin.proto}://${exchange.authority.toLowerCase()}`,
    path: exchange.target.raw,
    fields: fieldMap(exchange),
    idleMs: plan.timeouts.idleMs,
    fetch: (conditions, downstream, background) =>
      fetch(downstream, fetchPlan(plan, conditions, downstream.body), background),
    answerFields: (fields) => answerFields(exchange, nameOf(plan.upstream), fields, false),
  };
  void new CachedExchange(cache, passage.http!, cached, passage.record, owner).start();
}

function fieldMap(exchange: RoutedExchange): FieldMap {
  const map: FieldMap = Object.create(null);
  const fields = ['host', exchange.authority, ...exchange.facts.kept];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase();
    const before = map[name];
    map[name] = before === undefined ? fields[i + 1]! : [before, fields[i + 1]!].flat();
  }
  return map;
}

/** What is stored may have come from any of the endpoints. */
function nameOf({ endpoints }: Upstream): ServiceName {
  return {
    authority: endpoints[0]!.authority,
    owns: (authority) => endpoints.some((endpoint) => endpoint.owns(authority)),
  };
}
