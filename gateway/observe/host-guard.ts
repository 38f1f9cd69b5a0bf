import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import type { ServedHosts } from '../route/served-hosts.ts';

/**
 * Whether the `Host` of a request to a local listener names it in a way that a page of a stranger can't: by address, as
 * localhost, or by a name that it was configured with.
 *
 * Against DNS rebinding: a page of evil.example whose name suddenly resolves to 127.0.0.1 is, to the browser, on the same
 * origin as what listens there. Its requests still say `Host: evil.example`.
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

/** Lower case, without port and brackets; empty for what is no `uri-host [ ":" port ]` (RFC 9110 §7.2). */
function hostName(host: string): string {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+))(?::\d{0,5})?$/i.exec(host);
  return (match?.[1] ?? match?.[2] ?? '').toLowerCase();
}

/**
 * Whether a page of another site, or of another port of this one, has a browser ask for it: it says so by `Origin` with whatever is neither GET nor
 * HEAD (Fetch §3.2), and by `Sec-Fetch-Site` with everything. Programs say neither.
 */
export function isOfAnotherOrigin(headers: IncomingHttpHeaders): boolean {
  const { origin, host } = headers;
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) return true;
  return /^(?:cross|same)-site$/.test(String(headers['sec-fetch-site']));
}

/** A link was followed, or an address typed: what comes of it is shown, and no script reads it. */
export function isNavigation(headers: IncomingHttpHeaders): boolean {
  return headers['sec-fetch-mode'] === 'navigate';
}

export const FOR_NO_PAGE = 'Pages of other origins may not ask for this.';
