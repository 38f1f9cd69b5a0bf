/**
 * Which bytes may stand where, as tables with a place for each of the 256: 1 where it may. A reader that goes through a head byte by byte asks
 * one of them for each. The same grammar as expressions over text stands in grammar.ts.
 */
type Octets = Readonly<Uint8Array>;

/** RFC 9110 §5.6.2: names of methods and of fields. */
export const IS_TOKEN: Octets = octets((_byte, letter) => /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(letter));

/** RFC 9110 §5.5: HTAB, SP, visible ASCII, and obs-text, which is passed on as the bytes that it is. */
export const IS_VALUE: Octets = octets(
  (byte) => byte === 0x09 || (byte >= 0x20 && byte <= 0x7e) || byte >= 0x80,
);

/** RFC 9110 §5.6.3: optional white space around a value. */
export const IS_BLANK: Octets = octets((byte) => byte === 0x09 || byte === 0x20);

/** RFC 9112 §3.2: visible ASCII. Which of it no path may hold is for the admission to say. */
export const IS_TARGET: Octets = octets((byte) => byte > 0x20 && byte < 0x7f);

function octets(stands: (byte: number, letter: string) => boolean): Octets {
  return Uint8Array.from({ length: 256 }, (_, byte) => (stands(byte, String.fromCharCode(byte)) ? 1 : 0));
}
