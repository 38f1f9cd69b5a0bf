import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import type { ServedHosts } from '../route/served-hosts.ts';

/**
 * Whether the `Host` of a request to a local listener is one that a foreign page can't have: an address, localhost, or a configured name.
 *
 * Against DNS rebinding: a page of evil.example whose name suddenly resolves to 127.0.0.1 is, to the browser, of the same origin as a local
 * listener. Its requests still have `Host: evil.example`.
 */
export function isTrustedHost(
  host: string | undefined,
  configured: string | null,
  allowed: ServedHosts | null = null,
): boolean {
  const name = hostName(host ?? '');
  if (name === '') return false;
  if (isIP(name) !== 0 || name === 'localhost' || name === configured?.toLowerCase()) return true;
  return allowed?.has(name) ?? false;
}

/** Lower case, without port and brackets; empty if it is not `uri-host [ ":" port ]` (RFC 9110 §7.2). */
function hostName(host: string): string {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+))(?::\d{0,5})?$/i.exec(host);
  return (match?.[1] ?? match?.[2] ?? '').toLowerCase();
}

/**
 * Whether a page of another site, or of another port of this one, made the browser send it: browsers say so in `Origin` for every method
 * except GET and HEAD (Fetch §3.2), and in `Sec-Fetch-Site` for all. Programs send neither.
 */
export function isOfAnotherOrigin(headers: IncomingHttpHeaders): boolean {
  const { origin, host } = headers;
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) return true;
  return /^(?:cross|same)-site$/.test(String(headers['sec-fetch-site']));
}

/** A navigation: its result is shown, and no script reads it. */
export function isNavigation(headers: IncomingHttpHeaders): boolean {
  return headers['sec-fetch-mode'] === 'navigate';
}

export const FOR_NO_PAGE = 'Pages of other origins may not ask for this.';
