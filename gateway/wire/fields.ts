import type { Fields } from '../exchange/contract.ts';
import { IS_BLANK } from './octets.ts';

/**
 * Takes field lines apart that have been found valid (grammar.ts).
 *
 * @param text latin-1 text of a head.
 * @param at where the first line begins.
 * @param end where the empty line begins.
 * @returns name, value, name, value ... without the optional white space around values (RFC 9112 §5.1).
 */
export function splitFields(text: string, at: number, end: number): Fields {
  const fields: string[] = [];
  for (let line = at; line < end; ) {
    const colon = text.indexOf(':', line);
    const stop = text.indexOf('\r\n', colon);
    fields.push(text.slice(line, colon), trimmed(text, colon + 1, stop));
    line = stop + 2;
  }
  return fields;
}

/** Optional white space is SP and HTAB only (RFC 9110 §5.6.3): `String.trim` would take a latin-1 no-break space, too. */
function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let stop = to;
  while (start < stop && IS_BLANK[text.charCodeAt(start)]) start++;
  while (stop > start && IS_BLANK[text.charCodeAt(stop - 1)]) stop--;
  return text.slice(start, stop);
}
