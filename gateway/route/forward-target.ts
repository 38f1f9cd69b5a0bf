/** What the service is asked for, and where a client is sent instead. */

import type { RedirectConfig } from '../model/config.ts';
import type { RouteMatch } from './table.ts';
import type { RequestTarget } from './target.ts';

/**
 * The target that the service sees: what follows the prefix, byte for byte (SEMANTICS 1.3), behind what the route puts in its place, or
 * the whole where the prefix is kept.
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
  // What has a path of its own there says itself where its pages end in a slash.
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
 * Where a request is sent: what follows the prefix, byte for byte, and the query, behind what the route names. Slashes in front of it
 * become one: a browser reads a Location that begins with `//` as another host.
 * @param origin as the client knows it: `{scheme}` and `{host}` in the URL are its own, and the paths of its clients begin with its prefix.
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
  // Not what the client sends: a path of its own may have braces.
  const host = authority.replace(/:\d*$/, '');
  const place = isUrl ? to.replace('{scheme}', proto).replace('{host}', host) : to;
  return (isUrl ? '' : outerPrefix) + (place + rest || '/') + target.query;
}
