import type { DialAddress, HealthConfig } from '../config/model.ts';
import { HealthCheck } from './health-check.ts';

/** Who wants to hear that a check changed its mind. */
export interface HealthWatcher {
  healthChanged(): void;
}

interface Entry {
  readonly check: HealthCheck;
  readonly watchers: Set<HealthWatcher>;
}

/**
 * The active checks that run, by what is asked of whom: routes that ask the same share one, and it runs on through reloads as long as anybody
 * wants it. It ends with the last watcher.
 */
export class HealthChecks {
  readonly #entries = new Map<string, Entry>();

  watch(address: DialAddress, config: HealthConfig, watcher: HealthWatcher): HealthCheck {
    const key = keyOf(address, config);
    const entry = this.#entries.get(key) ?? this.#start(key, address, config);
    entry.watchers.add(watcher);
    return entry.check;
  }

  leave(address: DialAddress, config: HealthConfig, watcher: HealthWatcher): void {
    const key = keyOf(address, config);
    const entry = this.#entries.get(key);
    if (!entry?.watchers.delete(watcher) || entry.watchers.size > 0) return;
    this.#entries.delete(key);
    entry.check.stop();
  }

  #start(key: string, address: DialAddress, config: HealthConfig): Entry {
    const watchers = new Set<HealthWatcher>();
    const check = new HealthCheck(address, config, () => {
      for (const watcher of watchers) watcher.healthChanged();
    });
    const entry = { check, watchers };
    this.#entries.set(key, entry);
    check.start();
    return entry;
  }
}

/** One name may stand for several addresses, each of which is asked for itself. */
function keyOf(address: DialAddress, config: HealthConfig): string {
  return JSON.stringify([address, config]);
}
