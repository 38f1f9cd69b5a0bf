import type { BigIntStats } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { changed, isKnown, requirePrecondition } from '../kit/preconditions.ts';

/** Strong: every upload is a new inode, and a change in place moves the time, which counts nanoseconds. */
export function etagOf(stats: BigIntStats): string {
  return `"${stats.ino.toString(36)}-${stats.size.toString(36)}-${stats.mtimeNs.toString(36)}"`;
}

export function lastModifiedOf(stats: BigIntStats): string {
  return new Date(Number(stats.mtimeMs)).toUTCString();
}

/** @throws Problem 412 where a condition of a change doesn't hold; dates count where no tag does (RFC 9110 §13.2.2). */
export function requireUnchanged(headers: IncomingHttpHeaders, stats: BigIntStats | null): void {
  const etag = stats && etagOf(stats);
  const { 'if-match': ifMatch, 'if-unmodified-since': unmodifiedSince } = headers;
  if (ifMatch === undefined && stats && isNewer(stats, unmodifiedSince)) throw changed('file', etagOf(stats));
  requirePrecondition(headers, etag, 'file');
}

/** Whether a GET or HEAD is answered 304. `If-None-Match` beats `If-Modified-Since` (RFC 9110 §13.1.3). */
export function isNotModified(headers: IncomingHttpHeaders, stats: BigIntStats): boolean {
  const { 'if-none-match': tags, 'if-modified-since': since } = headers;
  if (tags !== undefined) return isKnown(headers, etagOf(stats));
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

/** In whole seconds, as HTTP dates count. An unreadable date is as if it were not there. */
function isNewer(stats: BigIntStats, date: string | undefined): boolean {
  const limit = Date.parse(date ?? '');
  return !Number.isNaN(limit) && Math.floor(Number(stats.mtimeMs) / 1000) * 1000 > limit;
}
