import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from '../kit/problem.ts';

/**
 * `If-Match` and `If-None-Match` of a change (RFC 9110 §13.1). `etag`: of what is there, `null` for nothing.
 * @throws Problem 412 where they don't hold.
 */
export function requirePrecondition(headers: IncomingHttpHeaders, etag: string | null): void {
  const extras = etag === null ? {} : { headers: { etag } };
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  if (ifMatch !== undefined && !hasTag(ifMatch, etag)) {
    const found = etag === null ? 'There is no image of this name.' : 'The image was replaced since.';
    throw new Problem(412, 'precondition_failed', found, extras);
  }
  if (ifNoneMatch !== undefined && hasTag(ifNoneMatch, etag)) {
    throw new Problem(412, 'precondition_failed', 'There is an image of this name already.', extras);
  }
}

/** Whether a GET or HEAD is answered 304; weak tags count as their strong ones (RFC 9110 §13.1.2). */
export function isNotModified(headers: IncomingHttpHeaders, etag: string): boolean {
  return hasTag((headers['if-none-match'] ?? '').replaceAll('W/"', '"'), etag);
}

function hasTag(header: string, etag: string | null): boolean {
  const tags: string[] = header.match(/\*|(?:W\/)?"[^"]*"/g) ?? [];
  return etag !== null && (tags.includes('*') || tags.includes(etag));
}
