import type { Logger } from 'pino';
import type { CacheConfig, RouteConfig } from '../model/config.ts';
import type { CacheStatus } from '../model/status.ts';
import { Compressor } from './compressor.ts';
import { FileEntries } from './file-entries.ts';
import { MemoryEntries } from './memory-entries.ts';
import type { Purge } from './purge.ts';
import { RouteCache } from './route-cache.ts';
import { CacheStore } from './store.ts';

/** The caches of all routes. Entries outlive a reload if the route keeps its meaning. */
export class Caches {
  readonly #compressor = new Compressor();
  readonly #byRoute = new Map<string, { readonly signature: string; readonly cache: RouteCache }>();
  readonly #log: Logger;
  readonly #tell: (purges: readonly Purge[]) => void;
  /** Whether no route has one; read for each exchange. */
  isEmpty = true;

  /** @param tell tells the other workers what to forget */
  constructor(log: Logger, tell: (purges: readonly Purge[]) => void = () => {}) {
    this.#log = log;
    this.#tell = tell;
  }

  /** Opens caches of new routes, and drops those of removed ones. */
  reconcile(routes: readonly RouteConfig[]): void {
    const wanted = new Map(
      routes.flatMap((route) => (route.cache ? [[route.id, { route, config: route.cache }] as const] : [])),
    );
    for (const [id, { signature }] of [...this.#byRoute]) {
      const now = wanted.get(id);
      if (!now || signatureOf(now.route) !== signature) this.#forget(id);
    }
    for (const [id, { route, config }] of wanted) {
      if (this.#byRoute.has(id)) continue;
      const signature = signatureOf(route);
      this.#byRoute.set(id, { signature, cache: this.#open(id, config, signature) });
    }
    this.isEmpty = this.#byRoute.size === 0;
  }

  #open(id: string, config: CacheConfig, signature: string): RouteCache {
    const { file } = config;
    let reported = false;
    // Reported once for each cache.
    const problem = (cause: Error) => {
      if (!reported)
        this.#log.error(
          { route: id, file, cause: cause.message },
          'this cache could not be read or written, and misses; is the disk full, or the file damaged?',
        );
      reported = true;
    };
    return new RouteCache(
      new CacheStore(this.#entries(id, config, signature), config.maxBytes, config, problem),
      this.#compressor,
    );
  }

  /** A file that can't be used costs the cache its memory of the last run, not the route its service. */
  #entries(id: string, config: CacheConfig, signature: string): MemoryEntries | FileEntries {
    const { file, maxBytes } = config;
    if (file === null) return new MemoryEntries(maxBytes);
    try {
      return new FileEntries({ file, maxBytes, signature });
    } catch (cause) {
      this.#log.error(
        { route: id, file, cause: (cause as Error).message },
        "the file of this cache can't be used, so it is kept in memory; name another one, or remove it",
      );
      return new MemoryEntries(maxBytes);
    }
  }

  #forget(id: string): void {
    this.#byRoute.get(id)?.cache.close();
    this.#byRoute.delete(id);
  }

  of(routeId: string): RouteCache | undefined {
    return this.#byRoute.get(routeId)?.cache;
  }

  /** @returns how many URLs were forgotten, over all routes. */
  purge(purge: Purge): number {
    return [...this.#byRoute.values()].reduce((sum, { cache }) => sum + cache.purge(purge), 0);
  }

  /** Forgets what a change invalidates, in all workers. */
  changed(purges: readonly Purge[]): void {
    for (const purge of purges) this.purge(purge);
    this.#tell(purges);
  }

  status(): CacheStatus[] {
    return [...this.#byRoute].map(([route, { cache }]) => ({ route, ...cache.size, ...cache.counts }));
  }

  close(): void {
    for (const id of [...this.#byRoute.keys()]) this.#forget(id);
  }
}

/** Everything that decides what an answer answers: answers of another service, or of another path of it, are useless under this route. */
function signatureOf({ id, matcher, upstream, cache, ...route }: RouteConfig): string {
  const { strip, rewritePrefix, append, hostHeader } = route;
  const endpoints = upstream.endpoints.map(({ address }) => address.key);
  return JSON.stringify([id, matcher, endpoints, strip, rewritePrefix, append, hostHeader, cache]);
}
