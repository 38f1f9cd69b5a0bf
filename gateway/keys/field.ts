/** Names and values of header fields, as the file may say them. */

import { accepted, type ParseResult, refused } from './parse-result.ts';

/** RFC 9110 §5.6.2 */
export const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Names that stand there twice in different case, each with the first spelling. */
export function repeatedNames(names: readonly string[]): [again: string, first: string][] {
  const firstWith = new Map<string, string>();
  const repeated: [string, string][] = [];
  for (const name of names) {
    const first = firstWith.get(name.toLowerCase());
    if (first === undefined) firstWith.set(name.toLowerCase(), name);
    else repeated.push([name, first]);
  }
  return repeated;
}

export function parseHeaderName(text: string): ParseResult<string> {
  if (TOKEN.test(text)) return accepted(text);
  return refused('letters, digits and - , without spaces or a colon');
}

/** RFC 9110 §5.5, white space at the ends aside. */
export function parseFieldText(text: string): ParseResult<string> {
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if ((code < 0x20 && char !== '\t') || code === 0x7f)
      return refused('no line breaks or control characters');
    if (code > 0xff) return refused('the value of a header has no characters beyond U+00FF');
  }
  return accepted(text);
}
