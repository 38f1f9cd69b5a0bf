import type { FieldMap, KeptAnswer } from './entry.ts';

/**
 * The part of a kept whole that a range request asks for (RFC 9110 §14.2); the whole, if If-Range names another state of it.
 *
 * @returns `undefined`: the service must answer, because the request has several ranges or an unsatisfiable one, or the kept answer is no
 * whole
 */
export function partOf(whole: KeptAnswer, fields: FieldMap): KeptAnswer | undefined {
  const bounds = whole.statusCode === 200 ? boundsOf(fields.range, whole.body.length) : undefined;
  if (!bounds) return undefined;
  const condition = fields['if-range'];
  if (condition !== undefined && !isStateOf(condition, whole)) return whole;
  const { 'content-md5': _md5, 'content-digest': _digest, ...headers } = whole.headers;
  const [first, last] = bounds;
  return {
    ...whole,
    statusCode: 206,
    statusMessage: 'Partial Content',
    headers: {
      ...headers,
      'content-range': `bytes ${first}-${last}/${whole.body.length}`,
      'content-length': String(last - first + 1),
    },
    body: whole.body.subarray(first, last + 1),
  };
}

/** First and last byte of the one part that is asked for. */
function boundsOf(
  range: string | string[] | undefined,
  length: number,
): readonly [number, number] | undefined {
  const [, first, last] = (typeof range === 'string' && ONE_RANGE.exec(range)) || [];
  if (first === undefined || last === undefined || first + last === '') return undefined;
  const from = first === '' ? Math.max(0, length - Number(last)) : Number(first);
  const to = first === '' || last === '' ? length - 1 : Math.min(Number(last), length - 1);
  return from <= to ? [from, to] : undefined;
}

const ONE_RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/i;

/** Strong comparison (RFC 9110 §13.1.5): parts of two states must never be put together. */
function isStateOf(condition: string | string[], { headers }: KeptAnswer): boolean {
  if (typeof condition !== 'string' || condition.startsWith('W/')) return false;
  if (condition.startsWith('"')) return condition === headers.etag;
  const { 'last-modified': modified, date } = headers;
  // §8.8.2.2: a resource modified in the second of its Date may have been modified again in that second.
  return condition === modified && Date.parse(String(date)) - Date.parse(condition) >= 1_000;
}
