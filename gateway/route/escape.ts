/**
 * Requests that escape their prefix: an application that believes it owns `/` asks for `/assets/x.js` from its page under `/vite`.
 *
 * The page is known by the Referer, else by a cookie that the last document of the origin set (policy/escape). Both are claims of the
 * client: they are looked up in the route table and never sent back (decision 0078).
 */
import type { RouteConfig } from '../model/config.ts';
import type { RouteMatch, RouteRequest, RouteTable } from './table.ts';
import { parseTarget, type RequestTarget } from './target.ts';

/** How the page became known. */
type EscapeSign = 'referer' | 'cookie';

/** The gateway's origin as the client sees it. */
export interface OwnOrigin {
  /** Part of the cookie's name: cookies know no ports (RFC 6265 §8.5), and two gateways on one machine must not mix. */
  readonly port: string;
  owns(scheme: string, authority: string): boolean;
  /** The origin of one of our names below `localhost`, `http://vite.localhost:3000`; `null`: this client would not find it. */
  at(name: string): string | null;
}

/** A request that a page under `route` sent to a path that no route below `/` owns. */
export interface Escape {
  readonly route: RouteConfig;
  readonly by: EscapeSign;
  /** The target, behind the route's prefix. */
  readonly target: RequestTarget;
  readonly match: RouteMatch;
}

export function pageCookieName(port: string): string {
  return `portway-page-${port}`;
}

/** @param match the match of the path itself: `null` or a catch-all @param upgrade upgrades follow no redirects and send no Referer */
export function escapeOf(
  table: RouteTable,
  request: RouteRequest,
  match: RouteMatch | null,
  origin: OwnOrigin,
  upgrade: boolean,
): Escape | null {
  if (!mayEscape(table, request, match)) return null;
  const page = pageOf(table, request, origin, upgrade);
  if (page === null || !yields(table, request, match, page, upgrade)) return null;
  return ledBack(table, request, page);
}

