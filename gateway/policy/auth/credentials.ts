/** The fields in which clients say who they are. */

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

/** What follows the scheme in `Authorization`; `undefined` and `null` as of `soleValue`, another scheme is `undefined`. */
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

/** @param why for operators; it never quotes what the client sent. @param challenge how to ask (RFC 9110 §11.6.1) */
export function unauthenticated(why: string, challenge: string): Outcome {
  const fields = ['WWW-Authenticate', challenge];
  return { kind: 'refused', error: new GatewayError('unauthenticated', why, { fields }) };
}

/**
 * A login that was renewed for one person, whoever answers: it would be lost with the service's failure, and no cache before us may share it though
 * the service says that its answer is for everybody.
 */
export function renewSession(exchange: RoutedExchange, cookies: Fields): void {
  exchange.addToAnswer([...cookies, 'Cache-Control', 'private']);
}

/** Takes the twins of a field with underscores out: a service that takes one for the other would read what was not judged. */
export function withoutTwins(exchange: RoutedExchange, lowerName: string): void {
  if (!lowerName.includes('-')) return;
  const { kept } = exchange.facts;
  for (let i = kept.length - 2; i >= 0; i -= 2) {
    const name = kept[i]!;
    if (name.length !== lowerName.length || !name.includes('_')) continue;
    if (name.toLowerCase().replaceAll('_', '-') === lowerName) exchange.ownKept().splice(i, 2);
  }
}

/** Who asks is said here, or nobody says it: a proxy that is trusted with addresses does not. */
export function withoutField(exchange: RoutedExchange, lowerName: string): void {
  const { kept } = exchange.facts;
  for (let i = kept.length - 2; i >= 0; i -= 2)
    if (kept[i]!.length === lowerName.length && kept[i]!.toLowerCase() === lowerName)
      exchange.ownKept().splice(i, 2);
}
