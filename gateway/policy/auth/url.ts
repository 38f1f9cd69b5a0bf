import { accepted, type ParseResult, refused } from '../../keys/parse-result.ts';

/** For editors. */
export const HTTP_URL = /^\s*[hH][tT][tT][pP][sS]?:/;

/** The URL of a service that is asked over HTTP. @param hint the advice for any other text */
export function parseHttpUrl(written: string, hint = 'a URL begins with https://'): ParseResult<URL> {
  const url = URL.canParse(written) ? new URL(written) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return refused(hint);
  if (url.username !== '' || url.password !== '')
    return refused('no password in a URL: it would stand in logs');
  return accepted(url);
}

/** @param host a name or an address, IPv6 with brackets or without. Traffic to a loopback address can't be read by others. */
export function isLoopback(host: string): boolean {
  return /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[?::1\]?)$/.test(host);
}
