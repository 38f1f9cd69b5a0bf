/** DNS servers that are asked instead of the system's: `127.0.0.1:5353`, `::1`, `[::1]:5353`. */

import { isIP } from 'node:net';
import { shortIPv6 } from '../keys/host.ts';
import { accepted, type ParseResult, refused } from '../keys/parse-result.ts';
import { parsePort } from '../keys/target.ts';

/** The address as `dns.setServers` takes it: an IPv6 address stands in brackets where a port follows. */
export function parseResolver(text: string): ParseResult<string> {
  const whole = spelled(text);
  if (whole !== null) return accepted(whole);
  const colon = text.lastIndexOf(':');
  const address = colon === -1 ? null : spelled(text.slice(0, colon));
  if (address === null) return refused(addressHint(text));
  const port = parsePort(text.slice(colon + 1));
  if (!port.ok) return refused(port.hint, port.expected);
  return accepted(`${isIP(address) === 6 ? `[${address}]` : address}:${port.value}`);
}

/** `null`: no address alone. */
function spelled(text: string): string | null {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  const family = isIP(bare);
  if (family === 0 || bare.includes('%')) return null;
  return family === 6 ? shortIPv6(bare) : bare;
}

function addressHint(text: string): string {
  if (/^[\d.]+(?::\d+)?$/.test(text)) return 'an IPv4 address has four numbers from 0 to 255';
  if (text === 'system') return "leave the key out for the system's";
  if (/^[a-z0-9.-]+(?::\d+)?$/i.test(text))
    return 'a name would have to be looked up first: write its address';
  return 'an address (10.0.0.53), or one with a port (127.0.0.1:5353, [::1]:5353)';
}
