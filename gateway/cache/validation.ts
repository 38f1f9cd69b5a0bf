import { isSameTag } from './conditional.ts';
import type { AnswerHead, Entry, FieldMap } from './entry.ts';
import { isTag } from './storable.ts';
import { variesBy } from './vary.ts';

/**
 * The conditions by which the service is asked whether what is kept is still right (RFC 9111 §4.3.1). Where it has no Last-Modified, its own Date
 * stands for it: a service can compare no other (RFC 9110 §13.1.3).
 */
export function conditionsOf({ headers }: AnswerHead): FieldMap {
  const conditions: FieldMap = {};
  if (isTag(headers.etag)) conditions['if-none-match'] = headers.etag;
  const since = headers['last-modified'] ?? headers.date;
  if (typeof since === 'string') conditions['if-modified-since'] = since;
  return conditions;
}

/** Whether a 304 is about what was asked about (RFC 9111 §4.3.4). */
export function validates(headers: FieldMap, entry: Entry): boolean {
  const { etag } = headers;
  if (etag === undefined) return true;
  return isTag(etag) && isTag(entry.headers.etag) && isSameTag(etag, entry.headers.etag);
}

/** RFC 9111 §3.2: what a 304 says replaces what was said before, but for the bytes of a body that it does not have. */
export function freshened(kept: AnswerHead, said: FieldMap): AnswerHead {
  // Of the answer that was kept: without a newer one, its age would count on from there.
  const { date: _date, ...rest } = kept.headers;
  const changes = Object.entries(said).filter(([name]) => !OF_THE_BODY.has(name));
  const headers: FieldMap = { ...rest, ...Object.fromEntries(changes) };
  if (said.vary !== undefined) headers.vary = varyOfBoth(kept.headers.vary, said.vary);
  return { statusCode: kept.statusCode, statusMessage: kept.statusMessage, headers };
}

const OF_THE_BODY: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-length',
  'content-md5',
  'content-range',
]);

/**
 * The Vary of an answer that a 304 says to be still right: a field by which the kept answer was chosen still chooses it, whatever the
 * 304 says. Without that, what was kept for one language would be given to every language.
 */
function varyOfBoth(kept: FieldMap[string] | undefined, said: FieldMap[string]): string {
  return [...new Set([...variesBy(kept), ...variesBy(said)])].join(', ');
}
