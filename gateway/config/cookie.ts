/** Names of cookies. */

import { accepted, type ParseResult, refused } from '../keys/parse-result.ts';

/** RFC 6265 §4.1.1: a token of RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** What somebody writes who wants a switch. */
const SWITCH = /^(?:yes|no|y|n)$/i;

export function parseCookieName(text: string): ParseResult<string> {
  if (SWITCH.test(text)) return refused(`YAML 1.2 knows true and false alone: ${/^y/i.test(text)}`);
  if (!TOKEN.test(text)) return refused('letters, digits, - and _ , without spaces, ; or =');
  // RFC 6265bis §4.1.3: a browser drops such a cookie that did not come over TLS.
  if (/^__(?:host|secure)-/i.test(text)) return refused('browsers take a name that begins so over TLS alone');
  return accepted(text);
}
