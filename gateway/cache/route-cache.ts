import { type Dispatcher, interceptors } from 'undici';
import type { CacheConfig } from '../config/model.ts';
import { CollapsedMisses } from './collapse.ts';
import { CacheStore, type Purge, type UndiciStore } from './store.ts';

/** Sends a request to the service for the cache; `fields` are the request's, with conditions where a stored answer is revalidated. */
export type Fetch = (fields: FieldMap, handler: Dispatcher.DispatchHandler) => void;

/** As undici's interceptors want them: names in lower case. */
export type FieldMap = Record<string, string | string[]>;

export interface CacheQuery {
  /** `http://host:port` that the client asked. */
  readonly origin: string;
  /** Path and query as the client sent them. */
  readonly path: string;
  readonly method: string;
  readonly fields: FieldMap;
  readonly fetch: Fetch;
}

/** Of a stored answer: whether one is there, and whether it may be given without asking. */
export type Stored = 'fresh' | 'stale' | 'none';

/**
 * The shared cache (RFC 9111) of one route. The rules are those of undici's cache interceptor; below it, in place of a connection,
 * stands our own forwarding.
 */
export class RouteCache {
  readonly misses = new CollapsedMisses();
  readonly #store: CacheStore;
  readonly #dispatch: Dispatcher.Dispatch;
  /** URL of the newest entry that was begun: read in the same turn by the exchange that caused it. */
  #begun: string | null = null;

  constructor(config: CacheConfig) {
    this.#store = new CacheStore(config);
    const cached = interceptors.cache({
      store: this.#watched(this.#store.store),
      methods: ['GET'],
      type: 'shared',
    });
    this.#dispatch = cached((options, handler) => {
      (options as FetchingOptions)[FETCH]((options.headers ?? {}) as FieldMap, handler);
      return true;
    });
  }

  #watched(store: UndiciStore): UndiciStore {
    return {
      get: (key) => store.get(key),
      delete: (key) => store.delete(key),
      createWriteStream: (key, value) => {
        const stream = store.createWriteStream(key, value);
        if (stream) this.#begun = key.origin + key.path;
        return stream;
      },
    };
  }

  answer({ origin, path, method, fields, fetch }: CacheQuery, handler: Dispatcher.DispatchHandler): void {
    const options: FetchingOptions = {
      origin,
      path,
      method: method as Dispatcher.HttpMethod,
      headers: fields,
      [FETCH]: fetch,
    };
    this.#dispatch(options, handler);
  }

  async stored({
    origin,
    path,
    method,
    fields,
  }: Pick<CacheQuery, 'origin' | 'path' | 'method' | 'fields'>): Promise<Stored> {
    const found = await this.#store.store.get({ origin, path, method, headers: fields });
    if (!found) return 'none';
    return Date.now() <= found.staleAt && found.staleAt > found.cachedAt ? 'fresh' : 'stale';
  }

  /** Whether the answer whose head is being told right now is being stored. */
  isStoring(url: string): boolean {
    const storing = this.#begun === url;
    if (storing) this.#begun = null;
    return storing;
  }

  purge(purge: Purge): Promise<number> {
    return this.#store.purge(purge);
  }

  close(): void {
    this.#store.close();
  }
}

const FETCH = Symbol('fetch');

interface FetchingOptions extends Dispatcher.DispatchOptions {
  [FETCH]: Fetch;
}
