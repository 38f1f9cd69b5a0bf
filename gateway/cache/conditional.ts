import type { FieldMap } from './entry.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** A request without its conditions: they are evaluated here, against the kept or the fetched answer (RFC 9111 §4.3.2). */
export function withoutConditions(fields: FieldMap): FieldMap {
  if (!isConditional(fields) && !isOnlyIfCached(fields)) return fields;
  const { 'if-none-match': _match, 'if-modified-since': _since, ...rest } = fields;
  if (!isOnlyIfCached(fields)) return rest;
  return {
    ...rest,
    'cache-control': directivesOf(fields)
      .filter((each) => !ONLY_IF_CACHED.test(each))
      .join(),
  };
}

function isConditional(fields: FieldMap): boolean {
  return fields['if-none-match'] !== undefined || fields['if-modified-since'] !== undefined;
}

/** RFC 9111 §5.2.1.7. */
export function isOnlyIfCached(fields: FieldMap): boolean {
  return (
    fields['cache-control'] !== undefined && directivesOf(fields).some((each) => ONLY_IF_CACHED.test(each))
  );
}

function directivesOf(fields: FieldMap): string[] {
  return [fields['cache-control'] ?? []].flat().join().split(',');
}

const ONLY_IF_CACHED = /^\s*only-if-cached\s*$/i;

/**
 * Whether the client has this very answer already. If-None-Match takes precedence over If-Modified-Since (RFC 9110 §13.2.2).
 *
 * @param kept for a kept answer without Last-Modified its Date counts (RFC 9111 §4.3.2)
 */
export function matchesCondition(fields: FieldMap, answer: Headers, kept: boolean): boolean {
  if (!isConditional(fields)) return false;
  const match = fields['if-none-match'];
  if (match !== undefined) return matchesTag([match].flat().join(','), one(answer.etag));
  const since = Date.parse(one(fields['if-modified-since']) ?? '');
  const modified = Date.parse(one(answer['last-modified'] ?? (kept ? answer.date : undefined)) ?? '');
  return Number.isFinite(since) && Number.isFinite(modified) && modified <= since;
}

/** `*` is met by anything that is there (RFC 9110 §13.1.2). */
function matchesTag(list: string, etag: string | undefined): boolean {
  if (list.trim() === '*') return true;
  return (list.match(/(?:W\/)?"[^"]*"/g) ?? ([] as string[])).some((tag) => isSameTag(tag, etag));
}

/** Weak comparison (RFC 9110 §8.8.3.2): a mark of weakness makes no difference. */
export function isSameTag(tag: string, other: string | undefined): boolean {
  return other !== undefined && tag.replace(/^W\//, '') === other.replace(/^W\//, '');
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
