/** `Forwarded` (RFC 7239 §4): one element for each hop, the last by the peer itself. */

export interface ForwardedElement {
  /** A node (§6), its quotes taken off; `null`: it does not say. */
  readonly for: string | null;
  readonly host: string | null;
  readonly proto: string | null;
}

/**
 * The elements from last to first. Proxies append; a client's inventions come first. Read from the end, they can't change how the proxies'
 * elements are read, not even by an unclosed quotation mark.
 * @returns `null` in place of an invalid element
 */
export function* elementsFromLast(list: string): Generator<ForwardedElement | null> {
  for (let end = list.length; end >= 0; ) {
    const comma = lastCommaBefore(list, end);
    const text = list.slice(comma + 1, end).trim();
    // RFC 9110 §5.6.1.2: empty elements of a list count for nothing.
    if (text !== '') yield elementOf(text);
    end = comma;
  }
}

/** The last comma outside quoted strings, or -1. */
function lastCommaBefore(list: string, end: number): number {
  let quoted = false;
  for (let at = end - 1; at >= 0; at--) {
    const letter = list.charCodeAt(at);
    if (letter === QUOTE && !isEscaped(list, at)) quoted = !quoted;
    else if (letter === COMMA && !quoted) return at;
  }
  return -1;
}

/** RFC 9110 §5.6.4: an odd number of backslashes stands before it. */
function isEscaped(list: string, at: number): boolean {
  let first = at;
  while (first > 0 && list.charCodeAt(first - 1) === BACKSLASH) first--;
  return (at - first) % 2 === 1;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;

function elementOf(text: string): ForwardedElement | null {
  const said: Record<string, string> = Object.create(null);
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < text.length) {
    const [, name = '', quoted, token = ''] = PAIR.exec(text) ?? [];
    const lower = name.toLowerCase();
    // §4: each parameter once.
    if (name === '' || said[lower] !== undefined) return null;
    said[lower] = quoted?.replace(/\\(.)/gs, '$1') ?? token;
  }
  const { for: node = null, host = null, proto = null } = said;
  return { for: node, host, proto };
}

/** A pair with the semicolon behind it. A node that is no token should be quoted, but `for=[::1]` and `for=1.2.3.4:80` are seen. */
const PAIR =
  /[\t ;]*([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([\w!#$%&'*+.^`|~:[\]-]*))[\t ]*(?:;[\t ;]*|$)/gy;
