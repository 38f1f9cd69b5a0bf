import { Traffic } from './traffic.ts';

/** Ids of the configured routes and streams, each with its endpoints. */
export type Configured = ReadonlyMap<string, { has(endpoint: string): boolean }>;

/**
 * The counters of all routes and streams by id, kept over reloads. Those of removed routes stay for some minutes, long enough for a scraper
 * to read the last values, and are then deleted: a file that changes for years must not fill the memory.
 */
export class TrafficStore {
  /** Requests that no route took. */
  readonly unrouted = new Traffic('(none)');
  /** Of the gateway's own page. */
  readonly page = new Traffic('(page)');
  readonly #byId = new Map<string, Traffic>();
  /** When its route was first missing from the configuration, by Date.now(). */
  readonly #goneAt = new WeakMap<object, number>();

  of(id: string): Traffic {
    const before = this.#byId.get(id);
    if (before) {
      // A sweep that began before it came back must not forget it.
      this.#goneAt.delete(before);
      return before;
    }
    const traffic = new Traffic(id);
    this.#byId.set(id, traffic);
    return traffic;
  }

  all(): readonly Traffic[] {
    return [this.unrouted, this.page, ...this.#byId.values()];
  }

  /** Deletes counters of routes that were removed long enough ago, one route per step. */
  *sweep(configured: Configured, now: number): Generator<void, void> {
    for (const [id, traffic] of this.#byId) {
      yield;
      const endpoints = configured.get(id);
      if (this.#isOver(traffic, endpoints !== undefined || traffic.isUnderWay, now)) this.#byId.delete(id);
      for (const [key, endpoint] of traffic.endpoints)
        if (this.#isOver(endpoint, endpoints === undefined || endpoints.has(key), now))
          traffic.endpoints.delete(key);
    }
  }

  #isOver(thing: object, isThere: boolean, now: number): boolean {
    if (isThere) {
      this.#goneAt.delete(thing);
      return false;
    }
    const goneAt = this.#goneAt.get(thing) ?? now;
    this.#goneAt.set(thing, goneAt);
    return now - goneAt >= REMEMBERED_MS;
  }
}

export const REMEMBERED_MS = 5 * 60_000;
