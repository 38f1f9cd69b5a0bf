import type { FieldMap } from './route-cache.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * A client's conditions are kept from undici's cache, which would pass each of them on to the service. They are answered from what
 * is stored, or from what the service answers without them (RFC 9111 §4.3.2).
 */
export function withoutConditions(fields: FieldMap): FieldMap {
  const { 'if-none-match': _match, 'if-modified-since': _since, ...rest } = fields;
  return rest;
}

/** Whether the client has this very answer already. If-None-Match beats If-Modified-Since (RFC 9110 §13.2.2). */
export function matchesCondition(fields: FieldMap, answer: Headers): boolean {
  const match = fields['if-none-match'];
  if (match !== undefined) return matchesTag([match].flat().join(','), one(answer.etag));
  const since = Date.parse(one(fields['if-modified-since']) ?? '');
  const modified = Date.parse(one(answer['last-modified']) ?? '');
  return Number.isFinite(since) && Number.isFinite(modified) && modified <= since;
}

/** Weak comparison (RFC 9110 §8.8.3.2): a mark of weakness makes no difference. */
function matchesTag(list: string, etag: string | undefined): boolean {
  if (etag === undefined) return false;
  if (list.trim() === '*') return true;
  const opaque = etag.replace(/^W\//, '');
  return (list.match(/"[^"]*"/g) ?? ([] as string[])).some((tag) => tag === opaque);
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
