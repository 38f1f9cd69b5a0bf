import { parseDictionary } from 'structured-headers';
import { type CacheUrl, type FieldMap, placeOf } from './entry.ts';
import { purges, type UrlPurge } from './purge.ts';

/** Query parameters that make no difference to the answer (`No-Vary-Search`). */
interface SearchRule {
  readonly anyOrder: boolean;
  ignores(name: string): boolean;
}

/**
 * Rules by which services declare query parameters irrelevant, by path. An answer is kept under the URL without irrelevant parameters, and
 * found for every URL that is equal without them.
 */
export class SearchRules {
  /** By origin and place, the newest last. */
  readonly #rules = new Map<string, SearchRule>();

  /** The same, by the URL under which the answer is kept. */
  keyed<T extends CacheUrl>(url: T): T {
    const rule = this.#rules.size === 0 ? undefined : this.#rules.get(keyOf(url));
    return rule === undefined ? url : { ...url, path: plainPath(url.path, rule) };
  }

  /** @returns the URL under which an answer with these fields is to be kept. */
  learn<T extends CacheUrl>(url: T, { 'no-vary-search': said }: FieldMap): T {
    const rule = said === undefined ? null : ruleOf([said].flat().join());
    if (rule === null && this.#rules.size === 0) return url;
    const key = keyOf(url);
    this.#rules.delete(key);
    if (rule === null) return url;
    const [oldest] = this.#rules.keys();
    if (this.#rules.size >= RULES_MAX) this.#rules.delete(oldest!);
    this.#rules.set(key, rule);
    return this.keyed(url);
  }

  /** Whether a purge applies to a kept URL, which may stand for the named one. */
  purges(purge: UrlPurge, url: CacheUrl): boolean {
    if (purges(purge, url)) return true;
    if (purge.query === null || this.#rules.size === 0) return false;
    const { path } = this.keyed({ origin: url.origin, path: purge.path + purge.query });
    return purges({ ...purge, query: queryOf(path) }, url);
  }
}

/** A path may be up to 8 KiB. */
const RULES_MAX = 1_000;

function keyOf({ origin, path }: CacheUrl): string {
  return origin + placeOf(path);
}

function queryOf(path: string): string {
  const question = path.indexOf('?');
  return question === -1 ? '' : path.slice(question);
}

/** @returns `null` for an invalid one: then each query is a URL of its own */
function ruleOf(said: string): SearchRule | null {
  try {
    const dictionary = parseDictionary(said);
    const [anyOrder = false] = dictionary.get('key-order') ?? [];
    const [params = false] = dictionary.get('params') ?? [];
    const [except] = dictionary.get('except') ?? [];
    const [ignored, counted] = [namesIn(params), namesIn(except)];
    if (typeof anyOrder !== 'boolean') return null;
    if (typeof params === 'boolean' && (except === undefined || (params && counted !== null)))
      return { anyOrder, ignores: (name) => params && !counted?.has(name) };
    return ignored !== null && except === undefined
      ? { anyOrder, ignores: (name) => ignored.has(name) }
      : null;
  } catch {
    return null;
  }
}

/** Of an inner list of strings. */
function namesIn(list: unknown): ReadonlySet<string> | null {
  if (!Array.isArray(list)) return null;
  const names = list.map(([name]: [unknown]) => name);
  return names.every((name) => typeof name === 'string') ? new Set(names) : null;
}

/** Without the parameters that make no difference; the others as they were written, so that nothing that differs becomes the same. */
function plainPath(path: string, { anyOrder, ignores }: SearchRule): string {
  const query = queryOf(path);
  // In one pass: a client may send four thousand. Both ways skip empty parameters.
  const names = [...new URLSearchParams(query).keys()];
  const texts = query
    .slice(1)
    .split('&')
    .filter((text) => text !== '');
  const kept = texts.map((text, at) => ({ text, name: names[at]! })).filter(({ name }) => !ignores(name));
  // Those of one name stay in their order.
  if (anyOrder) kept.sort((one, other) => (one.name < other.name ? -1 : Number(one.name > other.name)));
  const place = path.slice(0, path.length - query.length);
  return kept.length === 0 ? place : `${place}?${kept.map(({ text }) => text).join('&')}`;
}
