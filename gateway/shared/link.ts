import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisClientOptions } from '@redis/client';
import type { SharedConfig } from '../model/config.ts';
import { SCRIPTS, type Script } from './scripts.ts';

type Address = SharedConfig['hosts'][number];
/** `@redis/client` has more of it; this is what we use. */
interface Client {
  sendCommand(args: readonly string[]): Promise<unknown>;
  subscribe(channel: string, heard: () => void): Promise<unknown>;
  connect(): Promise<unknown>;
  destroy(): void;
  on(event: 'error' | 'end', heard: (cause?: Error) => void): unknown;
}

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
  #client: Client | null = null;
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
    if (this.#client === null) throw new Error('there is no connection');
    return this.#client.sendCommand(args);
  }

  close(): void {
    this.#closed.abort();
    this.#client?.destroy();
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
    let ended: Error | null = null;
    const client = await connected(this.#options.config, (cause) => {
      ended ??= cause;
      this.#wake();
    });
    this.#client = client;
    try {
      await within(
        config.timeoutMs,
        client.subscribe(`${config.prefix}:news`, () => this.#wake()),
      );
      while (ended === null && !this.#closed.signal.aborted) {
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
      return ended ?? new Error('closed');
    } finally {
      this.#client = null;
      client.destroy();
    }
  }
}

/** What the Redis says that it is. @throws Error where it can't be asked, or may not be written to */
export async function probe(config: SharedConfig): Promise<string> {
  const client = await connected(config, () => {});
  try {
    const { text } = SCRIPTS.probe;
    const asked = client.sendCommand(['EVAL', text, '1', `${config.prefix}:probe`]);
    return String(await within(config.timeoutMs, asked));
  } finally {
    client.destroy();
  }
}

async function connected(config: SharedConfig, ended: (cause: Error) => void): Promise<Client> {
  const address = config.sentinel === null ? config.hosts[0]! : await masterOf(config);
  const client = await opened(config, address, await credentialsOf(config), ended);
  try {
    // What Sentinels have said may be old.
    if (config.sentinel !== null) await mustBeMaster(client, address, config.timeoutMs);
    return client;
  } catch (cause) {
    client.destroy();
    throw cause;
  }
}

/** @throws Error */
async function mustBeMaster(client: Client, { host, port }: Address, timeoutMs: number): Promise<void> {
  const [role] = (await within(timeoutMs, client.sendCommand(['ROLE']))) as string[];
  if (role !== 'master') throw new Error(`${host}:${port} is a ${role}`);
}

async function credentialsOf(config: SharedConfig): Promise<RedisClientOptions> {
  const { username, passwordFile, database } = config;
  const password = passwordFile === null ? config.password : (await readFile(passwordFile, 'utf8')).trim();
  return {
    database,
    ...(username !== null && { username }),
    ...(password !== null && { password }),
    ...(await trustOf(config)),
  };
}

async function trustOf({ secure, ca }: SharedConfig): Promise<RedisClientOptions> {
  if (!secure) return {};
  return { socket: { tls: true, ...(ca !== null && { ca: await readFile(ca, 'utf8') }) } };
}

/** @throws Error where it does not answer in time */
async function opened(
  { timeoutMs }: SharedConfig,
  { host, port }: Address,
  options: RedisClientOptions,
  ended: (cause: Error) => void = () => {},
): Promise<Client> {
  const { createClient } = await import('@redis/client');
  const socket = { ...options.socket, host, port, connectTimeout: timeoutMs, reconnectStrategy: false };
  const client = createClient({
    ...options,
    socket: socket as NonNullable<RedisClientOptions['socket']>,
    RESP: 3,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
  }) as unknown as Client;
  client.on('error', (cause) => ended(cause ?? new Error('the connection broke')));
  client.on('end', () => ended(new Error('the connection was closed')));
  try {
    await within(timeoutMs, client.connect());
    return client;
  } catch (cause) {
    client.destroy();
    throw cause;
  }
}

/** Where the master is now, as the first Sentinel says that knows it. @throws Error */
async function masterOf(config: SharedConfig): Promise<Address> {
  const { name, password } = config.sentinel!;
  let failure = new Error('no Sentinel is named');
  for (const address of config.hosts) {
    try {
      const options = { ...(password !== null && { password }), ...(await trustOf(config)) };
      const sentinel = await opened(config, address, options);
      const asked = sentinel.sendCommand(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name]);
      const master = (await within(config.timeoutMs, asked).finally(() => sentinel.destroy())) as
        | string[]
        | null;
      if (master?.length === 2) return { host: master[0]!, port: Number(master[1]) };
      failure = new Error(`the Sentinel ${address.host}:${address.port} knows no master ${name}`);
    } catch (cause) {
      failure = cause instanceof Error ? cause : failure;
    }
  }
  throw failure;
}

/** After a stall of the process, timers run before what has arrived meanwhile is read: it gets a turn. */
async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    setImmediate(() => setImmediate(() => late.reject(new Error(`no answer within ${ms} ms`))));
  }, ms);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
    answer.catch(() => {});
  }
}

/** In one line, as the log and the status show it. A Redis that does not know `HELLO` repeats what came with it: the password. */
export function reasonOf(cause: Error): string {
  const inner = cause instanceof AggregateError ? (cause.errors[0] as Error) : cause;
  if (/^(?:CROSSSLOT|MOVED|CLUSTERDOWN) /.test(inner.message)) return A_CLUSTER;
  const [line] = inner.message.split(/\r|\n|, with args /, 1);
  return line!.slice(0, REASON_MAX) || inner.name;
}

/** Its scripts name keys that a Cluster keeps in several places. */
const A_CLUSTER = 'it is a node of a Redis Cluster: name one Redis, or Sentinels, that hold all keys';
const REASON_MAX = 300;
/** How often replicas tell that they live. */
const BEAT_MS = 1_000;
const PAUSE_MS = 100;
const PAUSE_MAX_MS = 2_000;
