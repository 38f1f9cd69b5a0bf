/** The target for the service, and the location of a redirect. */

import type { RedirectConfig } from '../model/config.ts';
import type { RouteMatch } from './table.ts';
import type { RequestTarget } from './target.ts';

/**
 * The target for the service: everything after the prefix, byte for byte (SEMANTICS 1.3), behind the route's replacement; or the whole, if
 * the prefix is kept.
 *
 * It may begin with `//` (`/db//x`), so it must never be resolved against a base: `new URL('//x', ...)` names another host.
 */
export function forwardTarget(match: RouteMatch, target: RequestTarget): string {
  const { route, prefixRawLength } = match;
  if (!route.strip) return target.raw;
  const { rewritePrefix } = route;
  if (route.append && prefixRawLength < target.rawPathLength)
    return prefixRawLength === 0 && rewritePrefix === ''
      ? target.raw
      : rewritePrefix + target.raw.slice(prefixRawLength);
  return (rewritePrefix || '/') + target.query;
}

/**
 * Where a browser's navigation to `/db` is sent with 308: to `/db/`, because a relative link on the page would be resolved against
 * `/` otherwise (SEMANTICS 1.5). `null`: forward it. Other clients are never redirected: an API call to `/db` is an answer away.
 */
export function navigationRedirect(
  match: RouteMatch,
  target: RequestTarget,
  method: string,
  secFetchMode: string | undefined,
): string | null {
  if (secFetchMode !== 'navigate' || (method !== 'GET' && method !== 'HEAD')) return null;
  const { route, prefixRawLength } = match;
  if (!route.strip || route.redirect !== null || route.matcher.exact || prefixRawLength === 0) return null;
  // A service with a path of its own redirects to the slash itself.
  if (route.rewritePrefix !== '' || !route.append) return null;
  if (prefixRawLength !== target.rawPathLength) return null;
  // A browser reads a Location that begins with `//` as another origin.
  if (target.raw.startsWith('//')) return null;
  return `${target.raw.slice(0, prefixRawLength)}/${target.query}`;
}

interface PublicOrigin {
  readonly proto: string;
  readonly authority: string;
  readonly outerPrefix: string;
}

/**
 * The location of a route's redirect: everything after the prefix, byte for byte, and the query, behind the route's URL. Leading slashes
 * are merged into one: browsers read a Location that begins with `//` as another host.
 * @param origin the gateway's as the client knows it: fills `{scheme}` and `{host}` of the URL, and its outer prefix precedes paths
 */
export function redirectLocation(
  { to }: RedirectConfig,
  match: RouteMatch,
  target: RequestTarget,
  { proto, authority, outerPrefix }: PublicOrigin,
): string {
  const { prefixRawLength, route } = match;
  const rest = route.append
    ? target.raw.slice(prefixRawLength, target.rawPathLength).replace(/^\/+/, '/')
    : '';
  const isUrl = /^(?:https?|\{scheme\}):/i.test(to);
  // Filled before the client's path is added, which may contain braces.
  const host = authority.replace(/:\d*$/, '');
  const place = isUrl ? to.replace('{scheme}', proto).replace('{host}', host) : to;
  return (isUrl ? '' : outerPrefix) + (place + rest || '/') + target.query;
}
