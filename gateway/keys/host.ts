/** Host names and IP addresses in the spellings that the rest of the gateway compares. */

import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { accepted, type ParseResult, refused } from './parse-result.ts';

/** RFC 1123 §2.1, and the underscore that Compose and DNS service names have. */
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;
const MAX_NAME_LENGTH = 253;

/**
 * A host in lower case and ASCII, without a final dot; an IPv6 address in its shortest spelling, with or without brackets as it was
 * given. Pure: nothing is looked up.
 */
export function parseHost(text: string): ParseResult<string> {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  const family = isIP(bare);
  if (family === 6) return accepted(bare === text ? shortIPv6(bare) : `[${shortIPv6(bare)}]`);
  if (family === 4 && bare === text) return accepted(text);
  return parseName(text);
}

/** A host, or `*.` and a host for every name below it. */
export function parseHostPattern(text: string): ParseResult<string> {
  const wildcard = text.startsWith('*.');
  const host = parseHost(wildcard ? text.slice(2) : text);
  return host.ok && wildcard ? accepted(`*.${host.value}`) : host;
}

function parseName(text: string): ParseResult<string> {
  const name = asciiName(text);
  if (/^[\d.]+$/.test(name)) return refused('an IPv4 address has four numbers from 0 to 255');
  if (name === '' || name.length > MAX_NAME_LENGTH) return refused();
  for (const label of name.split('.')) if (!LABEL.test(label)) return refused(labelHint(label));
  return accepted(name);
}

function asciiName(text: string): string {
  const lower = text.toLowerCase().replace(/\.$/, '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII begins with them
  return /^[\x00-\x7f]*$/.test(lower) ? lower : domainToASCII(lower);
}

function labelHint(label: string): string {
  if (/\s/.test(label)) return 'no spaces in a host name';
  if (label === '') return 'two dots in a row, or one at the start';
  if (label === '*') return 'a * stands for whole labels at the start: *.example.com';
  if (label.length > 63) return 'at most 63 characters between two dots';
  return `${JSON.stringify(label)}: letters, digits, - and _ are allowed, but no - at either end`;
}

/** The address as RFC 5952 writes it, without brackets. */
export function shortIPv6(address: string): string {
  const zone = address.indexOf('%');
  if (zone !== -1) return address.toLowerCase();
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}

export function withBrackets(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

export function withoutBrackets(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host;
}
