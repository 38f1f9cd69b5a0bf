import type { Logger } from 'pino';
import type { DialAddress, HealthConfig } from '../model/config.ts';
import { HealthCheck, type HealthState } from './health-check.ts';

/** The gateway's log, as far as health writes into it. */
export type HealthLog = Pick<Logger, 'info' | 'warn'>;

/** A log that drops everything. */
export const SILENT: HealthLog = { info() {}, warn() {} };

/** Called when a check changes its state. */
export interface HealthWatcher {
  healthChanged(): void;
}

interface Entry {
  readonly check: HealthCheck;
  readonly watchers: Set<HealthWatcher>;
}

/**
 * The running active checks, keyed by address and question: routes with the same check share one, and it continues over reloads. It stops
 * with its last watcher.
 */
export class HealthChecks {
  readonly log: HealthLog;
  readonly #entries = new Map<string, Entry>();

  constructor(log: HealthLog) {
    this.log = log;
  }

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
    let known: HealthState = 'unknown';
    const check = new HealthCheck(address, config, () => {
      if (check.state !== known) this.#tell(address, check, known);
      known = check.state;
      for (const watcher of watchers) watcher.healthChanged();
    });
    const entry = { check, watchers };
    this.#entries.set(key, entry);
    check.start();
    return entry;
  }

  /** That an endpoint is well in the first place is no news. */
  #tell({ key: endpoint }: DialAddress, { state, reason }: HealthCheck, before: HealthState): void {
    if (state === 'unhealthy') this.log.warn({ endpoint }, `the endpoint is unhealthy: ${reason}`);
    else if (before === 'unhealthy') this.log.info({ endpoint }, 'the endpoint is healthy again');
  }
}

/** One name may stand for several addresses, each of which is asked for itself. */
function keyOf(address: DialAddress, config: HealthConfig): string {
  return JSON.stringify([address, config]);
}
