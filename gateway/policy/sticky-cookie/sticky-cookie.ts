import type { Fields } from '../../exchange/contract.ts';
import type { RoutedExchange } from '../../fields/exchange.ts';

/** For which requests a browser sends the cookie again. */
export interface CookieScope {
  /** The prefix of the route as the client knows it. */
  readonly path: string;
  /** Whether the client came by https. */
  readonly secure: boolean;
}

/**
 * The request's fields without the cookie that binds the client to its endpoint: the gateway set it, and the service would log, count or
 * misread it. Other cookies keep their bytes.
 */
export function withoutCookie(fields: Fields, name: string): Fields {
  let out: string[] | null = null;
  for (let i = 0; i < fields.length; i += 2) {
    const value = fields[i + 1]!;
    const own = fields[i]!.toLowerCase() === 'cookie' && value.includes(name);
    if (own) out ??= fields.slice(0, i);
    const kept = own ? withoutPair(value, name) : value;
    if (kept !== '') out?.push(fields[i]!, kept);
  }
  return out ?? fields;
}

/** RFC 6265 §4.2.1: pairs, and a semicolon and a space between them. */
function withoutPair(cookies: string, name: string): string {
  return cookies
    .split(';')
    .filter((pair) => !isNamed(pair, name))
    .join(';')
    .trimStart();
}

/** Services skip spaces and tabs around a name, as route/cookie.ts does. */
function isNamed(pair: string, name: string): boolean {
  const equals = pair.indexOf('=');
  return equals !== -1 && pair.slice(0, equals).trim() === name;
}

/** The cookie goes with every request below the route, as the client sees it. */
export function cookieScope({ origin, match }: RoutedExchange): CookieScope {
  const whole = origin.outerPrefix + match.prefix;
  return { path: cookiePath(whole), secure: origin.proto === 'https' };
}

/** A cookie's path ends at its first semicolon (RFC 6265 §5.2), so the folder above has to do. */
function cookiePath(path: string): string {
  const semicolon = path.indexOf(';');
  const sayable = semicolon === -1 ? path : path.slice(0, path.lastIndexOf('/', semicolon));
  return sayable === '' ? '/' : sayable;
}
