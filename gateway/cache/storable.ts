import { isEventStream } from './answer-fields.ts';
import type { CacheKey, CacheValue } from './entry.ts';

/**
 * Whether an answer that undici would keep (RFC 9111 §3) is kept here. We are stricter where a mistake of a service would give one
 * client's answer, or one client's error, to everybody.
 */
export function isStorable(key: CacheKey, value: CacheValue, entryMaxBytes: number): boolean {
  return (
    key.method === 'GET' &&
    KEPT.has(value.statusCode) &&
    isExplicit(value) &&
    isForEverybody(key, value) &&
    variesByTheClient(value) &&
    !isEventStream(value.headers) &&
    !(Number(value.headers['content-length']) > entryMaxBytes)
  );
}

/** What depends on the URL alone. Errors are often caused by a field that only one client sent. */
const KEPT: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 410]);

/** No guess at how long an answer is fresh (RFC 9111 §4.2.2 allows one): who says nothing has not thought of a cache. */
function isExplicit({ cacheControlDirectives: directives = {}, headers }: CacheValue): boolean {
  return (
    headers.expires !== undefined ||
    (['max-age', 's-maxage', 'immutable', 'no-cache'] as const).some((name) => directives[name] !== undefined)
  );
}

/** What a cookie was sent for must say that it is for everybody, as RFC 9111 §3.5 asks of Authorization; undici looks at that one. */
function isForEverybody(
  { headers = {} }: CacheKey,
  { headers: answered, cacheControlDirectives }: CacheValue,
): boolean {
  if (answered['set-cookie'] !== undefined) return false;
  if (headers.cookie === undefined) return true;
  return cacheControlDirectives?.public === true || cacheControlDirectives?.['s-maxage'] !== undefined;
}

/** The key knows host, scheme and prefix; of the rest of what the gateway writes into a request it knows nothing. */
function variesByTheClient({ vary = {} }: CacheValue): boolean {
  const names = Object.keys(vary);
  return names.length <= NAMES_MAX && !names.some((name) => GATEWAYS_OWN.has(name));
}

/** Each request for the URL is compared with each variant by each of them. */
const NAMES_MAX = 32;

const GATEWAYS_OWN: ReadonlySet<string> = new Set([
  'x-forwarded-for',
  'x-real-ip',
  'forwarded',
  'via',
  'te',
  'x-request-id',
  'traceparent',
]);
