import {
  type CacheKey,
  type CacheUrl,
  type CacheValue,
  type Entries,
  type Entry,
  type FieldMap,
  placeOf,
  type UndiciStore,
} from './entry.ts';
import { isStorable } from './storable.ts';
import { Selecting } from './vary.ts';
import { Writing } from './writing.ts';

export interface StoreLimits {
  /** Of all that is kept and all that is being written. */
  readonly maxBytes: number;
  /** Of one body. */
  readonly entryMaxBytes: number;
}

/** An answer of the service that may be kept. */
export interface Recording {
  /** Something has made it old before it was kept. */
  readonly outdated: boolean;
  /** It is being kept. */
  begun(writing: Writing): void;
  settled(kept: boolean): void;
}

/**
 * Between undici's interceptor and what is kept: what may be kept, and how much. A store that can't be read or written is a cache
 * that misses, never an exchange that fails.
 */
export class CacheStore implements UndiciStore {
  readonly #entries: Entries;
  readonly #limits: StoreLimits;
  readonly #problem: (cause: Error) => void;
  #writingBytes = 0;
  #recording: Recording | null = null;

  /** @param problem told of each time that what is kept could not be read or written. */
  constructor(entries: Entries, limits: StoreLimits, problem: (cause: Error) => void) {
    this.#entries = entries;
    this.#limits = limits;
    this.#problem = problem;
  }

  /** HEAD is answered from what GET was (RFC 9110 §9.3.2). */
  get(key: CacheKey) {
    const { headers = {} } = key;
    const entry = this.find(key, headers);
    if (!entry) return undefined;
    // undici asks the service anew with the values that it finds here: they are the client's own spelling.
    const { vary, cacheControlDirectives = {}, body, ...value } = entry;
    const sent = vary && { vary: asSent(Object.keys(vary), headers) };
    return { ...value, ...sent, cacheControlDirectives, body: [body] };
  }

  find(url: CacheUrl, fields: FieldMap): Entry | undefined {
    return this.#quietly(() => this.#entries.find(url, fields));
  }

  variesBy(url: CacheUrl): ReadonlySet<string> | undefined {
    return this.#quietly(() => this.#entries.variesBy(url));
  }

  /** What undici begins to keep during `work` is this answer. */
  recording(recording: Recording, work: () => void): void {
    const before = this.#recording;
    this.#recording = recording;
    try {
      work();
    } finally {
      this.#recording = before;
    }
  }

  createWriteStream(key: CacheKey, value: CacheValue): Writing | undefined {
    const recording = this.#recording;
    if (!recording || recording.outdated) return undefined;
    if (!isStorable(key, value, this.#limits.entryMaxBytes)) return undefined;
    const writing = this.#writing(key, value, recording);
    recording.begun(writing);
    return writing;
  }

  #writing(key: CacheKey, value: CacheValue, recording: Recording): Writing {
    const { origin, path, headers = {} } = key;
    const vary = value.vary && new Selecting(headers).by(Object.keys(value.vary));
    let bytes = 0;
    return new Writing({
      reserve: (more) => {
        bytes += more;
        return bytes <= this.#limits.entryMaxBytes && this.#reserve(more);
      },
      release: (all) => {
        this.#writingBytes -= all;
      },
      keep: (body) =>
        !recording.outdated &&
        this.#keep({ ...value, deleteAt: deleteAt(value), vary, origin, path, body }, headers),
      settled: (kept) => recording.settled(kept),
    });
  }

  #keep(entry: Entry, fields: FieldMap): boolean {
    const kept = this.#quietly(() => this.#entries.put(entry, fields)) ?? false;
    // Its own bytes still count as being written.
    const others = this.#writingBytes - entry.body.length;
    this.#quietly(() => this.#entries.shrinkTo(this.#limits.maxBytes - others));
    return kept;
  }

  /** What is being written takes its room from what is kept. */
  #reserve(bytes: number): boolean {
    const { maxBytes, entryMaxBytes } = this.#limits;
    const writingMaxBytes = Math.max(entryMaxBytes, Math.min(maxBytes, WRITING_MAX_BYTES));
    if (this.#writingBytes + bytes > Math.min(writingMaxBytes, maxBytes)) return false;
    this.#writingBytes += bytes;
    this.#quietly(() => this.#entries.shrinkTo(maxBytes - this.#writingBytes));
    return true;
  }

  delete({ origin, path }: CacheUrl): void {
    this.forget((url) => url.origin === origin && url.path === path, placeOf(path));
  }

  /** @param place where all that may match is; without it, everywhere. @returns how many URLs were forgotten. */
  forget(matches: (url: CacheUrl) => boolean, place?: string): number {
    return this.#quietly(() => this.#entries.forget(matches, place)) ?? 0;
  }

  get size(): { readonly entries: number; readonly bytes: number } {
    return { entries: this.#entries.count, bytes: this.#entries.bytes };
  }

  close(): void {
    this.#entries.close();
  }

  #quietly<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (cause) {
      this.#problem(cause as Error);
      return undefined;
    }
  }
}

function asSent(names: readonly string[], fields: FieldMap): NonNullable<CacheValue['vary']> {
  return Object.fromEntries(names.map((name) => [name, Object.hasOwn(fields, name) ? fields[name]! : null]));
}

/** What has a validator saves its body whenever it is asked for: only need of its room ends it (RFC 9111 §4.3). */
function deleteAt({ etag, headers, deleteAt }: CacheValue): number {
  return etag === undefined && headers['last-modified'] === undefined ? deleteAt : Number.MAX_SAFE_INTEGER;
}

/** However large a file may be: what is being written is in memory. */
const WRITING_MAX_BYTES = 64 * 1024 * 1024;
