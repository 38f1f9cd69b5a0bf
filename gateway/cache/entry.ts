import type { RepeatedFields } from '../exchange/contract.ts';
import { canonicalPath } from '../route/target.ts';

/** The request's values of the fields named by Vary, normalised; `null`: not sent. */
export type Chosen = Readonly<Record<string, string | null>>;

/** Fields by their names in lower case, repeated ones as lists. */
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

export interface AnswerHead {
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly headers: FieldMap;
}

export interface KeptHead extends AnswerHead {
  /** From here its age counts: when it came, less the age that it had then. */
  readonly cachedAt: number;
}

/** The part of a kept answer that is given. */
export interface KeptAnswer extends KeptHead {
  readonly body: Buffer;
}

/** Conditions for giving a stale answer, or for validating a fresh one. */
interface Terms {
  /** The service is asked each time (RFC 9111 §5.2.2.4). */
  readonly alwaysAsked: boolean;
  /** It is never given stale (§4.2.4). */
  readonly neverStale: boolean;
  /** For how long it may be given while the service is asked behind its back (RFC 5861 §3). */
  readonly staleWhileRevalidateMs: number;
  /** For how long it may be given where the service fails (§4). */
  readonly staleIfErrorMs: number;
}

/** A whole answer that is kept. Instants are milliseconds since the epoch. */
export interface Entry extends CacheUrl, KeptAnswer, Terms {
  /** The values by which it was selected. */
  readonly vary?: Chosen | undefined;
  /** Identifies the bytes of the body; unchanged by a 304. A number, because a text of that length is fifteen objects for V8 to collect. */
  readonly bodyId: number;
  /** Groups by which it may be purged, whatever its URL. */
  readonly groups: readonly string[];
  readonly staleAt: number;
  /** It is of no use any more. */
  readonly deleteAt: number;
  /** Of these very headers: in a copy of the entry with others it is not used. */
  hitHead?: RepeatedHead;
}

/** The head of a kept answer that all of its hits share (hit-head.ts). */
export interface RepeatedHead {
  readonly headers: FieldMap;
  /** @returns `null`: not every client gets its fields as they are. */
  at(ageS: number): RepeatedFields | null;
}

/** The key of a kept answer's compressed form. It is purged together with it, because everything after a space is no part of an origin. */
export function codedUrl({ origin, path }: CacheUrl, coding: string): CacheUrl {
  return { origin: `${origin}${CODED}${coding}`, path };
}

/** A form of another entry, which is not counted beside it. */
export function isCoded({ origin }: CacheUrl): boolean {
  return origin.includes(CODED);
}

/** No authority has it in it. */
const CODED = ' coded=';

/** Where entries are kept: bounded in size, least recently used first out. */
export interface Entries {
  /** The weight of all entries in bytes. */
  readonly bytes: number;
  readonly count: number;
  /** An entry that fits a request with these fields, however stale. Counts as a use of it. */
  find(url: CacheUrl, fields: FieldMap): Entry | undefined;
  /** Names of the fields by which the entries of a URL differ; `undefined`: it has no entries. */
  variesBy(url: CacheUrl): ReadonlySet<string> | undefined;
  /** Keeps an entry in place of those that match the same request. @returns whether it is kept, which a too heavy one is not */
  put(entry: Entry, fields: FieldMap): boolean;
  /** Evicts entries until the rest weighs no more than that. */
  shrinkTo(maxBytes: number): void;
  /** @param place where all that may match is; without it, everywhere. @returns how many URLs were forgotten. */
  forget(matches: (url: CacheUrl) => boolean, place?: string): number;
  /** Forgets the answers of a group. @returns the number of forgotten URLs */
  forgetGroup(group: string, matches: (url: CacheUrl) => boolean): number;
  close(): void;
}

/**
 * Which variants of a URL make room for one more, the oldest first. Each request for the URL looks through them all, and a miss is known by all fields
 * that any of them was chosen by: a service that names others in every answer must not make that long.
 */
export function crowdedOut<T extends { readonly vary: Entry['vary'] }>(
  variants: readonly T[],
  vary: Entry['vary'],
): T[] {
  let names = new Set(Object.keys(vary ?? {}));
  let kept = 1;
  return variants.toReversed().filter((variant) => {
    const all = new Set([...names, ...Object.keys(variant.vary ?? {})]);
    if (kept >= VARIANTS_MAX || all.size > VARYING_FIELDS_MAX) return true;
    names = all;
    kept++;
    return false;
  });
}

const VARIANTS_MAX = 64;
/** By which the variants of one URL differ, together. */
export const VARYING_FIELDS_MAX = 32;

/** Bytes of memory that an entry takes: an answer without a body has fields, and a URL of up to 8 KiB, which is its key as well. */
export function weightOf({ origin, path, headers, vary, groups, body }: Entry): number {
  const url = 2 * (origin.length + path.length);
  let grouped = 0;
  for (const group of groups) grouped += group.length + FIELD_OVERHEAD_BYTES;
  return OVERHEAD_BYTES + url + grouped + lengthOf(headers) + lengthOf(vary ?? {}) + body.length;
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
