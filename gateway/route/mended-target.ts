/** What to send in place of a target that was refused. */
import { parseTarget } from './target.ts';

/**
 * What a browser would make of the target: dot segments resolved, spaces and letters beyond ASCII percent-encoded, backslashes turned, the
 * fragment left out. `null` where that is no valid target either. A suggestion to a person; nothing is ever forwarded from here.
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
