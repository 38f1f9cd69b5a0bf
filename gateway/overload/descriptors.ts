import { closeSync, openSync, readFileSync } from 'node:fs';
import { devNull } from 'node:os';
import type { Logger } from 'pino';
import type { ConnectionBounds } from '../listener/http.ts';

/**
 * Derives bounds from the limit of open files, and logs now and then when descriptors run out. libuv silently closes a connection that it
 * can't accept, so that it neither waits, nor keeps the listener spinning.
 */
export class Descriptors {
  readonly #log: Logger;
  readonly #limit: number | null;
  #timer: NodeJS.Timeout | undefined;
  #quietUntil = 0;
  /** Exchanges that got no connection to a service, since the last line. */
  #failed = 0;
  /** The `maxConnections` that was lowered last. */
  #lowered: number | null = null;

  constructor(log: Logger, limit: number | null = openFilesLimit()) {
    this.#log = log;
    this.#limit = limit;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  /**
   * As many as can be served: each takes two, the client's connection and the service's. More than that would be accepted and then
   * find no way to a service, all of them.
   */
  bounds(maxConnections: number): ConnectionBounds {
    const served = Math.min(maxConnections, this.pairs);
    this.#tellLowered(maxConnections, served);
    return { served, turnedAway: this.#turnedAway };
  }

  /** Of a client's connection and one to a service. */
  get pairs(): number {
    return Math.max(1, Math.floor((this.#spare - this.#turnedAway) / 2));
  }

  get #spare(): number {
    return this.#limit === null ? Number.POSITIVE_INFINITY : Math.max(this.#limit - OWN, 0);
  }

  get #turnedAway(): number {
    return Math.min(TURNED_AWAY_MAX, Math.ceil(this.#spare / TURNED_AWAY_PART));
  }

  /** Once, and again when the configuration asks for another number. */
  #tellLowered(maxConnections: number, served: number): void {
    const known = this.#lowered === maxConnections;
    this.#lowered = served < maxConnections ? maxConnections : null;
    if (known || this.#lowered === null) return;
    const turnedAway = Math.min(TURNED_AWAY_MAX, Math.ceil((2 * maxConnections) / (TURNED_AWAY_PART - 1)));
    const needed = OWN + 2 * maxConnections + turnedAway;
    this.#log[levelOf(served, maxConnections)](
      { openFiles: this.#limit, maxConnections, enoughFor: served },
      `maxConnections is ${served} instead of ${maxConnections}: the limit of open files is enough for no more, at two for each. For all of them raise it to ${needed} (ulimit -n, LimitNOFILE= of systemd)`,
    );
  }

  stop(): void {
    clearInterval(this.#timer);
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

/** For the process itself: listeners, logs, the configuration and its watcher, caches, checks, and 32 connections of the admin listener. */
const OWN = 64;
/** At most a tenth of the rest is for clients that are turned away. */
const TURNED_AWAY_PART = 10;
const TURNED_AWAY_MAX = 1_000;
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

/** Fewer connections than this are a limit that is met in daily life. */
const ENOUGH_FOR_MOST = 1_000;
/** The default where nothing is configured. */
const STANDARD = 10_000;

/** A number that was asked for and can't be had is worth a line; below the default there is enough in any case. */
function levelOf(served: number, maxConnections: number): 'warn' | 'info' | 'debug' {
  if (served < ENOUGH_FOR_MOST) return 'warn';
  return maxConnections === STANDARD ? 'debug' : 'info';
}
