/** Host and port as they stand in an absolute-form target and in the `Host` field (RFC 9110 §4.2, §7.2). */
import { refuse, type TargetRefusal } from './target-fault.ts';

export interface AbsoluteFormSplit {
  readonly ok: true;
  /** As sent: `shop.localhost:3000`. */
  readonly authority: string;
  /** Where in the target the authority ends. */
  readonly end: number;
}

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
// Percent-escapes are left out on purpose: a host that is to be decoded first would match no host-based route
// and still reach the service that decodes it.
const HOST_AND_PORT = /^(?:(\[[0-9a-f:.]+\])|[a-z0-9_~-]+(?:\.[a-z0-9_~-]+)*\.?)(?::([0-9]{0,5}))?$/i;

/** Finds the authority of `http://host:port/path`. Only `http` and `https` are ours, and user names are refused (RFC 9110 §4.2.4). */
export function splitAbsoluteForm(target: string): AbsoluteFormSplit | TargetRefusal {
  const scheme = SCHEME.exec(target);
  if (scheme === null) return refuse('not-a-path', 0);
  if (!/^https?$/i.test(scheme[1]!)) return refuse('scheme', 0);
  const start = scheme[0].length;
  const end = authorityEnd(target, start);
  const authority = target.slice(start, end);
  if (authority.includes('@')) return refuse('userinfo', start);
  return isAuthority(authority) ? { ok: true, authority, end } : refuse('authority', start);
}

/** Whether this is a host with an optional port, by RFC 9110 §7.2 without escapes. */
export function isAuthority(text: string): boolean {
  const match = HOST_AND_PORT.exec(text);
  if (match === null || Number(match[2] ?? 0) > 65_535) return false;
  return match[1] === undefined || URL.canParse(`http://${match[1]}/`);
}

/**
 * The host that routes are matched by: lower case, without port, without the final dot of a fully qualified name. Brackets of an IPv6
 * address stay: `[::1]`.
 */
export function hostOf(authority: string): string {
  const port = authority.startsWith('[') ? authority.indexOf(']') + 1 : authority.indexOf(':');
  const host = (port <= 0 ? authority : authority.slice(0, port)).toLowerCase();
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

function authorityEnd(target: string, start: number): number {
  for (let at = start; at < target.length; at++) {
    if ('/?#\\'.includes(target.charAt(at))) return at;
  }
  return target.length;
}

/** The prefix of an endpoint's name; empty for plain HTTP/1.1. */
export function schemePrefix({ tls, http2 }: { readonly tls: boolean; readonly http2?: boolean }): string {
  if (http2) return tls ? 'h2://' : 'h2c://';
  return tls ? 'https://' : '';
}
