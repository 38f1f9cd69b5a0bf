import type { RedirectConfig } from '../model/config.ts';
import type { RouteMatch } from './table.ts';
import type { RequestTarget } from './target.ts';

/**
 * Where a request is sent: what follows the prefix, byte for byte, and the query, behind what the route names. Slashes in front of it
 * become one: a browser reads a Location that begins with `//` as another host.
 * @param outerPrefix of a proxy before this gateway: its clients see paths behind it.
 */
export function redirectLocation(
  { to }: RedirectConfig,
  match: RouteMatch,
  target: RequestTarget,
  outerPrefix: string,
): string {
  const rest = target.raw.slice(match.prefixRawLength, target.rawPathLength).replace(/^\/+/, '/');
  const outer = /^https?:/i.test(to) ? '' : outerPrefix;
  const path = `${to}${rest}` || '/';
  return outer + path + target.query;
}