/** The page that sent a request, whether or not its route leads escaped requests back. */
export function pageOf(
  table: RouteTable,
  request: RouteRequest,
  origin: OwnOrigin,
  upgrade: boolean,
): Page | null {
  const site = request.header('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return null;
  if (!isOwnOrAbsent(request.header('origin'), origin)) return null;
  const referer = request.header('referer');
  if (referer === undefined) {
    // Only pages send Origin in a handshake; other clients know their path.
    if (upgrade && request.header('origin') === undefined) return null;
  } else {
    const path = ownPath(referer, origin);
    if (path === null) return null;
    const route = routeAt(table, request, path);
    if (route !== null) return route.matcher.exact ? null : { route, by: 'referer' };
    if (isOwnPage(table, request, path)) return null;
  }
  const route = routeOfCookie(table, request, origin);
  return route === null ? null : { route, by: 'cookie' };
}

export type Page = Pick<Escape, 'route' | 'by'>;

/**
 * Where a browser is sent that opens a page below the prefix of a route with `escape: name`: to the same page at the route's name, where
 * its application owns `/` (decision 0213). `null`: the request stays.
 */
export function pageAtName(
  table: RouteTable,
  request: RouteRequest,
  { route, named, prefixRawLength }: RouteMatch,
  own: OwnOrigin,
): string | null {
  if (named || table.escapeWay(route) !== 'name' || !opensPage(request)) return null;
  const origin = own.at(table.names?.of(route) ?? '');
  if (origin === null) return null;
  const rest = request.target.raw.slice(prefixRawLength);
  return origin + (rest.startsWith('/') ? rest : `/${rest}`);
}

/** In a tab of its own. Browsers name the destination to origins that they trust, `localhost` among them. */
function opensPage(request: RouteRequest): boolean {
  if (request.method !== 'GET' && request.method !== 'HEAD') return false;
  const destination = request.header('sec-fetch-dest');
  if (destination !== undefined) return destination === 'document';
  return /\btext\/html\b/i.test(request.header('accept') ?? '');
}

function mayEscape(table: RouteTable, { target, host }: RouteRequest, match: RouteMatch | null): boolean {
  if (!table.leadsBack || target.kind !== 'path') return false;
  // By its name a route owns all there is.
  if (table.names !== null && table.names.pathOf(host) !== null) return false;
  return match === null || isCatchAll(match);
}

function isCatchAll({ route }: RouteMatch): boolean {
  return route.matcher.path === '/';
}

/** A catch-all route and the gateway's page at `/` own the path, too: they give way to the page in a Referer, not to a remembered one. */
function yields(
  table: RouteTable,
  { target, host }: RouteRequest,
  match: RouteMatch | null,
  { route, by }: Page,
  upgrade: boolean,
): boolean {
  if (table.escapeWay(route) === 'off') return false;
  if (by === 'referer') return true;
  const page = target.canonical === '/' && !upgrade && table.showsPage(host);
  return match === null && !page;
}

function ledBack(table: RouteTable, request: RouteRequest, { route, by }: Page): Escape | null {
  const { path } = route.matcher;
  const { canonical, raw } = request.target;
  // Paths behind the prefix were refused there already, and browsers read `//x` as another host.
  if (canonical === path || canonical.startsWith(`${path}/`) || path.startsWith('//')) return null;
  const { rewritePrefix } = route;
  // The application's own links begin with its path at its port; other paths there are not behind its route.
  const isShown = raw === rewritePrefix || raw.startsWith(`${rewritePrefix}/`);
  if (rewritePrefix !== '' && !isShown) return null;
  const parsed = parseTarget(path + raw.slice(rewritePrefix.length));
  if (!parsed.ok) return null;
  const { target } = parsed;
  const match = table.match({ ...viewOf(request), target });
  return match === null || isCatchAll(match) ? null : { route, by, target, match };
}

function isOwnOrAbsent(origin: string | undefined, own: OwnOrigin): boolean {
  return origin === undefined || ownPath(origin, own) !== null;
}

/** Path and query of a URL of our own origin; `null`: it is a stranger's, or none. */
function ownPath(url: string, own: OwnOrigin): string | null {
  const [all, scheme, authority, rest] = URL_PARTS.exec(url) ?? [];
  if (all === undefined || !own.owns(scheme!.toLowerCase(), authority!)) return null;
  return rest!.startsWith('/') ? rest! : `/${rest}`;
}

const URL_PARTS = /^(https?):\/\/([^/?#@\\]+)((?:[/?][^#]*)?)(?:#|$)/i;

function isOwnPage(table: RouteTable, { host }: RouteRequest, path: string): boolean {
  return /^\/(?:\?|$)/.test(path) && table.showsPage(host);
}

/** The route whose page stands at a path; `null`: none, or one that owns `/` anyway. */
function routeAt(table: RouteTable, request: RouteRequest, path: string): RouteConfig | null {
  const parsed = parseTarget(path);
  if (!parsed.ok || parsed.target.kind !== 'path') return null;
  const match = table.match({ ...viewOf(request), method: 'GET', target: parsed.target });
  return match === null || isCatchAll(match) ? null : match.route;
}

function viewOf(request: RouteRequest): RouteRequest {
  const { method, host, target } = request;
  return { method, host, target, header: (name) => request.header(name) };
}

function routeOfCookie(table: RouteTable, request: RouteRequest, { port }: OwnOrigin): RouteConfig | null {
  const path = pageInCookie(request.header('cookie') ?? '', port);
  const route = path === null ? null : routeAt(table, request, path);
  return route !== null && route.matcher.path === path && !route.matcher.exact ? route : null;
}

/** The path in the cookie; `null`: none, or two that differ. */
export function pageInCookie(cookies: string, port: string): string | null {
  const sign = `${pageCookieName(port)}=`;
  if (!cookies.includes(sign)) return null;
  // Several Cookie fields are one list here, whose separator is a comma; in the value neither stands for itself.
  const values = new Set(cookies.split(/[;,]\s*/).filter((pair) => pair.startsWith(sign)));
  const [pair, another] = values;
  if (pair === undefined || another !== undefined) return null;
  return decoded(pair.slice(sign.length));
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
