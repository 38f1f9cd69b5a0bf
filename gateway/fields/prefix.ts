/**
 * Puts the prefix back into URLs, paths and cookies of services that do not know it (SEMANTICS 1.6).
 *
 * A service under `/db` that answers `Location: /users` means its own `/users`, which the client knows as `/db/users`. Only the target of a
 * value changes, never its spelling: a value that needs no change stays the same text.
 */
import { canonicalPath } from '../route/target.ts';

export interface PrefixContext {
  /** The route's path in canonical form (`/db`); empty where the prefix isn't stripped, and for `/`. */
  readonly prefix: string;
  /** The prefix at the service in place of the route's (`/api/v2`); empty: none. */
  readonly rewritePrefix: string;
  /**
   * Whether this lower-case authority (`127.0.0.1:3001`) is the service: its endpoint's own, or the `Host` that was sent to it.
   * It is asked with and without a scheme's default port.
   */
  readonly ownAuthorities: (authority: string) => boolean;
  /** Scheme and authority that the client used: `http://localhost:3000`. */
  readonly publicOrigin: string;
}

/** RFC 9110 §4.2.1, §4.2.2, RFC 6455 §3; without a scheme it could be either. */
const DEFAULT_PORTS: Readonly<Record<string, readonly string[]>> = {
  http: ['80'],
  ws: ['80'],
  https: ['443'],
  wss: ['443'],
  '': ['80', '443'],
};

