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

/** Unlike DELETE, a POST is sent to another origin without asking first; but browsers say with it where it comes from (Fetch §3.2). */
export function isFromAPage({ origin, host }: IncomingHttpHeaders): boolean {
  return origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`;
}

/** What another site, or another port of this one, has a browser ask for; following a link is no such thing. */
export function isOfAnotherSite(headers: IncomingHttpHeaders): boolean {
  return (
    /^(?:cross|same)-site$/.test(String(headers['sec-fetch-site'])) &&
    headers['sec-fetch-mode'] !== 'navigate'
  );
}

export const FOR_NO_PAGE = 'Pages of other origins may not ask for this.';
