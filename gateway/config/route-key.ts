/** The key of a route: `/path`, `host/path` or a host alone. */

import { pastedHint } from '../keys/hint.ts';
import { parseHostPattern } from '../keys/host.ts';
import { accepted, type ParseResult, refused } from '../keys/parse-result.ts';
import type { PathPrefix } from '../model/config.ts';
import { canonicalPath } from '../route/target.ts';
import { faultText, type TargetFault } from '../route/target-fault.ts';

export interface RouteKey {
  /** Lower case; `*.example.com` for the names below it; `null`: any host. */
  readonly host: string | null;
  readonly path: PathPrefix;
}

const A_ROUTE = 'a path like /db, or host/path';
const A_HOST = 'a host name before the path';

/** Reads a key. Two keys that mean the same have equal results, however they are spelled. */
export function parseRouteKey(text: string): ParseResult<RouteKey> {
  if (text === '')
    return refused('/ is the route of everything that no other route takes', A_ROUTE, 'nothing');
  const pasted = pastedHint(text);
  if (pasted !== null && !text.startsWith('/')) return refused(pasted, A_ROUTE);
  const url = /^[a-z][a-z0-9+.-]*:\/\/(.*)$/i.exec(text);
  if (url) return refused(`a host without a scheme: ${url[1]}`, A_ROUTE);
  if (text.includes('${')) return refused('variables are expanded in values, not in keys', A_ROUTE);
  const modified = /^([~^=]+\*?)\s*\^?(\/[\w./-]*|(?=\\|\.|\())/.exec(text);
  if (modified) return refused(modifierHint(modified[1]!, modified[2]!), A_ROUTE);
  const method = /^([A-Z]+) +(?=\/)/.exec(text);
  if (method) return refused(`methods stand below the route: when: { methods: ${method[1]} }`, A_ROUTE);
  if (/^(?:\*|_|default|all)$/.test(text))
    return refused('/ is the route of everything that no other route takes', A_ROUTE);
  const rule = /^(?:Host|Path|PathPrefix)\(`([^`]+)`\)$/.exec(text);
  if (rule) return refused(`without Traefik's rule around it: ${rule[1]}`, A_ROUTE);
  const slash = text.indexOf('/');
  if (slash === 0) return parsePath(text, null);
  const host = parseRouteHost(slash === -1 ? text : text.slice(0, slash), text);
  if (!host.ok) return host;
  return parsePath(slash === -1 ? '/' : text.slice(slash), host.value);
}

/** Final slashes fall away: `/db/` is `/db`. */
function parsePath(text: string, host: string | null): ParseResult<RouteKey> {
  const empty = /\/\/./.exec(text);
  if (empty) return refused(`an empty segment never matches: ${text.replace(/\/{2,}/g, '/')}`, A_ROUTE);
  const pattern = patternHint(text);
  if (pattern !== null) return refused(pattern, A_ROUTE);
  const canonical = canonicalPath(text);
  if (!canonical.ok) return refused(pathHint(canonical.reason, text), 'a path that a request can have');
  const path = canonical.path.replace(/\/+$/, '');
  return accepted({ host, path: (path === '' ? '/' : path) as PathPrefix });
}

/** nginx's modifiers before a path: `=`, `~`, `~*`, `^~`. */
function modifierHint(modifier: string, path: string): string {
  if (modifier === '=') return `beside "to" stands "exact: true": ${path}: { to: 3001, exact: true }`;
  return `no regular expressions; a route takes everything below its path: ${path || '/'}`;
}

/** Patterns of other routers, which would be compared literally here. */
function patternHint(text: string): string | null {
  const star = /^(.*?)\/\*+$/.exec(text);
  if (star) return `a route takes everything below its path: ${star[1] === '' ? '/' : star[1]}`;
  const param = /^(.*?)\/(?::[^/]*|\{[^/]*\}|<[^/]*>|[^/]*\*[^/]*)(?:\/|$)/.exec(text);
  if (!param) return null;
  return `no patterns; a route takes everything below its path: ${param[1] === '' ? '/' : param[1]}`;
}

function pathHint(reason: TargetFault, text: string): string {
  switch (reason) {
    case 'dot-segment':
      return `requests with . or .. segments are refused, so it would never match: ${withoutDots(text)}`;
    case 'query':
      return `a route has no query; conditions on it stand below "when: { query: ... }"`;
    case 'non-ascii':
    case 'control':
      return `browsers send it encoded: ${encodeURI(text.toWellFormed())}`;
    case 'backslash':
      return `segments are separated by /: ${text.replace(/\\|%5c/gi, '/')}`;
    default:
      return `it ${faultText(reason).what}. ${faultText(reason).mend}`;
  }
}

function withoutDots(text: string): string {
  return new URL(text.replace(/\\/g, '/'), 'http://portway.invalid').pathname;
}

function parseRouteHost(text: string, key: string): ParseResult<string> {
  const port = /^(\[[^\]]*\]|[^:[\]]*):(\d+)$/.exec(text);
  if (port)
    return refused(`routes are for every port of the gateway: ${key.replace(`:${port[2]}`, '')}`, A_HOST);
  const host = parseHostPattern(text);
  if (!host.ok) return refused(host.hint ?? `did you mean /${key}?`, A_ROUTE);
  // One label, and no final dot to say that it is a whole name, is a path that lost its slash.
  if (!/[.[]/.test(text) && host.value !== 'localhost') {
    const hint = `did you mean /${key}? (a host of one label is written ${key.replace(text, `${text}.`)})`;
    return refused(hint, A_ROUTE);
  }
  return host;
}
