/** The conditions of `when:`. */

import { parseFieldText, TOKEN } from '../keys/field.ts';
import { accepted, type ParseResult, refused } from '../keys/parse-result.ts';
import type { FieldCondition } from '../model/config.ts';

export function parseMethod(text: string): ParseResult<string> {
  if (!TOKEN.test(text)) {
    return refused(/[,\s|]/.test(text) ? 'several methods are a list: [GET, HEAD]' : undefined);
  }
  const method = text.toUpperCase();
  if (method === 'CONNECT' || method === 'TRACE') {
    return refused(`the gateway answers ${method} with 405 itself, so this would never match`);
  }
  return accepted(method);
}

/** The values are `true` (present with any value) or the value to compare with. */
export type Conditions = Readonly<Record<string, string | true>>;

/** Field names are compared without regard to case (RFC 9110 §5.1). */
export function headerConditions(written: Conditions): FieldCondition[] {
  return conditions(written).map(({ name, value }) => ({ name: name.toLowerCase(), value }));
}

export function conditions(written: Conditions): FieldCondition[] {
  return Object.entries(written).map(([name, value]) => ({ name, value: value === true ? null : value }));
}

export function parseCookieName(text: string): ParseResult<string> {
  return TOKEN.test(text) ? accepted(text) : refused('letters, digits, - and _ , without spaces, ; or =');
}

/** RFC 6265 §4.1.1, and characters that clients send in spite of it. */
export function parseCookieValue(text: string): ParseResult<string> {
  if (/[;,]|^[ \t]|[ \t]$/.test(text))
    return refused('a cookie has no commas, semicolons, or white space at its ends, so it would never match');
  return parseFieldText(text);
}

/** RFC 9110 §5.5: a recipient takes white space at both ends away, so such a value would never be met. */
export function parseHeaderValue(text: string): ParseResult<string> {
  if (/^[ \t]|[ \t]$/.test(text))
    return refused('white space at its ends is taken away, so it would never match');
  return parseFieldText(text);
}
