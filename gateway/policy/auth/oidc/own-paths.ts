/** The paths below a route that belong to its logins, and where browsers go back to. */

import type { RoutedExchange } from '../../../fields/exchange.ts';
import { pathOf } from '../forward/question.ts';

export type Place = 'login' | 'callback' | 'logout';

const FOLDER = '/.portway/oidc/';
const PLACES: readonly Place[] = ['login', 'callback', 'logout'];

/** Which of them is asked for; `null`: none, the service's own path. */
export function placeAsked({ target, match }: RoutedExchange): Place | null {
  const { canonical } = target;
  if (!canonical.startsWith(FOLDER, match.prefix.length)) return null;
  const name = canonical.slice(match.prefix.length + FOLDER.length);
  return PLACES.find((place) => place === name) ?? null;
}

/** As the client asks for it. */
export function pathTo(place: Place, { origin, match }: RoutedExchange): string {
  return `${origin.outerPrefix}${match.prefix}${FOLDER}${place}`;
}

export function urlTo(place: Place, exchange: RoutedExchange): string {
  const { proto, authority } = exchange.origin;
  return `${proto}://${authority}${pathTo(place, exchange)}`;
}

/** Where a login leads back to: the page that was asked for, or what `return=` of a login names. */
export function returnPath(exchange: RoutedExchange, place: Place | null): string {
  const asked =
    place === null
      ? pathOf(exchange)
      : place === 'login'
        ? new URLSearchParams(exchange.target.query).get('return')
        : null;
  return (
    (asked === null ? null : ownPath(asked)) ?? `${exchange.origin.outerPrefix}${exchange.match.prefix}/`
  );
}

/** A path of this host alone: browsers take two slashes for another one, fold backslashes, and leave out control characters. `null`: it is none. */
function ownPath(text: string): string | null {
  if (!/^\/[\x21-\x7e]{0,2047}$/.test(text)) return null;
  return text.replace(/^[/\\]+/, '/');
}