const AUTHORITY = /^(?:(https?|wss?):)?\/\/([^/?#]*)/i;
/** Seconds, then `;`, `,` or a space, then `url=`, which may be left out (HTML, "shared declarative refresh steps"). */
const REFRESH_START = /^\s*[\d.]*(?:\s*[;,]\s*|\s+)(?:url\s*=\s*)?/i;
const PATH_ATTRIBUTE = /^(\s*path\s*=\s*)(\/.*)$/i;
/** Browsers resolve encoded dots too (WHATWG URL, "double-dot URL path segment"). */
const SINGLE_DOT = /^(?:\.|%2e)$/i;
const DOUBLE_DOT = /^(?:\.|%2e){2}$/i;

/**
 * The value of one response field as the client should see it. Fields other than `location`, `content-location`, `refresh`, `link`,
 * `service-worker-allowed` and `set-cookie` come back as they are, and so does every value that can't be read. Never throws.
 */
export function rewriteAnswerField(lowerName: string, value: string, context: PrefixContext): string {
  switch (lowerName) {
    case 'location':
    case 'content-location':
      return rewriteReference(value, context);
    case 'service-worker-allowed':
      return rewriteScope(value, context);
    case 'refresh':
      return rewriteRefresh(value, context);
    case 'link':
      return rewriteLink(value, context);
    case 'set-cookie':
      return rewriteCookie(value, context);
    default:
      return value;
  }
}

/** A URI reference (RFC 3986 §4.1). It is never parsed as a whole, so that everything after the authority keeps its bytes. */
function rewriteReference(reference: string, context: PrefixContext): string {
  const match = AUTHORITY.exec(reference);
  if (match === null) return reference.startsWith('/') ? onThisHost(reference, context) : reference;
  const scheme = (match[1] ?? '').toLowerCase();
  if (!isOwn(scheme, match[2]!.toLowerCase(), context)) return reference;
  return publicOrigin(scheme, context) + behindPrefix(reference.slice(match[0].length), context);
}

function isOwn(scheme: string, authority: string, { ownAuthorities }: PrefixContext): boolean {
  const colon = authority.lastIndexOf(':');
  const hasPort = colon > authority.lastIndexOf(']');
  const host = hasPort ? authority.slice(0, colon) : authority;
  const port = hasPort ? authority.slice(colon + 1) : '';
  if (host === '') return false;
  const defaults = DEFAULT_PORTS[scheme] ?? [];
  if (port !== '' && !defaults.includes(port)) return ownAuthorities(authority);
  const ports = port === '' ? defaults : [port];
  return ownAuthorities(host) || ports.some((standard) => ownAuthorities(`${host}:${standard}`));
}

/** A WebSocket URL stays one: `ws` where the public origin is `http`, `wss` where it is `https`. */
function publicOrigin(scheme: string, context: PrefixContext): string {
  return scheme.startsWith('ws') ? context.publicOrigin.replace(/^http/i, 'ws') : context.publicOrigin;
}

/** A browser reads two slashes at the start as another host (WHATWG URL): with nothing in the place of `/root`, `/root//x` would lead to `x`. */
function onThisHost(reference: string, context: PrefixContext): string {
  const rewritten = behindPrefix(reference, context);
  return rewritten === reference ? reference : rewritten.replace(/^\/[/\\\t]+/, '/');
}

/** @param rest everything after an authority: path, query and fragment, each of which may be empty */
function behindPrefix(rest: string, { prefix, rewritePrefix }: PrefixContext): string {
  if (prefix === '' && rewritePrefix === '') return rest;
  const pathEnd = rest.search(/[?#]/);
  const path = pathEnd === -1 ? rest : rest.slice(0, pathEnd);
  // `/../x` means `/x` to a browser that resolves it. Behind the prefix it would climb out: `/db/../x`.
  const resolved = withoutDotSegments(path);
  // Paths of the service outside `rewritePrefix` are not reachable through this route.
  if (rewritePrefix === '' ? hasPrefix(resolved, prefix) : !isBelow(resolved, rewritePrefix)) return rest;
  const below = resolved === '' ? '/' : resolved.slice(rewritePrefix.length);
  return (prefix + below || '/') + rest.slice(path.length);
}

/**
 * `Service-Worker-Allowed` (SW §6.3). A scope above the prefix would take over pages of all other routes, so it becomes the prefix. The
 * value is resolved as browsers do it, `..` and backslashes included.
 */
function rewriteScope(value: string, context: PrefixContext): string {
  const scope = rewriteReference(value, context);
  const { prefix, publicOrigin } = context;
  if (prefix === '') return scope;
  const read = URL.parse(scope, `${publicOrigin}${prefix}/`);
  return read !== null && hasPrefix(read.pathname, prefix) ? scope : `${prefix}/`;
}

/** By segment, in the canonical view that routes are matched by: `/dbx` doesn't have the prefix `/db`, `/%64b/x` does. */
function hasPrefix(path: string, prefix: string): boolean {
  const read = path.includes('%') ? canonicalPath(path) : null;
  return isBelow(read?.ok ? read.path : path, prefix);
}

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || (path.startsWith(prefix) && path.charAt(prefix.length) === '/');
}

/** RFC 3986 §5.2.4 for a path that begins with `/`; a path without dot segments comes back as it is. */
function withoutDotSegments(path: string): string {
  const segments = path.split('/');
  if (!segments.some((segment) => SINGLE_DOT.test(segment) || DOUBLE_DOT.test(segment))) return path;
  const kept: string[] = [];
  segments.slice(1).forEach((segment, at, { length }) => {
    const climbs = DOUBLE_DOT.test(segment);
    if (climbs) kept.pop();
    if (!climbs && !SINGLE_DOT.test(segment)) kept.push(segment);
    else if (at === length - 1) kept.push('');
  });
  return `/${kept.join('/')}`;
}

/** `5; url=/x`, `5;URL='/x'`, `5, /x`: a quoted URL ends at its quote, any other at the end of the field. */
function rewriteRefresh(value: string, context: PrefixContext): string {
  const start = REFRESH_START.exec(value)?.[0].length ?? value.length;
  const quote = value.charAt(start);
  const quoted = quote === '"' || quote === "'";
  const from = quoted ? start + 1 : start;
  const close = quoted ? value.indexOf(quote, from) : -1;
  const end = close === -1 ? value.length : close;
  return value.slice(0, from) + rewriteReference(value.slice(from, end), context) + value.slice(end);
}

/** RFC 8288 §3: links separated by commas, which may also stand in `<>` and in quoted parameters. Parameters stay as they are. */
function rewriteLink(value: string, context: PrefixContext): string {
  let rewritten = '';
  let copied = 0;
  for (let at = skipSpace(value, 0); at < value.length; at = skipSpace(value, elementEnd(value, at) + 1)) {
    if (value.charAt(at) !== '<') continue;
    const close = value.indexOf('>', at);
    if (close === -1) break;
    rewritten += value.slice(copied, at + 1) + rewriteReference(value.slice(at + 1, close), context);
    copied = close;
    at = close;
  }
  return rewritten + value.slice(copied);
}

function skipSpace(value: string, from: number): number {
  let at = from;
  while (value.charAt(at) === ' ' || value.charAt(at) === '\t') at++;
  return at;
}

/** Where the comma stands that ends a list element, or the end of the value. */
function elementEnd(value: string, from: number): number {
  let quoted = false;
  for (let at = from; at < value.length; at++) {
    const letter = value.charAt(at);
    if (quoted && letter === '\\') at++;
    else if (letter === '"') quoted = !quoted;
    else if (letter === ',' && !quoted) return at;
  }
  return value.length;
}

/**
 * RFC 6265 §4.1.2.4. `Path=/` becomes `/db` and not `/db/`: a cookie's path matches itself and everything below it by segment
 * (§5.1.4), so `/db` covers `/db` and `/db/x`, where `/db/` would leave out `/db`. Without a path the browser takes the one of the request,
 * which is behind the prefix already. A `__Host-` cookie is valid with `Path=/` only (RFC 6265bis §4.1.3.2).
 */
function rewriteCookie(value: string, context: PrefixContext): string {
  const unchanged = context.prefix === '' && context.rewritePrefix === '';
  if (unchanged || /^\s*__host-/i.test(value)) return value;
  const start = attributesStart(value);
  const attributes = value.slice(start).split(';');
  return value.slice(0, start) + attributes.map((attribute) => cookieAttribute(attribute, context)).join(';');
}

/** The first semicolon after the cookie's value, which may be quoted and then hold semicolons. */
function attributesStart(value: string): number {
  const quoted = /^[^;="]*=\s*"[^"]*"/.exec(value);
  const semicolon = value.indexOf(';', quoted?.[0].length ?? 0);
  return semicolon === -1 ? value.length : semicolon;
}

/** Paths of cookies are compared as they are spelled (RFC 6265 §5.1.4), so there is no canonical view here. */
function cookieAttribute(attribute: string, { prefix, rewritePrefix }: PrefixContext): string {
  const match = PATH_ATTRIBUTE.exec(attribute);
  if (match === null) return attribute;
  const path = match[2]!.trimEnd();
  if (rewritePrefix === '' && isBelow(path, prefix)) return attribute;
  const below = path === '/' ? '' : path;
  // A cookie for a wider path than the route's is one for the whole route.
  const covers = isBelow(rewritePrefix, below.replace(/\/$/, ''));
  if (!covers && !isBelow(below, rewritePrefix)) return attribute;
  const place = prefix + (covers ? '' : below.slice(rewritePrefix.length));
  return match[1]! + (place || '/') + match[2]!.slice(path.length);
}
