import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from './problem.ts';

/** What a request demands of the state of the thing that it changes (RFC 9110 §13.1). */
export type Precondition = Pick<IncomingHttpHeaders, 'if-match' | 'if-none-match'>;

/**
 * @param etag of the thing as it is, strong; `null`: there is none.
 * @param noun what the answer calls it: `file`.
 * @throws Problem 412 with the current ETag where a condition doesn't hold. `If-Match` comes first (RFC 9110 §13.2.2).
 */
export function requirePrecondition(precondition: Precondition, etag: string | null, noun: string): void {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = precondition;
  if (ifMatch !== undefined && !hasTag(ifMatch, etag)) throw etag === null ? gone(noun) : changed(noun, etag);
  if (ifNoneMatch !== undefined && hasTag(ifNoneMatch, etag))
    throw preconditionFailed(`There is such a ${noun} already.`, etag);
}

/** Whether `If-None-Match` of a GET or HEAD makes its answer a 304. Weak tags count as strong ones (RFC 9110 §13.1.2). */
export function isKnown({ 'if-none-match': tags }: IncomingHttpHeaders, etag: string): boolean {
  return tags !== undefined && hasTag(tags.replaceAll('W/"', '"'), etag);
}

export function changed(noun: string, etag: string): Problem {
  return preconditionFailed(`The ${noun} was changed since.`, etag);
}

function gone(noun: string): Problem {
  return preconditionFailed(`There is no such ${noun} any more.`, null);
}

function preconditionFailed(detail: string, etag: string | null): Problem {
  return new Problem(412, 'precondition_failed', detail, etag === null ? {} : { headers: { etag } });
}

function hasTag(header: string, etag: string | null): boolean {
  const tags: string[] = header.match(/\*|(?:W\/)?"[^"]*"/g) ?? [];
  return etag !== null && (tags.includes('*') || tags.includes(etag));
}
