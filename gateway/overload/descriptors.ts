import { closeSync, openSync, readFileSync } from 'node:fs';
import { devNull } from 'node:os';
import type { Logger } from 'pino';

/**
 * Says in the log, once in a while, that the process has no file descriptors left. Somebody must: a connection that can't be accepted is closed
 * by libuv without a word, so that it does not wait, and the listener spin, for ever.
 */
export class DescriptorAlarm {
  readonly #log: Logger;
  readonly #limit = openFilesLimit();
  #timer: NodeJS.Timeout | undefined;
  #quietUntil = 0;
  /** Exchanges that got no connection to a service, since the last line. */
  #failed = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  start(maxConnections: number): void {
    this.#checkAgainst(maxConnections);
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** An exchange takes two: the client's connection and the service's. */
  #checkAgainst(maxConnections: number): void {
    if (this.#limit === null || this.#limit >= 2 * maxConnections) return;
    const needed = 2 * maxConnections + OWN;
    const enoughFor = Math.max(1, Math.floor((this.#limit - OWN) / 2));
    this.#log.warn(
      { openFiles: this.#limit, maxConnections, enoughFor },
      `the limit of open files is too low for maxConnections: raise it to ${needed} (ulimit -n, LimitNOFILE= of systemd), or lower maxConnections to ${enoughFor}`,
    );
  }

  /** An exchange failed for want of a descriptor; it has its own line. */
  exchangeFailed(): void {
    this.#failed++;
    this.#tell();
  }

  #look(): void {
    try {
      closeSync(openSync(devNull, 'r'));
    } catch {
      this.#tell();
    }
  }

  #tell(): void {
    const now = performance.now();
    if (now < this.#quietUntil) return;
    this.#quietUntil = now + QUIET_MS;
    this.#log.error(
      { openFiles: this.#limit, failed: this.#failed },
      'too many open files, so new connections are closed: raise the limit (ulimit -n, LimitNOFILE= of systemd), or lower maxConnections',
    );
    this.#failed = 0;
  }
}

/** Listeners, logs, the configuration's watcher, caches: what the process needs for itself. */
const OWN = 64;
const LOOK_EVERY_MS = 1_000;
const QUIET_MS = 10_000;

/** Node has raised the soft limit to the hard one by now. `null`: the system does not say. */
function openFilesLimit(): number | null {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return found ? Number(found[1]) : null;
  } catch {
    return null;
  }
}
