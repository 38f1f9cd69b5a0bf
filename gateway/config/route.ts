/** From a checked route to the one that the gateway serves: defaults filled in, units in the names. */

import { dirname, resolve } from 'node:path';
import { parseTarget } from '../keys/target.ts';
import type {
  CacheConfig,
  CanaryConfig,
  EndpointConfig,
  MirrorConfig,
  RouteConfig,
  RouteMatcher,
  SourcePosition,
} from '../model/config.ts';
import type { CheckedCanary } from './balance-schema.ts';
import { conditions, headerConditions } from './condition.ts';
import type { Places } from './endpoint.ts';
import { compileEndpoints } from './endpoints.ts';
import { compileFolder, isRemote } from './folder-schema.ts';
import { compileInherited, type RouteDefaults } from './inherited.ts';
import { compileCompare, compileMirror } from './mirror-schema.ts';
import { compileUse } from './plugin-schema.ts';
import { compileRedirect } from './redirect-schema.ts';
import { inPlace } from './rewriting-schema.ts';
import type { RouteKey } from './route-key.ts';
import { type CheckedCache, type CheckedRoute, compileCache, compilePlainKeys } from './route-schema.ts';
import { compileTrust, withTrust } from './service-tls-schema.ts';
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
  places: Places,
  defaults: RouteDefaults,
): RouteConfig {
  const { ejection, limits, breaker, ...inherited } = compileInherited(form, place.file, defaults);
  const trusting = trustingIn(form, place.file);
  const canary = form.canary ? compileCanary(form.canary, places, trusting) : null;
  const endpoints = form.to === undefined ? [] : trusting(compileEndpoints(form.to, places));
  return {
    id: place.id,
    source: place.source,
    matcher: compileMatcher(key, form),
    upstream: {
      ...compileUpstream(form, { endpoints, canary, ejection, limits, breaker }),
      ...compileFallback(form, places, trusting),
    },
    ...compilePlainKeys(form),
    rewritePrefix: inPlace(form.rewritePrefix ?? '', form),
    ...inherited,
    extend: form.extend === undefined ? null : resolve(dirname(place.file), form.extend),
    use: compileUse(form.use, place.file),
    folder: compileFolder(form, place.file),
    redirect: compileRedirect(form),
    cache: form.cache ? cacheOf(form.cache, place.file) : null,
    mirror: compileCopies(form, places),
  };
}

/** Of both, the file has one at most. */
function compileCopies({ mirror, compare }: CheckedRoute, places: Places): MirrorConfig | null {
  if (compare !== undefined) return compileCompare(compare, places);
  return mirror === undefined ? null : compileMirror(mirror, places);
}

function compileFallback({ to, fallback }: CheckedRoute, places: Places, trusting: Trusting) {
  if (to === undefined || fallback === undefined || !isRemote(fallback)) return {};
  const target = parseTarget(fallback);
  const [one] = target.ok ? trusting(compileEndpoints(target.value, places)) : [];
  if (one?.address.kind !== 'tcp') return {};
  return { fallback: { ...one, address: { ...one.address, fallback: true as const } } };
}

type Trusting = (endpoints: readonly EndpointConfig[]) => readonly EndpointConfig[];

/** The trusted certificates of a route's endpoints, the canary included. */
function trustingIn({ tls }: CheckedRoute, configuration: string): Trusting {
  if (tls === undefined) return (endpoints) => endpoints;
  const trust = compileTrust(tls, configuration);
  return (endpoints) => withTrust(endpoints, trust);
}

function compileCanary({ to, weight }: CheckedCanary, places: Places, trusting: Trusting): CanaryConfig {
  return { endpoints: trusting(compileEndpoints(to, places)), share: weight };
}

function compileMatcher(key: RouteKey, { exact, when }: CheckedRoute): RouteMatcher {
  return {
    host: key.host,
    path: key.path,
    exact: exact ?? false,
    methods: when?.methods === undefined ? null : [...new Set(when.methods)],
    headers: headerConditions(when?.headers ?? {}),
    cookies: conditions(when?.cookies ?? {}),
    query: conditions(when?.query ?? {}),
  };
}

function cacheOf(form: CheckedCache, configuration: string): CacheConfig {
  const { file, ...sizes } = compileCache(form);
  return { file: file === null ? null : resolve(dirname(configuration), file), ...sizes };
}
