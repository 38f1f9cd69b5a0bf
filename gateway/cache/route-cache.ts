import { type Dispatcher, interceptors } from 'undici';
import { type CacheLookup, isFresh, lookUp } from './cache-lookup.ts';
import { CollapsedMisses } from './collapse.ts';
import { withOwnDate } from './conditional.ts';
import type { CacheUrl, Entry, FieldMap } from './entry.ts';
import { type FetchEnd, Fetched, type FetchWatcher } from './fetched.ts';
import { partOf } from './part.ts';
import { type Purge, purges } from './purge.ts';
import { Refreshes } from './refreshes.ts';
import type { CacheStore } from './store.ts';

/** Sends a request to the service for the cache; `fields` are the request's, with conditions where a kept answer is asked about. */
export type Fetch = (fields: FieldMap, handler: Dispatcher.DispatchHandler) => void;

export interface CacheQuery extends CacheUrl {
  readonly method: string;
  /** Of the client, without its conditions. */
  readonly fields: FieldMap;
}

/** What became of the requests of a route since it has been cached. */
export interface CacheCounts {
  /** Answered from what is kept, without the service. */
  hits: number;
  /** Answered by the service, or after asking it. */
  misses: number;
}

/**
 * The shared cache (RFC 9111) of one route. The rules are those of undici's cache interceptor; below it, in place of a connection,
 * stands our own forwarding.
 */
export class RouteCache {
  readonly misses = new CollapsedMisses();
  readonly counts: CacheCounts = { hits: 0, misses: 0 };
  readonly #refreshes = new Refreshes();
  readonly #store: CacheStore;
  readonly #fetches = new Set<Fetched>();
  readonly #dispatch: Dispatcher.Dispatch;

  constructor(store: CacheStore) {
    this.#store = store;
    // HEAD is answered by what GET was; the store keeps none of its own.
    const cached = interceptors.cache({ store, methods: ['GET', 'HEAD'], type: 'shared' });
    this.#dispatch = cached((options, handler) => {
      const { [FETCH]: fetch, url, headers } = options as FetchingOptions;
      fetch(this.#askedWith(url, (headers ?? {}) as FieldMap), handler);
      return true;
    });
  }

  /**
   * What may be given at once (RFC 9111 §4): nearly every request to a warm cache ends here. All that is not as plain as this is for undici to decide,
   * whose streams cost more than asking the service would.
   */
  fresh({ fields, ...url }: CacheQuery): Entry | undefined {
    if (fields['cache-control'] !== undefined || fields.pragma !== undefined) return undefined;
    const entry = this.#store.find(url, fields);
    return entry && isFresh(entry) ? entry : undefined;
  }

  /** Whether a request for a part can be answered from a whole. Where it can't, the service cuts it: what it sends is not kept. */
  cuts(query: CacheQuery): boolean {
    const entry = query.method === 'GET' ? this.fresh(query) : undefined;
    return entry !== undefined && partOf(entry, query.fields) !== undefined;
  }

  /** Answers the handler from what is kept, or has it fetched. */
  answer(
    { origin, path, method, fields }: CacheQuery,
    fetch: Fetch,
    handler: Dispatcher.DispatchHandler,
  ): void {
    const options: FetchingOptions = {
      origin,
      path,
      method: method as Dispatcher.HttpMethod,
      headers: fields,
      url: { origin, path },
      [FETCH]: fetch,
    };
    this.#dispatch(options, handler);
  }

  /** The client's own conditions never come here: what is conditional asks about what is kept. */
  #askedWith(url: CacheUrl, fields: FieldMap): FieldMap {
    if (fields['if-modified-since'] === undefined) return fields;
    return withOwnDate(fields, this.#store.find(url, fields)?.headers);
  }

  lookup({ fields, ...url }: CacheQuery): CacheLookup {
    return lookUp(this.#store, url, fields);
  }

  /** Seconds for which what is kept stays fresh; negative: it has been stale for so long. */
  ttl({ fields, ...url }: CacheQuery): number | null {
    const entry = this.#store.find(url, fields);
    return entry ? Math.ceil((entry.staleAt - Date.now()) / 1_000) : null;
  }

  /** @returns where the answer of the service goes. @param fields those that it is asked with. */
  fetched(
    { origin, path, method }: CacheQuery,
    fields: FieldMap,
    handler: Dispatcher.DispatchHandler,
    watcher: FetchWatcher,
  ): Fetched {
    const ended = (how: FetchEnd) => {
      this.#fetches.delete(fetched);
      watcher.ended(how);
    };
    const headCame = (keeping: boolean) => watcher.headCame(keeping);
    const key = { origin, path, method, headers: fields };
    const fetched = new Fetched(key, this.#store, handler, { headCame, ended });
    this.#fetches.add(fetched);
    return fetched;
  }

  /** Begins to ask for a stale answer behind its back, unless somebody does already. @returns who is to be told of the end of it. */
  refresh(query: CacheQuery): FetchWatcher | null {
    const { key } = this.lookup(query);
    if (!this.#refreshes.begin(key)) return null;
    return { headCame() {}, ended: (how) => this.#refreshes.ended(key, how === 'kept') };
  }

  /** @returns how many URLs were forgotten. */
  purge(purge: Purge): number {
    for (const fetched of this.#fetches) fetched.outdate(purge);
    return this.#store.forget((url) => purges(purge, url), purge.below ? undefined : purge.path);
  }

  get size(): { readonly entries: number; readonly bytes: number } {
    return this.#store.size;
  }

  close(): void {
    this.#store.close();
  }
}

const FETCH = Symbol('fetch');

interface FetchingOptions extends Dispatcher.DispatchOptions {
  readonly url: CacheUrl;
  readonly [FETCH]: Fetch;
}
