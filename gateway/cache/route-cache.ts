import { TransientSet } from '../exchange/transient.ts';
import type { Coding } from '../policy/compress/coded-head.ts';
import { type CacheLookup, isFresh, lookUp } from './cache-lookup.ts';
import type { Outcome } from './cache-status.ts';
import { CollapsedMisses } from './collapse.ts';
import type { Compressor } from './compressor.ts';
import { codedUrl, type Entry, type FieldMap } from './entry.ts';
import { Fetched, type FetchWatcher } from './fetched.ts';
import { partOf } from './part.ts';
import { isOn, type Purge } from './purge.ts';
import { Refreshes } from './refreshes.ts';
import type { CacheQuery, NotKept } from './storable.ts';
import type { CacheStore } from './store.ts';

/** Counters of a route's requests since it has been cached. */
export interface CacheCounts {
  /** Answered from the cache, without the service. */
  hits: number;
  /** Answered by the service, or after asking it. */
  misses: number;
  /** Why answers were not kept, and how many. */
  notKept?: Partial<Record<NotKept, number>>;
}

/** The shared cache (RFC 9111) of one route: its entries and fetches. */
export class RouteCache {
  readonly misses = new CollapsedMisses();
  readonly counts: CacheCounts = { hits: 0, misses: 0 };
  readonly #refreshes = new Refreshes();
  readonly #store: CacheStore;
  readonly #fetches = new TransientSet<Fetched>();

  readonly #compressor: Compressor;

  constructor(store: CacheStore, compressor: Compressor) {
    this.#store = store;
    this.#compressor = compressor;
  }

  count(outcome: Outcome): void {
    const { counts } = this;
    if (outcome.kind === 'hit') counts.hits++;
    else counts.misses++;
    if (outcome.kind !== 'forwarded' || outcome.notKept === null) return;
    counts.notKept ??= {};
    counts.notKept[outcome.notKept] = (counts.notKept[outcome.notKept] ?? 0) + 1;
  }

  /** The same, by the URL under which its answer is kept. */
  keyed(query: CacheQuery): CacheQuery {
    return this.#store.searches.keyed(query);
  }

  /** The entry for a request, however stale. HEAD uses GET's (RFC 9110 §9.3.2). */
  find(query: CacheQuery): Entry | undefined {
    return this.#store.find(query, query.fields);
  }

  /** The compressed body of an entry, if it is there already; otherwise it is being made. */
  coded(entry: Entry, fields: FieldMap, coding: Coding): Buffer | null {
    const url = codedUrl(entry, coding);
    const found = this.#store.find(url, fields);
    if (found?.bodyId === entry.bodyId) return found.body;
    this.#compressor.ask(entry.bodyId, entry.body, coding, (body) => {
      // The entry may have been purged or replaced meanwhile.
      if (this.#store.find(entry, fields)?.bodyId !== entry.bodyId) return;
      this.#store.keep({ ...entry, ...url, headers: {}, body }, fields);
    });
    return null;
  }

  /** Whether a range of a kept whole can be given. Otherwise the service answers, and its part is not kept. */
  cuts(query: CacheQuery): boolean {
    const { method, fields } = query;
    if (method !== 'GET' || fields['cache-control'] !== undefined || fields.pragma !== undefined)
      return false;
    const entry = this.find(this.keyed(query));
    return entry !== undefined && isFresh(entry) && partOf(entry, fields) !== undefined;
  }

  lookup(query: CacheQuery): CacheLookup {
    return lookUp(this.#store, query, query.fields);
  }

  /** @returns receives the service's answer. @param asked the entry to validate */
  fetch(query: CacheQuery, asked: Entry | undefined, watcher: FetchWatcher): Fetched {
    const fetched: Fetched = new Fetched(query, this.#store, asked, watcher, () =>
      this.#fetches.delete(fetched),
    );
    this.#fetches.add(fetched);
    return fetched;
  }

  /**
   * Starts validating a stale answer in the background, unless that is under way.
   * @param again receives a second fetch, if the service's 304 does not match
   */
  refresh(query: CacheQuery, asked: Entry, again: (fetched: Fetched) => void): Fetched | null {
    const { key } = this.lookup(query);
    if (!this.#refreshes.begin(key)) return null;
    const watcher: FetchWatcher = {
      informational() {},
      answered() {},
      standsFor() {},
      failed() {},
      flows() {},
      again: () => again(this.fetch(query, undefined, watcher)),
      ended: (how) => this.#refreshes.ended(key, how === 'kept'),
    };
    return this.fetch(query, asked, watcher);
  }

  /** @returns how many URLs were forgotten. */
  purge(purge: Purge): number {
    const forgotten = this.#forget(purge);
    // Requests that wait for one of these ask anew at once: that answer is no older than the purge.
    for (const fetched of [...this.#fetches]) fetched.outdate(purge);
    return forgotten;
  }

  #forget(purge: Purge): number {
    if ('group' in purge) return this.#store.forgetGroup(purge.group, (url) => isOn(purge, url));
    return this.#store.forget(
      (url) => this.#store.searches.purges(purge, url),
      purge.below ? undefined : purge.path,
    );
  }

  get size(): { readonly entries: number; readonly bytes: number } {
    return this.#store.size;
  }

  close(): void {
    this.#store.close();
  }
}
