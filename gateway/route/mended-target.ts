/** Suggests a valid target in place of a refused one. */
import { parseTarget } from './target.ts';

/**
 * The target as a browser would send it: dot segments resolved, spaces and letters beyond ASCII percent-encoded, backslashes turned, the
 * fragment removed. `null` if that is invalid, too. Only suggested to people, never forwarded.
 */
export function mendedTarget(raw: string): string | null {
  const escaped = raw.replace(/%(?![0-9a-f]{2})/gi, '%25');
  const url = parseUrl(escaped.startsWith('/') ? `http://host${escaped}` : withHttpScheme(escaped));
  if (url === null || !/^https?:$/.test(url.protocol)) return null;
  const path = url.pathname + url.search;
  const mended = raw.startsWith('/') ? path : `${url.protocol}//${url.host}${path}`;
  return parseTarget(mended).ok ? mended : null;
}

/** `localhost:3000/db` and `ws://localhost:3000/chat` as the HTTP requests that they stand for. */
function withHttpScheme(text: string): string {
  if (/^[a-z0-9.-]+:[0-9]+(?:\/|$)/i.test(text)) return `http://${text}`;
  return text.replace(/^ws(s?):/i, 'http$1:');
}

function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}
