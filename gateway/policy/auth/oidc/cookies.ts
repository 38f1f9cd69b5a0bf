/** The cookies of logins: their names, chunks and attributes. */

import type { RoutedExchange } from '../../../fields/exchange.ts';

/**
 * The common prefix of all login cookies of all routes, so that every route removes them; and the cookie of the admin listener, since
 * browsers send cookies to every port of a host.
 */
const OURS = /^(?:(?:__Host-)?portway-oidc-|portway-admin=)/;

/** Browsers take 4,096 bytes of a cookie with its name and attributes (RFC 6265bis §5.6). */
const CHUNK_CHARS = 3_500;
export const MAX_CHUNKS = 3;

export type Cookies = ReadonlyMap<string, string>;

/** Removes them from the request: with them a service could act as the client. @returns the first cookie of each name */
export function takeCookies(exchange: Pick<RoutedExchange, 'facts' | 'ownKept'>): Cookies {
  const taken = new Map<string, string>();
  const { kept } = exchange.facts;
  for (let i = kept.length - 2; i >= 0; i -= 2) {
    if (kept[i]!.length !== 6 || kept[i]!.toLowerCase() !== 'cookie') continue;
    const value = kept[i + 1]!;
    if (!value.includes('portway-')) continue;
    const others = takePairs(value, taken);
    if (others === '') exchange.ownKept().splice(i, 2);
    else if (others !== value) exchange.ownKept()[i + 1] = others;
  }
  return taken;
}

/** The other cookies of a `Cookie` field; `''`: none. */
export function othersCookies(value: string): string {
  return value.includes('portway-') ? takePairs(value, new Map()) : value;
}

function takePairs(value: string, taken: Map<string, string>): string {
  const others = value.split(';').filter((pair) => !takePair(pair.trim(), taken));
  return others.join(';').trimStart();
}

function takePair(pair: string, taken: Map<string, string>): boolean {
  if (!OURS.test(pair)) return false;
  const sign = pair.indexOf('=');
  const name = sign === -1 ? pair : pair.slice(0, sign).trimEnd();
  if (!taken.has(name)) taken.set(name, sign === -1 ? '' : pair.slice(sign + 1).trimStart());
  return true;
}

/** With `__Host-`, no other host and no attacker on plain HTTP can set one (RFC 6265bis §4.1.3.2). */
export function cookieName({ origin }: RoutedExchange, tag: string): string {
  return `${origin.proto === 'https' ? '__Host-' : ''}portway-oidc-${tag}`;
}

/** @returns the field lines. @param maxAge in seconds; `null`: as long as the browser is open */
export function setCookie(name: string, value: string, maxAge: number | null): string[] {
  const secure = name.startsWith('__Host-') ? '; Secure' : '';
  const age = maxAge === null ? '' : `; Max-Age=${maxAge}`;
  return ['Set-Cookie', `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}${age}`];
}

export function dropCookie(name: string): string[] {
  return setCookie(name, '', 0);
}

/** Splits a long text into several cookies; the first holds their number. Surplus cookies of a longer text are deleted. */
export function setChunks(cookies: Cookies, base: string, text: string): string[] {
  const count = Math.ceil(text.length / CHUNK_CHARS);
  const lines: string[] = [];
  for (let at = 0; at < count; at++) {
    const part = text.slice(at * CHUNK_CHARS, (at + 1) * CHUNK_CHARS);
    lines.push(...setCookie(`${base}-${at}`, at === 0 ? `${count}.${part}` : part, null));
  }
  for (let at = count; at < MAX_CHUNKS; at++)
    if (cookies.has(`${base}-${at}`)) lines.push(...dropCookie(`${base}-${at}`));
  return lines;
}

export function fitsOneCookie(text: string): boolean {
  return text.length <= CHUNK_CHARS;
}

export function fitsChunks(text: string): boolean {
  return text.length <= CHUNK_CHARS * MAX_CHUNKS;
}

/** `null`: it is not there, or not whole. */
export function joinChunks(cookies: Cookies, base: string): string | null {
  const first = /^([1-3])\.(.+)$/.exec(cookies.get(`${base}-0`) ?? '');
  if (first === null) return null;
  let text = first[2]!;
  for (let at = 1; at < Number(first[1]); at++) {
    const part = cookies.get(`${base}-${at}`);
    if (part === undefined) return null;
    text += part;
  }
  return text;
}
