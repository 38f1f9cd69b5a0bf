import type { interceptors } from 'undici';
import { canonicalPath } from '../route/target.ts';
import type { Chosen } from './vary.ts';

/** What undici's cache interceptor asks of a store. */
export type UndiciStore = NonNullable<NonNullable<Parameters<typeof interceptors.cache>[0]>['store']>;
/** Who asks for what: URL, method, and the fields of the request. */
export type CacheKey = Parameters<UndiciStore['get']>[0];
/** An answer without its body: status, fields, what it varies by, and until when it is fresh and of use. */
export type CacheValue = Parameters<UndiciStore['createWriteStream']>[1];

/** Fields as undici has them: names in lower case, repeated ones as lists. */
export type FieldMap = Record<string, string | string[]>;

export interface CacheUrl {
  /** Scheme and authority that the client asked, `http://host:port`; behind a space, all else by which a service knows its own place. */
  readonly origin: string;
  /** Path and query as the client sent them. */
  readonly path: string;
}

/** The path in its canonical view, without the query: all spellings of a URL, with all their queries, have one place. */
export function placeOf(path: string): string {
  const question = path.indexOf('?');
  const raw = question === -1 ? path : path.slice(0, question);
  if (!raw.includes('%')) return raw;
  const canonical = canonicalPath(raw);
  return canonical.ok ? canonical.path : raw;
}

/** A whole answer that is kept. */
export interface Entry extends CacheUrl, Omit<CacheValue, 'vary'> {
  readonly vary?: Chosen | undefined;
  readonly body: Buffer;
}

/** Where entries are kept: bounded in size, least recently used first out. */
export interface Entries {
  /** What all entries weigh, in bytes. */
  readonly bytes: number;
  readonly count: number;
  /** An entry that fits a request with these fields, however stale. Counts as a use of it. */
  find(url: CacheUrl, fields: FieldMap): Entry | undefined;
  /** Names of the fields by which the entries of a URL differ; `undefined`: it has no entries. */
  variesBy(url: CacheUrl): ReadonlySet<string> | undefined;
  /** Keeps an entry in the place of those that fit the same request. @returns whether it is kept: not what is too heavy. */
  put(entry: Entry, fields: FieldMap): boolean;
  /** Makes room until all that is kept weighs no more than that. */
  shrinkTo(maxBytes: number): void;
  /** @param place where all that may match is; without it, everywhere. @returns how many URLs were forgotten. */
  forget(matches: (url: CacheUrl) => boolean, place?: string): number;
  close(): void;
}

/** More variants of one URL are not kept: each of them would be looked through by every request for it. */
export const VARIANTS_MAX = 64;

/** Bytes of memory that an entry takes: an answer without a body has fields, and a URL of up to 8 KiB, which is its key as well. */
export function weightOf({ origin, path, headers, vary, body }: Entry): number {
  const url = 2 * (origin.length + path.length);
  return OVERHEAD_BYTES + url + lengthOf(headers) + lengthOf(vary ?? {}) + body.length;
}

function lengthOf(fields: Readonly<Record<string, string | string[] | null>>): number {
  let length = 0;
  for (const name in fields) {
    length += name.length + FIELD_OVERHEAD_BYTES;
    for (const value of [fields[name]].flat()) length += value?.length ?? 0;
  }
  return length;
}

/** Of the objects, maps and strings around the bytes themselves: measured, and rounded up. */
const OVERHEAD_BYTES = 1024;
const FIELD_OVERHEAD_BYTES = 64;
