import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/**
 * Whether the `Host` of a request to a local listener names it in a way that a page of a stranger can't: by address, as
 * localhost, or by the name that it was configured with.
 *
 * Against DNS rebinding: a page of evil.example whose name suddenly resolves to 127.0.0.1 is, to the browser, on the same
 * origin as what listens there. Its requests still say `Host: evil.example`.
 */
export function isTrustedHost(host: string | undefined, configured: string | null): boolean {
  const name = hostName(host ?? '');
  if (name === '') return false;
  return isIP(name) !== 0 || name === 'localhost' || name === configured?.toLowerCase();
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

export const FOR_NO_PAGE = 'Pages of other origins may not ask for this.';
