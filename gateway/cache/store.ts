import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { cacheStores, type interceptors } from 'undici';
import type { CacheConfig } from '../config/model.ts';

/** What undici's cache interceptor asks of a store. */
export type UndiciStore = NonNullable<NonNullable<Parameters<typeof interceptors.cache>[0]>['store']>;
type CacheKey = Parameters<UndiciStore['get']>[0];

/** Where a cached route keeps answers: bounded in size, and able to forget by URL and by prefix. */
export class CacheStore {
  readonly store: UndiciStore;
  readonly #purge: (matches: Purge) => number | Promise<number>;
  readonly #close: () => void;

  /** @throws when the file of a lasting store can't be opened. */
  constructor(config: CacheConfig) {
    const { file } = config;
    const { inner, purge, close } = file === null ? memoryStore(config) : fileStore(config, file);
    this.#purge = purge;
    this.#close = close;
    this.store = {
      // A store that can't be read or written is a cache that misses, never an exchange that fails.
      get: (key) => quietly(() => inner.get(key)),
      createWriteStream: (key, value) => quietly(() => inner.createWriteStream(key, value)),
      delete: (key) => quietly(() => inner.delete(key)),
    };
  }

  /** @returns how many URLs were forgotten. */
  async purge(matches: Purge): Promise<number> {
    return this.#purge(matches);
  }

  close(): void {
    this.#close();
  }
}

export interface Purge {
  /** Scheme and authority, as in the cache's keys; `null`: any. */
  readonly origin: string | null;
  readonly path: string;
  /** Everything below that path, too; else this very path and query. */
  readonly prefix: boolean;
}

export function purges({ origin, path, prefix }: Purge, key: { origin: string; path: string }): boolean {
  if (origin !== null && origin !== key.origin) return false;
  if (key.path === path) return true;
  if (!prefix) return false;
  const below = path.endsWith('/') ? path : `${path}/`;
  return key.path.startsWith(below) || key.path.startsWith(`${path}?`);
}

interface Backing {
  readonly inner: UndiciStore;
  readonly purge: (matches: Purge) => number;
  readonly close: () => void;
}

function memoryStore({ maxBytes, entryMaxBytes }: CacheConfig): Backing {
  const inner = new cacheStores.MemoryCacheStore({
    maxSize: maxBytes,
    maxEntrySize: entryMaxBytes,
    maxCount: ENTRIES_MAX,
  });
  // undici's store can't be listed. Keys of entries that it has evicted since are dropped when there are too many.
  const keys = new Map<string, CacheKey>();
  const indexed: UndiciStore = {
    get: (key) => inner.get(key),
    createWriteStream(key, value) {
      if (keys.size > ENTRIES_MAX)
        for (const [name, old] of keys) if (inner.get(old) === undefined) keys.delete(name);
      keys.set(`${key.origin} ${key.path}`, { origin: key.origin, method: key.method, path: key.path });
      return inner.createWriteStream(key, value);
    },
    delete: (key) => inner.delete(key),
  };
  const purge = (matches: Purge) => {
    let count = 0;
    for (const [name, key] of keys) {
      if (!purges(matches, key)) continue;
      inner.delete(key);
      keys.delete(name);
      count++;
    }
    return count;
  };
  return { inner: indexed, purge, close() {} };
}

function fileStore({ maxBytes, entryMaxBytes }: CacheConfig, file: string): Backing {
  mkdirSync(dirname(file), { recursive: true });
  // undici bounds this store by count alone, so the count is what keeps the size below its bound in the worst case.
  const maxCount = Math.max(1, Math.floor(maxBytes / entryMaxBytes));
  const inner = new cacheStores.SqliteCacheStore({ location: file, maxEntrySize: entryMaxBytes, maxCount });
  const database = new DatabaseSync(file);
  return {
    inner,
    purge: (matches) => purgeDatabase(database, matches),
    close() {
      database.close();
      inner.close();
    },
  };
}

/** The store deletes by exact URL only; its table (one, with undici's version in its name) is asked directly. */
function purgeDatabase(database: DatabaseSync, matches: Purge): number {
  const table = database
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'cacheInterceptorV%'")
    .get()?.name;
  if (typeof table !== 'string') return 0;
  const forget = database.prepare(`DELETE FROM ${table} WHERE url = ?`);
  let count = 0;
  for (const { url } of database.prepare(`SELECT DISTINCT url FROM ${table}`).all()) {
    if (!purges(matches, splitUrl(String(url)))) continue;
    forget.run(url!);
    count++;
  }
  return count;
}

/** undici writes origin and path as one text. */
function splitUrl(url: string): { origin: string; path: string } {
  const path = url.indexOf('/', url.indexOf('//') + 2);
  return { origin: url.slice(0, path), path: url.slice(path) };
}

const ENTRIES_MAX = 100_000;

function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
