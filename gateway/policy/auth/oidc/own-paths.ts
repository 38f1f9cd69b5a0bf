/** The paths below a route that belong to its logins, and where browsers go back to. */

import type { RoutedExchange } from '../../../fields/exchange.ts';
import { pathOf } from '../forward/question.ts';

export type OwnPath = 'login' | 'callback' | 'logout';

const FOLDER = '/.portway/oidc/';
const OWN_PATHS: readonly OwnPath[] = ['login', 'callback', 'logout'];

/** Which of them is asked for; `null`: none, the service's own path. */
export function ownPathAsked({ target, match }: RoutedExchange): OwnPath | null {
  const { canonical } = target;
  if (!canonical.startsWith(FOLDER, match.prefix.length)) return null;
  const name = canonical.slice(match.prefix.length + FOLDER.length);
  return OWN_PATHS.find((own) => own === name) ?? null;
}

/** As the client asks for it. */
export function pathOfOwn(own: OwnPath, { origin, match }: RoutedExchange): string {
  return `${origin.outerPrefix}${match.prefix}${FOLDER}${own}`;
}

export function urlTo(own: OwnPath, exchange: RoutedExchange): string {
  const { proto, authority } = exchange.origin;
  return `${proto}://${authority}${pathOfOwn(own, exchange)}`;
}

/** The path after a login: the requested page, or `return=` of the login. */
export function returnPath(exchange: RoutedExchange, own: OwnPath | null): string {
  const asked =
    own === null
      ? pathOf(exchange)
      : own === 'login'
        ? new URLSearchParams(exchange.target.query).get('return')
        : null;
  return (
    (asked === null ? null : ownPath(asked)) ?? `${exchange.origin.outerPrefix}${exchange.match.prefix}/`
  );
}

/** A path of this host: browsers take two slashes for a host, fold backslashes, and drop control characters. `null`: not such a path. */
function ownPath(text: string): string | null {
  if (!/^\/[\x21-\x7e]{0,2047}$/.test(text)) return null;
  return text.replace(/^[/\\]+/, '/');
}
