import type { CacheConfig, RouteConfig } from '../config/model.ts';
import { RouteCache } from './route-cache.ts';
import type { Purge } from './store.ts';

/** The caches of all routes, by route. What is stored outlives a reload as long as the route is cached in the same way. */
export class Caches {
  readonly #byRoute = new Map<string, { readonly settings: string; readonly cache: RouteCache }>();
  readonly #unusable: (routeId: string, config: CacheConfig, cause: Error) => void;

  /** @param unusable told of a file that can't be opened; the route is cached in memory then. */
  constructor(unusable: (routeId: string, config: CacheConfig, cause: Error) => void) {
    this.#unusable = unusable;
  }

  /** Opens what is new, forgets what is gone. */
  reconcile(routes: readonly RouteConfig[]): void {
    const wanted = new Map(
      routes.flatMap((route) => (route.cache ? [[route.id, route.cache] as const] : [])),
    );
    for (const [id, { settings }] of [...this.#byRoute]) {
      const config = wanted.get(id);
      if (!config || JSON.stringify(config) !== settings) this.#forget(id);
    }
    for (const [id, config] of wanted) if (!this.#byRoute.has(id)) this.#open(id, config);
  }

  /** A file that can't be used costs the cache its memory of the last run, not the route its service. */
  #open(id: string, config: CacheConfig): void {
    const settings = JSON.stringify(config);
    try {
      this.#byRoute.set(id, { settings, cache: new RouteCache(config) });
    } catch (cause) {
      this.#unusable(id, config, cause as Error);
      this.#byRoute.set(id, { settings, cache: new RouteCache({ ...config, file: null }) });
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
  async purge(purge: Purge): Promise<number> {
    const counts = await Promise.all([...this.#byRoute.values()].map(({ cache }) => cache.purge(purge)));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  close(): void {
    for (const id of [...this.#byRoute.keys()]) this.#forget(id);
  }
}
