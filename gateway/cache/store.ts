import { type CacheUrl, type Entries, type Entry, type FieldMap, placeOf } from './entry.ts';
import { SearchRules } from './search-rules.ts';
import type { CacheRules } from './storable.ts';

/**
 * The kept entries within their bound, together with those being written. A store that can't be read or written is a cache that misses,
 * never an exchange that fails.
 */
export class CacheStore {
  readonly rules: CacheRules;
  readonly searches = new SearchRules();
  readonly #entries: Entries;
  readonly #maxBytes: number;
  readonly #problem: (cause: Error) => void;
  #writingBytes = 0;
  #closed = false;

  /**
   * @param maxBytes of all entries, kept and being written
   * @param problem called each time that entries can't be read or written
   */
  constructor(entries: Entries, maxBytes: number, rules: CacheRules, problem: (cause: Error) => void) {
    this.#entries = entries;
    this.#maxBytes = maxBytes;
    this.rules = rules;
    this.#problem = problem;
  }

  find(url: CacheUrl, fields: FieldMap): Entry | undefined {
    try {
      return this.#entries.find(url, fields);
    } catch (cause) {
      this.#problem(cause as Error);
      return undefined;
    }
  }

  variesBy(url: CacheUrl): ReadonlySet<string> | undefined {
    return this.#quietly(() => this.#entries.variesBy(url));
  }

  /** Reserves room for an entry being written, by evicting others. @returns whether there is room; then it must be released */
  reserve(bytes: number): boolean {
    const writingMaxBytes = Math.max(this.rules.entryMaxBytes, Math.min(this.#maxBytes, WRITING_MAX_BYTES));
    if (this.#writingBytes + bytes > Math.min(writingMaxBytes, this.#maxBytes)) return false;
    this.#writingBytes += bytes;
    this.#quietly(() => this.#entries.shrinkTo(this.#maxBytes - this.#writingBytes));
    return true;
  }

  release(bytes: number): void {
    this.#writingBytes -= bytes;
  }

  /** @param reserved its own part of the reservations. @returns whether it is kept */
  keep(entry: Entry, fields: FieldMap, reserved = 0): boolean {
    if (this.#closed) return false;
    const kept = this.#quietly(() => this.#entries.put(entry, fields)) ?? false;
    const others = this.#writingBytes - reserved;
    this.#quietly(() => this.#entries.shrinkTo(this.#maxBytes - others));
    return kept;
  }

  delete({ origin, path }: CacheUrl): void {
    this.forget((url) => url.origin === origin && url.path === path, placeOf(path));
  }

  /** @param place where all that may match is; without it, everywhere. @returns how many URLs were forgotten. */
  forget(matches: (url: CacheUrl) => boolean, place?: string): number {
    return this.#quietly(() => this.#entries.forget(matches, place)) ?? 0;
  }

  forgetGroup(group: string, matches: (url: CacheUrl) => boolean): number {
    return this.#quietly(() => this.#entries.forgetGroup(group, matches)) ?? 0;
  }

  get size(): { readonly entries: number; readonly bytes: number } {
    return { entries: this.#entries.count, bytes: this.#entries.bytes };
  }

  close(): void {
    this.#closed = true;
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

/** Entries being written are in memory, however large the file may be. */
const WRITING_MAX_BYTES = 64 * 1024 * 1024;
