import { setTimeout as sleep } from 'node:timers/promises';
import type { SharedConfig } from '../model/config.ts';
import { Connection, within } from './connection.ts';
import { SCRIPTS, type Script } from './scripts.ts';

export interface LinkOptions {
  readonly config: SharedConfig;
  /** Asked again and again, and at once when another replica has news: the link is up as long as it resolves in time. */
  readonly beat: (link: Link) => Promise<void>;
  readonly up: () => void;
  /** @param reason in plain words, without a password. */
  readonly down: (reason: string) => void;
}

/**
 * One connection to the Redis, made anew for as long as it takes. Nothing is queued for it: while it is down, every question is refused at once,
 * and an answer that takes too long ends the connection.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #closed = new AbortController();
  #connection: Connection | null = null;
  #wake = () => {};
  isUp = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    void this.#run();
  }

  /** @throws Error where it is down, or refuses */
  async run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const { sha, text } = SCRIPTS[script];
    const tail = [String(keys.length), ...keys, ...args];
    try {
      return await this.command(['EVALSHA', sha, ...tail]);
    } catch (cause) {
      if (!(cause instanceof Error) || !cause.message.startsWith('NOSCRIPT')) throw cause;
      return this.command(['EVAL', text, ...tail]);
    }
  }

  /** @throws Error where it is down, or refuses */
  async command(args: readonly string[]): Promise<unknown> {
    if (this.#connection === null) throw new Error('there is no connection');
    return this.#connection.command(args);
  }

  close(): void {
    this.#closed.abort();
    this.#connection?.close();
    this.#wake();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    for (let failures = 0; !signal.aborted; failures++) {
      const served = await this.#serve().catch((cause: Error) => cause);
      if (this.isUp) failures = 0;
      this.isUp = false;
      if (!signal.aborted) this.#options.down(reasonOf(served));
      // Replicas that lost it together do not come back together.
      const pauseMs = Math.min(PAUSE_MAX_MS, PAUSE_MS * 2 ** failures) * (0.5 + Math.random());
      await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** One connection, from its beginning to its end. @returns why it ended */
  async #serve(): Promise<Error> {
    const { config, beat, up } = this.#options;
    const connection = await Connection.open(config, () => this.#wake());
    this.#connection = connection;
    try {
      await within(
        config.timeoutMs,
        connection.subscribe(`${config.prefix}:news`, () => this.#wake()),
      );
      while (connection.ended === null && !this.#closed.signal.aborted) {
        const woken = new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        await within(config.timeoutMs, beat(this));
        if (!this.isUp && !this.#closed.signal.aborted) {
          this.isUp = true;
          up();
        }
        const timer = setTimeout(this.#wake, BEAT_MS).unref();
        await woken;
        clearTimeout(timer);
      }
      return connection.ended ?? new Error('closed');
    } catch (cause) {
      throw connection.ended ?? cause;
    } finally {
      this.#connection = null;
      connection.close();
    }
  }
}

/** The reason in one line, for log and status. A Redis that does not know `HELLO` repeats its arguments, the password among them. */
export function reasonOf(cause: Error): string {
  const inner = cause instanceof AggregateError ? (cause.errors[0] as Error) : cause;
  if (/^(?:CROSSSLOT|MOVED|CLUSTERDOWN) /.test(inner.message)) return A_CLUSTER;
  const [line] = inner.message.split(/\r|\n|, with args /, 1);
  return line!.slice(0, REASON_MAX) || inner.name;
}

/** Its scripts name keys that a Cluster keeps in several places. */
const A_CLUSTER = 'it is a node of a Redis Cluster: name one Redis, or Sentinels, that hold all keys';
const REASON_MAX = 300;
/** The interval of replicas' heartbeats. */
const BEAT_MS = 1_000;
const PAUSE_MS = 100;
const PAUSE_MAX_MS = 2_000;
