/** From a checked route to the one that the gateway serves: defaults filled in, units in the names. */

import { dirname, resolve } from 'node:path';
import { headerConditions, queryConditions } from './condition.ts';
import type {
  CacheConfig,
  EndpointConfig,
  RouteConfig,
  RouteMatcher,
  SourcePosition,
  TimeoutsConfig,
} from './model.ts';
import type { RouteKey } from './route-key.ts';
import {
  CACHE_DEFAULTS,
  type CheckedCache,
  type CheckedRoute,
  type CheckedTimeouts,
  cacheForm,
  TIMEOUT_DEFAULTS,
  timeouts,
} from './route-schema.ts';
import { compileUpstream, RETRY_DEFAULTS } from './upstream.ts';

/** What the top level says for every route that does not say otherwise. */
export interface RouteDefaults {
  readonly timeouts?: CheckedTimeouts | undefined;
  readonly bodyMax?: number | null | undefined;
}

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
  endpoints: readonly EndpointConfig[],
  defaults: RouteDefaults,
): RouteConfig {
  return {
    id: place.id,
    source: place.source,
    matcher: compileMatcher(key, form),
    upstream: compileUpstream(endpoints),
    strip: form.strip ?? true,
    rewrite: form.rewrite ?? true,
    hostHeader: form.hostHeader ?? 'keep',
    timeouts: compileTimeouts(form.timeouts, defaults.timeouts),
    // `null` is a value here: it takes the limit of the top level away.
    bodyMaxBytes: (form.bodyMax === undefined ? defaults.bodyMax : form.bodyMax) ?? null,
    extend: form.extend === undefined ? null : resolve(dirname(place.file), form.extend),
    cache: form.cache ? compileCache(form.cache, place.file) : null,
    retries: RETRY_DEFAULTS,
    lane: 'auto',
  };
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

const DEFAULTS: Readonly<Record<keyof CheckedTimeouts, number>> = timeouts.required().parse(TIMEOUT_DEFAULTS);

function compileTimeouts(own: CheckedTimeouts = {}, top: CheckedTimeouts = {}): TimeoutsConfig {
  return {
    connectMs: own.connect ?? top.connect ?? DEFAULTS.connect,
    responseMs: own.response ?? top.response ?? DEFAULTS.response,
    idleMs: own.idle ?? top.idle ?? DEFAULTS.idle,
    tunnelIdleMs: own.tunnelIdle ?? top.tunnelIdle ?? DEFAULTS.tunnelIdle,
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
