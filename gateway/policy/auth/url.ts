import { accepted, type ParseResult, refused } from '../../keys/parse-result.ts';

/** A service that is asked over HTTP. @param hint what is said of any other text */
export function parseHttpUrl(written: string, hint = 'a URL begins with https://'): ParseResult<URL> {
  const url = URL.canParse(written) ? new URL(written) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return refused(hint);
  if (url.username !== '' || url.password !== '')
    return refused('no password in a URL: it would stand in logs');
  return accepted(url);
}

/** @param host a name or an address, of IPv6 with brackets or without: what is sent there leaves this machine for nobody to read. */
export function isLoopback(host: string): boolean {
  return /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[?::1\]?)$/.test(host);
}
