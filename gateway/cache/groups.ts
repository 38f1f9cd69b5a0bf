import { parseList } from 'structured-headers';
import type { FieldMap } from './entry.ts';

/**
 * The groups of an answer, from `Cache-Groups` (RFC 9875) and the words of `Cache-Tag`, the name that CDNs use.
 *
 * @returns `null`: too many to keep; an answer without all of its groups could not be purged by the others
 */
export function groupsOf({ 'cache-groups': groups, 'cache-tag': tags }: FieldMap): readonly string[] | null {
  if (groups === undefined && tags === undefined) return NONE;
  const named = groupsIn([groups ?? []].flat().join()) ?? NONE;
  const tagged = [tags ?? []].flat().join().split(',');
  const all = new Set([...named, ...tagged.map((tag) => tag.trim()).filter((tag) => tag !== '')]);
  return all.size <= GROUPS_MAX && [...all].every((name) => name.length <= NAME_MAX) ? [...all] : null;
}

/** The members of a list of strings; other members are ignored (RFC 9875 §2). @returns `null` for an invalid list */
export function groupsIn(list: string): readonly string[] | null {
  try {
    return parseList(list).flatMap(([value]) => (typeof value === 'string' ? [value] : []));
  } catch {
    return null;
  }
}

const NONE: readonly string[] = [];
/** RFC 9875 §2.1 asks for 128 of them, of 32 characters each at least. */
const GROUPS_MAX = 128;
const NAME_MAX = 256;
