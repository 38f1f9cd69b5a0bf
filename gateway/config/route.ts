/** From a checked route to the one that the gateway serves: defaults filled in, units in the names. */

import { dirname, resolve } from 'node:path';
import type {
  CacheConfig,
  CanaryConfig,
  RouteConfig,
  RouteMatcher,
  SourcePosition,
} from '../model/config.ts';
import type { CheckedCanary } from './balance-schema.ts';
import { headerConditions, queryConditions } from './condition.ts';
import {
  compileBreaker,
  compileEjection,
  compileLimits,
  compileRetries,
  compileTimeouts,
  type RouteDefaults,
} from './defaults.ts';
import { compileEndpoints } from './endpoints.ts';
import type { GatewayHosts } from './gateway-hosts.ts';
import type { RouteKey } from './route-key.ts';
import { CACHE_DEFAULTS, type CheckedCache, type CheckedRoute, cacheForm } from './route-schema.ts';
import { compileUpstream } from './upstream.ts';

export interface RoutePlace {
  readonly id: string;
  readonly source: SourcePosition;
  /** Of the configuration, absolute. */
  readonly file: string;
}

export function compileRoute(
  place: RoutePlace,
  key: RouteKey,
  form: CheckedRoute,
  hosts: GatewayHosts,
  defaults: RouteDefaults,
): RouteConfig {
  return {
    id: place.id,
    source: place.source,
    matcher: compileMatcher(key, form),
    upstream: compileUpstream(form, {
      endpoints: compileEndpoints(form.to, hosts),
      canary: form.canary ? compileCanary(form.canary, hosts) : null,
      ejection: compileEjection(form.ejection, defaults.ejection),
      limits: compileLimits(form.limits, defaults.limits),
      breaker: compileBreaker(form.breaker, defaults.breaker),
    }),
    strip: form.strip ?? true,
    rewrite: form.rewrite ?? true,
    hostHeader: form.hostHeader ?? 'keep',
    timeouts: compileTimeouts(form.timeouts, defaults.timeouts),
    // `null` is a value here: it takes the limit of the top level away.
    bodyMaxBytes: form.bodyMax === undefined ? defaults.bodyMaxBytes : form.bodyMax,
    extend: form.extend === undefined ? null : resolve(dirname(place.file), form.extend),
    cache: form.cache ? compileCache(form.cache, place.file) : null,
    retries: compileRetries(form.retries, defaults.retries),
    lane: form.lane ?? defaults.lane,
  };
}

function compileCanary({ to, weight }: CheckedCanary, hosts: GatewayHosts): CanaryConfig {
  return { endpoints: compileEndpoints(to, hosts), share: weight };
}

function compileMatcher(key: RouteKey, { exact, when }: CheckedRoute): RouteMatcher {
  return {
    host: key.host,
    path: key.path,
    exact: exact ?? false,
    methods: when?.methods === undefined ? null : [...new Set(when.methods)],
    headers: headerConditions(when?.headers ?? {}),
    query: queryConditions(when?.query ?? {}),
  };
}

const DEFAULT_CACHE = cacheForm.parse({ ...CACHE_DEFAULTS });

function compileCache(form: CheckedCache, file: string): CacheConfig {
  return {
    file: form.file === undefined ? null : resolve(dirname(file), form.file),
    maxBytes: form.maxSize ?? DEFAULT_CACHE.maxSize!,
    entryMaxBytes: form.maxEntry ?? DEFAULT_CACHE.maxEntry!,
  };
}
