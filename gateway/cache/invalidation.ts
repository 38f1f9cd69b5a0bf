import type { Fields } from '../exchange/contract.ts';
import type { Caches } from './caches.ts';
import { type CacheUrl, placeOf } from './entry.ts';
import { groupsIn } from './groups.ts';
import { type Purge, plainOrigin, purgeOfUrl, type UrlPurge } from './purge.ts';

/**
 * Forgets what a successful unsafe request has changed (RFC 9111 §4.4): its own URL, and URLs of its origin that the answer names; on every
 * host and with every query, because those are mostly views of the same resource, and forgetting too much costs one more request. URLs of
 * other origins are ignored. Groups named in the answer are forgotten, too (RFC 9875 §3).
 *
 * @param fields of the answer, as the client gets them
 */
export function invalidate(caches: Caches, { origin, path }: CacheUrl, status: number, fields: Fields): void {
  if (status < 200 || status > 399) return;
  const own = plainOrigin(origin.split(' ', 1)[0]!);
  caches.changed([everyViewOf(placeOf(path)), ...namedIn(fields, own).slice(0, NAMED_MAX)]);
}

/** Each is looked for in the caches of all routes, so a service that names thousands would hold up all the others. RFC 9875 §2.1 asks for 128. */
const NAMED_MAX = 128;

function namedIn(fields: Fields, own: string): Purge[] {
  const purges: Purge[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const [name, value] = [fields[i]!.toLowerCase(), fields[i + 1]!];
    if (name === 'cache-group-invalidation')
      for (const group of groupsIn(value) ?? []) purges.push({ origin: own, group });
    const named = NAMING.has(name) ? namedOn(own, value) : null;
    if (named) purges.push(everyViewOf(named.path));
  }
  return purges;
}

function namedOn(own: string, value: string): UrlPurge | null {
  const named = purgeOfUrl(value.startsWith('//') ? own.replace(/\/\/.*/, value) : value);
  return named && (named.origin === null || named.origin === own) ? named : null;
}

const NAMING: ReadonlySet<string> = new Set(['location', 'content-location']);

function everyViewOf(place: string): UrlPurge {
  return { origin: null, path: place, query: null, below: false };
}
