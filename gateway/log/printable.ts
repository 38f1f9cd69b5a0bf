/**
 * Remote text on its way to a terminal or a log. Control bytes could move the cursor, clear the screen or begin a
 * line of their own; bidirectional and invisible characters could make a line read as another one.
 */

// Cc: C0, DEL and C1. Cf: bidirectional controls, zero-width characters, the byte order mark. Zl, Zp: line breaks
// that JSON allows in a string and some readers split at.
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const everyUnprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const everyUnprintableButLayout = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The text on one line, with invisible characters written as `\x1b` or `\u{202e}`. */
export function printable(text: string): string {
  return unprintable.test(text) ? text.replace(everyUnprintable, visible) : text;
}

/** The same for text of several lines: line feeds and tabs stay. */
export function printableLines(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(everyUnprintableButLayout, visible);
}

/** The text as a JSON string that is safe to show on a terminal, too: `JSON.stringify` leaves DEL and C1 as they are. */
export function jsonString(text: string): string {
  const json = JSON.stringify(text);
  return unprintable.test(json) ? json.replace(everyUnprintable, jsonEscape) : json;
}

function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

function jsonEscape(character: string): string {
  return Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('');
}
