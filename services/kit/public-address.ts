import type { IncomingHttpHeaders } from 'node:http';

/** Where the client sees this service: the gateway's origin and prefix, or the service's own when asked directly. */
export interface PublicAddress {
  /** `https://shop.example`, without a path. */
  readonly origin: string;
  /** `/db`, or empty. Never ends in a slash. */
  readonly prefix: string;
}

const hostPattern = /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;
const prefixPattern = /^(?:\/[\w.~!$&'()*+,;=:@%-]+)+$/;

/**
 * Reads `X-Forwarded-Proto/Host/Prefix`. The gateway overwrites them on every request; a service listens on loopback
 * or a private network, so they are believed, but only in the forms that can't break a header or leave the origin.
 */
export function publicAddress(headers: IncomingHttpHeaders): PublicAddress {
  const scheme = first(headers['x-forwarded-proto'])?.toLowerCase() === 'https' ? 'https' : 'http';
  const host = [first(headers['x-forwarded-host']), headers.host].find(
    (name) => name && hostPattern.test(name),
  );
  return { origin: `${scheme}://${host ?? 'localhost'}`, prefix: publicPrefix(headers) };
}

/** The prefix that the gateway took off, to be put before every path-absolute link. */
export function publicPrefix(headers: IncomingHttpHeaders): string {
  const prefix = first(headers['x-forwarded-prefix'])?.replace(/\/+$/, '') ?? '';
  const climbs = prefix.split('/').some((segment) => segment === '.' || segment === '..');
  return prefixPattern.test(prefix) && !climbs ? prefix : '';
}

/** The first value of a list: with several proxies, the one that the client spoke to. */
function first(value: string | string[] | undefined): string | undefined {
  const text = Array.isArray(value) ? value[0] : value;
  return text?.split(',')[0]?.trim() || undefined;
}
