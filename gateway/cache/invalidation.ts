import type { Fields } from '../forward/exchange.ts';
import type { Caches } from './caches.ts';
import { placeOf } from './entry.ts';
import { type Purge, purgeOfUrl } from './purge.ts';

/**
 * Forgets what a request has changed, where it succeeded (RFC 9111 §4.4): its own URL, and those that the answer names. On every host and with
 * every query, because those are most often views of the same thing, and to forget too much costs one request more.
 *
 * @param fields of the answer, as the client gets them.
 */
export function invalidate(caches: Caches, path: string, status: number, fields: Fields): void {
  if (status < 200 || status > 399) return;
  caches.purge(everyViewOf(placeOf(path)));
  for (let i = 0; i < fields.length; i += 2) {
    if (!NAMING.has(fields[i]!.toLowerCase())) continue;
    const named = purgeOfUrl(fields[i + 1]!);
    if (named) caches.purge(everyViewOf(named.path));
  }
}

const NAMING: ReadonlySet<string> = new Set(['location', 'content-location']);

function everyViewOf(place: string): Purge {
  return { origin: null, path: place, query: null, below: false };
}
