import type { FieldMap, KeptAnswer } from './entry.ts';

/**
 * What of a kept whole answers a request for one part of it (RFC 9110 §14.2); the whole, where If-Range names another state of it.
 *
 * @returns `undefined`: it is the service's to cut: several parts, none that there is, and what is no whole.
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
  // §8.8.2.2: what changed in the second of its Date may have changed once more in it.
  return condition === modified && Date.parse(String(date)) - Date.parse(condition) >= 1_000;
}
