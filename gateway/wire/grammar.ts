/**
 * The grammar that both readers of this folder share, as regular expressions over latin-1 text. A match is plainly valid; everything else
 * is a framing error. No expression can backtrack: each alternative begins with a byte of its own.
 */

/** RFC 9110 §5.6.2 */
const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
/** RFC 9110 §5.5: no control character but HTAB; obs-text passes as the bytes that it is. */
const VALUE = '[\\t\\x20-\\x7e\\x80-\\xff]*';
/** RFC 9112 §5: no space before the colon (§5.1), and no line that begins with one (obs-fold, §5.2). */
const FIELD_LINES = `(?:${TOKEN}:${VALUE}\\r\\n)*`;

/**
 * RFC 9112 §4; the space in front of an empty reason may be missing, as many services leave it out. A higher minor version is read as 1.1
 * (RFC 9110 §2.5); a status above 599 is invalid (§15).
 */
export const ANSWER_HEAD: RegExp = new RegExp(
  `^HTTP/1\\.\\d [1-5]\\d\\d(?: ${VALUE})?\\r\\n${FIELD_LINES}\\r\\n$`,
);

/** RFC 9112 §7.1.2, with the empty line that ends it. */
export const TRAILER_SECTION: RegExp = new RegExp(`^${FIELD_LINES}\\r\\n$`);
