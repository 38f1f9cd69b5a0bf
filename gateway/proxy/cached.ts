import { grouped } from '../cache/answer-fields.ts';
import { CachedExchange, type CachedPlan } from '../cache/cached-exchange.ts';
import type { Caches } from '../cache/caches.ts';
import type { CacheUrl, FieldMap } from '../cache/entry.ts';
import type { Fetched } from '../cache/fetched.ts';
import { invalidate } from '../cache/invalidation.ts';
import { PastCache } from '../cache/past-cache.ts';
import type { RouteCache } from '../cache/route-cache.ts';
import type { Downstream, Fields } from '../exchange/contract.ts';
import type { ExchangeRecord } from '../exchange/record.ts';
import { answerFields, type ServiceName } from '../fields/answer-fields.ts';
import type { RoutedExchange } from '../fields/exchange.ts';
import type { HttpPlan } from '../forward/http-plan.ts';
import { withCacheTiming } from '../forward/server-timing.ts';
import { bypassReason, isUnsafe } from '../policy/cache-bypass/cache-bypass.ts';
import { acceptOf } from '../policy/compress/compress.ts';
import { authorityOf } from '../upstream/authority.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Exchange } from './exchange.ts';
import { fetchPlan } from './plans.ts';
import type { Routed } from './routed.ts';

/** Sends a fetch of the cache to the service. `record` is the fetch's own. */
export type FetchForCache = (
  exchange: Exchange,
  routed: Routed,
  downstream: Fetched,
  plan: HttpPlan,
  record: ExchangeRecord,
) => void;

/** How the caches come into an exchange: answered by one, or carried past them with their knowledge. */
export type CacheRole =
  | {
      readonly kind: 'asked';
      readonly cache: RouteCache;
      readonly url: CacheUrl;
      readonly fields: FieldMap;
    }
  | { readonly kind: 'passed'; readonly downstream: Downstream };

export function cacheRole(caches: Caches, client: Downstream, routed: Routed): CacheRole {
  const unsafe = isUnsafe(client.method);
  const cache = caches.of(routed.match.route.id);
  if (!cache && (!unsafe || caches.isEmpty)) return { kind: 'passed', downstream: client };
  const fields = fieldMap(routed);
  const url = urlOf(routed);
  const cut =
    fields.range === undefined ||
    cache?.cuts({ origin: url.origin, path: url.path, method: client.method, fields });
  const reason = bypassReason(client.method, fields, client.body !== null) ?? (cut ? null : 'bypass');
  if (cache && reason === null) return { kind: 'asked', cache, url, fields };
  const answered = (status: number, answer: Fields) => {
    // A service may have the very same URL on another route: reading through a cache, writing beside it.
    if (unsafe) invalidate(caches, url, status, answer);
  };
  const cacheStatus = cache ? `portway; fwd=${reason}` : null;
  return { kind: 'passed', downstream: new PastCache(client, cacheStatus, answered) };
}

/** An exchange on a cached route. */
export function startCached(
  { cache, url, fields }: Extract<CacheRole, { kind: 'asked' }>,
  client: Downstream,
  routed: Routed,
  fetch: FetchForCache,
  exchange: Exchange,
): void {
  const plan = new RoutedCachedPlan(exchange, routed, url, fields, fetch);
  new CachedExchange(cache, client, plan, routed.record, exchange).start();
}

/** Read where it is needed: a hit needs little of it. */
class RoutedCachedPlan implements CachedPlan {
  readonly url: CacheUrl;
  readonly fields: FieldMap;
  readonly #exchange: Exchange;
  readonly #routed: Routed;
  readonly #fetch: FetchForCache;

  constructor(exchange: Exchange, routed: Routed, url: CacheUrl, fields: FieldMap, fetch: FetchForCache) {
    this.#exchange = exchange;
    this.#routed = routed;
    this.url = url;
    this.fields = fields;
    this.#fetch = fetch;
  }

  get idleMs(): number {
    return this.#routed.timeouts.idleMs;
  }

  get streamIdleMs(): number {
    return this.#routed.timeouts.tunnelIdleMs;
  }

  get responseMs(): number {
    return this.#routed.timeouts.responseMs;
  }

  get coded(): CachedPlan['coded'] {
    const { codedHeads } = this.#routed.policies;
    return codedHeads && ((status, fields) => codedHeads.of(status, fields, acceptOf(this.#routed), true));
  }

  fetch(conditions: FieldMap, downstream: Fetched, record: ExchangeRecord): void {
    this.#fetch(this.#exchange, this.#routed, downstream, fetchPlan(this.#routed, conditions), record);
  }

  informationalFields(fields: Fields): Fields {
    return answerFields(this.#routed, nameOf(this.#routed.upstream), fields, false);
  }

  answerFields(fields: Fields): Fields {
    const { serverTiming, record } = this.#routed;
    const kept = this.#routed.outgoing(this.informationalFields(fields));
    return serverTiming ? withCacheTiming(kept, record.startedAt) : kept;
  }

  get ownFields(): Fields | null {
    const { passesAnswers, serverTiming, record } = this.#routed;
    return passesAnswers && !serverTiming ? ['X-Request-Id', record.requestId] : null;
  }
}

/** Under which an answer is kept: all that a service may put into links to itself is part of it. */
function urlOf({ origin, authority, facts, target }: RoutedExchange): CacheUrl {
  const { proto, port, outerPrefix } = origin;
  const publicOrigin = `${proto}://${origin.authority.toLowerCase()}`;
  const plain = origin.authority === authority && outerPrefix === '' && facts.claims.port === null;
  return {
    origin: plain ? publicOrigin : `${publicOrigin} ${port} ${outerPrefix} ${authority.toLowerCase()}`,
    path: target.raw,
  };
}

/** The request as the service would get it: by that an answer is kept and found. */
function fieldMap(routed: Routed): FieldMap {
  const { authority, facts, peer, user, personal, policies } = routed;
  const fields = ['host', authority, ...facts.kept];
  if (peer.certificate !== undefined) fields.push('x-forwarded-client-cert', peer.certificate);
  if (user !== null) fields.push('x-forwarded-user', user);
  const map = grouped(policies.toService(fields, routed));
  // RFC 9111 §3.5 applies to every authenticated user, whatever the proof, and even if the service does not get it.
  if (user !== null || personal || peer.certificate !== undefined) map.authorization ??= user ?? 'personal';
  return map;
}

/** Names the service: a kept answer may have come from any endpoint. */
function nameOf(upstream: Upstream): ServiceName {
  return {
    authority: authorityOf(upstream.config.endpoints[0]!.address),
    owns: (authority) => upstream.endpoints.some((endpoint) => endpoint.owns(authority)),
  };
}
