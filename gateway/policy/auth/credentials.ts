/** The fields with clients' credentials. */

import { GatewayError } from '../../exchange/error-catalog.ts';
import type { RoutedExchange } from '../../fields/exchange.ts';
import type { Outcome } from './kind.ts';

type Fields = readonly string[];

/**
 * The value of a field, as the service will get it. @returns `undefined`: it is not there; `null`: several are, of which the service may
 * read another one than we do.
 */
export function soleValue(fields: Fields, lowerName: string): string | null | undefined {
  let found: string | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (name.length !== lowerName.length || name.toLowerCase() !== lowerName) continue;
    if (found !== undefined) return null;
    found = fields[i + 1]!;
  }
  return found;
}

/** The credentials of `Authorization` after the scheme; `undefined` and `null` as in `soleValue`; another scheme is `undefined`. */
export function authorization(fields: Fields, lowerScheme: string): string | null | undefined {
  const value = soleValue(fields, 'authorization');
  if (!value) return value === '' ? undefined : value;
  const space = value.indexOf(' ');
  if (space !== lowerScheme.length || value.slice(0, space).toLowerCase() !== lowerScheme) return undefined;
  return value.slice(space).trim();
}

/** RFC 9110 §5.6.4: the text is of the configuration, and has no control characters. */
export function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

/** @param why for operators; never quotes what the client sent. @param challenge how to authenticate (RFC 9110 §11.6.1) */
export function unauthenticated(why: string, challenge: string): Outcome {
  const fields = ['WWW-Authenticate', challenge];
  return { kind: 'refused', error: new GatewayError('unauthenticated', why, { fields }) };
}

/**
 * Sets the renewed cookies of a login. They are sent with any answer, also with the gateway's own if the service fails, and make it private
 * for caches in front of us, whatever the service says.
 */
export function renewSession(exchange: RoutedExchange, cookies: Fields): void {
  exchange.addToAnswer([...cookies, 'Cache-Control', 'private']);
}

/** Removes spellings of a field with underscores, which a service might read in its place without their being checked. */
export function withoutTwins(exchange: RoutedExchange, lowerName: string): void {
  if (!lowerName.includes('-')) return;
  const { kept } = exchange.facts;
  for (let i = kept.length - 2; i >= 0; i -= 2) {
    const name = kept[i]!;
    if (name.length !== lowerName.length || !name.includes('_')) continue;
    if (name.toLowerCase().replaceAll('_', '-') === lowerName) exchange.ownKept().splice(i, 2);
  }
}

/** Removes a field about the user: only the gateway states it, not a proxy that is trusted with addresses. */
export function withoutField(exchange: RoutedExchange, lowerName: string): void {
  const { kept } = exchange.facts;
  for (let i = kept.length - 2; i >= 0; i -= 2)
    if (kept[i]!.length === lowerName.length && kept[i]!.toLowerCase() === lowerName)
      exchange.ownKept().splice(i, 2);
}
