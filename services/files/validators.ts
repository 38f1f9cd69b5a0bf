import type { BigIntStats } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from '../kit/problem.ts';

/** Strong: every upload is a new inode, and a change in place moves the time, which counts nanoseconds. */
export function etagOf(stats: BigIntStats): string {
  return `"${stats.ino.toString(36)}-${stats.size.toString(36)}-${stats.mtimeNs.toString(36)}"`;
}

export function lastModifiedOf(stats: BigIntStats): string {
  return new Date(Number(stats.mtimeMs)).toUTCString();
}

/** @throws Problem 412 where `If-Match`, `If-None-Match` or `If-Unmodified-Since` of a change don't hold (RFC 9110 §13.2.2). */
export function requirePrecondition(headers: IncomingHttpHeaders, stats: BigIntStats | null): void {
  const {
    'if-match': ifMatch,
    'if-none-match': ifNoneMatch,
    'if-unmodified-since': unmodifiedSince,
  } = headers;
  const etag = stats ? etagOf(stats) : null;
  const extras = etag ? { headers: { etag } } : {};
  const fail = (detail: string) => new Problem(412, 'precondition_failed', detail, extras);
  if (ifMatch !== undefined) {
    if (!hasTag(ifMatch, etag))
      throw fail(stats ? 'The file was changed since.' : 'There is no such file any more.');
  } else if (stats && isNewer(stats, unmodifiedSince)) {
    throw fail('The file was changed since.');
  }
  if (ifNoneMatch !== undefined && hasTag(ifNoneMatch, etag)) throw fail('There is such a file already.');
}

/** Whether a GET or HEAD is answered 304. `If-None-Match` beats `If-Modified-Since` (RFC 9110 §13.1.3). */
export function isNotModified(headers: IncomingHttpHeaders, stats: BigIntStats): boolean {
  const { 'if-none-match': tags, 'if-modified-since': since } = headers;
  if (tags !== undefined) return hasTag(tags.replaceAll('W/"', '"'), etagOf(stats));
  return since !== undefined && !Number.isNaN(Date.parse(since)) && !isNewer(stats, since);
}

/** Whether `If-Range` still means this very file, and so a part of it fits what the client has (RFC 9110 §13.1.5). */
export function rangeStillFits(headers: IncomingHttpHeaders, stats: BigIntStats): boolean {
  const condition = headers['if-range'];
  if (condition === undefined) return true;
  if (typeof condition === 'string' && condition.startsWith('"')) return condition === etagOf(stats);
  // A date is a strong validator only when the file is clearly older than this second (RFC 9110 §8.8.2.2).
  return condition === lastModifiedOf(stats) && Date.now() - Number(stats.mtimeMs) > 2000;
}

function hasTag(header: string, etag: string | null): boolean {
  const tags: string[] = header.match(/\*|(?:W\/)?"[^"]*"/g) ?? [];
  return etag !== null && (tags.includes('*') || tags.includes(etag));
}

/** In whole seconds, as HTTP dates count. An unreadable date is as if it were not there. */
function isNewer(stats: BigIntStats, date: string | undefined): boolean {
  const limit = Date.parse(date ?? '');
  return !Number.isNaN(limit) && Math.floor(Number(stats.mtimeMs) / 1000) * 1000 > limit;
}
