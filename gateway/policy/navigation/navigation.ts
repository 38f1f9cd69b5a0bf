import type { LocalAnswer, RoutedExchange } from '../../fields/exchange.ts';
import { navigationRedirect } from '../../route/forward-target.ts';

/** A browser that opens `/db` is sent to `/db/`, so that the relative links of the page stay behind the prefix. */
export function redirectNavigation(exchange: RoutedExchange): LocalAnswer | null {
  const { match, target, downstream, facts, origin } = exchange;
  const path = navigationRedirect(match, target, downstream.method, facts.fetchMode ?? undefined);
  if (path === null) return null;
  return {
    status: 308,
    fields: ['Location', origin.outerPrefix + path, 'Cache-Control', 'no-cache', 'Vary', 'Sec-Fetch-Mode'],
  };
}
