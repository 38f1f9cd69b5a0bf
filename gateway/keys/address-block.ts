/** Addresses of clients: single ones, CIDR blocks, and two names for well-known blocks. */

import { isIP } from 'node:net';
import { nearest } from './hint.ts';
import { shortIPv6 } from './host.ts';
import { accepted, type ParseResult, refused } from './parse-result.ts';

const NAMED: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  // RFC 1918 §3 and RFC 4193 §3.
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

/** Addresses and CIDR blocks; a name stands for several. */
export function parseAddressBlock(text: string): ParseResult<readonly string[]> {
  const named = Object.hasOwn(NAMED, text) ? NAMED[text] : undefined;
  if (named !== undefined) return accepted(named);
  const slash = text.indexOf('/');
  const address = slash === -1 ? text : text.slice(0, slash);
  const family = isIP(address);
  if (family === 0 || address.includes('%')) return refused(addressHint(text, address));
  const spelled = family === 6 ? shortIPv6(address) : address;
  if (slash === -1) return accepted([spelled]);
  const bits = text.slice(slash + 1);
  const most = family === 4 ? 32 : 128;
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > most) {
    return refused(`an IPv${family} block has 0 to ${most} bits behind the /`);
  }
  return accepted([`${spelled}/${Number(bits)}`]);
}

function addressHint(text: string, address: string): string {
  if (/^(?:all|any|\*)$/i.test(text))
    return 'no word stands for all addresses: they are [0.0.0.0/0, "::/0"]; "allow:" alone refuses all others';
  const near = nearest(text, Object.keys(NAMED));
  if (near !== null) return `did you mean ${near}?`;
  if (/^[\d.]+$/.test(address)) return 'an IPv4 address has four numbers from 0 to 255';
  if (/^[a-z.-]+$/i.test(address)) return 'names are not looked up: write addresses, loopback or private';
  return 'an address (10.0.0.7), a block (10.0.0.0/8), loopback or private';
}
