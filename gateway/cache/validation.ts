import { isSameTag } from './conditional.ts';
import type { AnswerHead, Entry, FieldMap } from './entry.ts';
import { isTag } from './storable.ts';
import { variesBy } from './vary.ts';

/**
 * The conditions by which the service validates a kept answer (RFC 9111 §4.3.1). Without Last-Modified, the answer's Date takes its place:
 * a service can compare no other (RFC 9110 §13.1.3).
 */
export function conditionsOf({ headers }: AnswerHead): FieldMap {
  const conditions: FieldMap = {};
  if (isTag(headers.etag)) conditions['if-none-match'] = headers.etag;
  const since = headers['last-modified'] ?? headers.date;
  if (typeof since === 'string') conditions['if-modified-since'] = since;
  return conditions;
}

/** Whether a 304 selects this entry (RFC 9111 §4.3.4). */
export function validates(headers: FieldMap, entry: Entry): boolean {
  const { etag } = headers;
  if (etag === undefined) return true;
  return isTag(etag) && isTag(entry.headers.etag) && isSameTag(etag, entry.headers.etag);
}

/** RFC 9111 §3.2: a 304's fields replace the kept ones, except those that describe the bytes of the body. */
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
 * The Vary of a kept answer after a 304: fields that selected it stay, whatever the 304 says. Otherwise an answer for one language would be
 * given for all.
 */
function varyOfBoth(kept: FieldMap[string] | undefined, said: FieldMap[string]): string {
  return [...new Set([...variesBy(kept), ...variesBy(said)])].join(', ');
}
