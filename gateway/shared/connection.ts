import type { RedisClientOptions } from '@redis/client';
import { readText } from '../files/content.ts';
import type { SharedConfig } from '../model/config.ts';
import { SCRIPTS } from './scripts.ts';

type Address = SharedConfig['hosts'][number];
/** The part of `@redis/client` that is used here. */
interface Client {
  readonly isOpen: boolean;
  sendCommand(args: readonly string[]): Promise<unknown>;
  subscribe(channel: string, heard: () => void): Promise<unknown>;
  connect(): Promise<unknown>;
  destroy(): void;
  on(event: 'error' | 'end', heard: (cause?: Error) => void): unknown;
}

/** One connection to a Redis, or to a Sentinel. The first thing that is wrong with it ends it. */
export class Connection {
  readonly #client: Client;
  readonly #onEnd: () => void;
  /** Why; `null`: it lasts. */
  ended: Error | null = null;

  /** To the one that may be written to. @throws Error where it does not answer in time */
  static async open(config: SharedConfig, onEnd: () => void): Promise<Connection> {
    const credentials = await credentialsOf(config);
    if (config.sentinel === null) return Connection.#to(config.hosts[0]!, config, credentials, onEnd);
    const master = await masterOf(config);
    const connection = await Connection.#to(master, config, credentials, onEnd);
    try {
      await mustBeMaster(connection, master, config.timeoutMs);
      return connection;
    } catch (cause) {
      connection.close();
      throw cause;
    }
  }

  /** @throws Error where it does not answer in time */
  static async toSentinel(address: Address, config: SharedConfig): Promise<Connection> {
    const password = config.sentinel?.password ?? null;
    const credentials = { ...(password !== null && { password }), ...(await trustOf(config)) };
    return Connection.#to(address, config, credentials, () => {});
  }

  static async #to(
    { host, port }: Address,
    { timeoutMs }: SharedConfig,
    options: RedisClientOptions,
    onEnd: () => void,
  ): Promise<Connection> {
    const { createClient, DisconnectsClientError, RESP_TYPES } = await import('@redis/client');
    refuseBigNumbers(RESP_TYPES);
    const socket = { ...options.socket, host, port, connectTimeout: timeoutMs, reconnectStrategy: false };
    const client = createClient({
      ...options,
      socket: socket as NonNullable<RedisClientOptions['socket']>,
      RESP: 3,
      disableOfflineQueue: true,
      disableClientInfo: true,
      maintNotifications: 'disabled',
    }) as unknown as Client;
    const connection = new Connection(client, onEnd);
    try {
      await within(timeoutMs, client.connect());
      return connection;
    } catch (cause) {
      connection.close();
      // The client's own words for all that it was asked meanwhile.
      throw cause instanceof DisconnectsClientError ? (connection.ended ?? cause) : cause;
    }
  }

  private constructor(client: Client, onEnd: () => void) {
    this.#client = client;
    this.#onEnd = onEnd;
    client.on('error', (cause) => this.#end(cause ?? new Error('the connection broke')));
    client.on('end', () => this.#end(new Error('the connection was closed')));
  }

  /** @throws Error where it refuses, or the connection ends */
  command(args: readonly string[]): Promise<unknown> {
    return this.#client.sendCommand(args);
  }

  /** @throws Error where it refuses, or the connection ends */
  subscribe(channel: string, heard: () => void): Promise<unknown> {
    return this.#client.subscribe(channel, heard);
  }

  close(): void {
    if (this.#client.isOpen) this.#client.destroy();
  }

  #end(cause: Error): void {
    if (this.ended !== null) return;
    this.ended = cause;
    // After garbage the client reads on, and its questions stay unanswered.
    this.close();
    this.#onEnd();
  }
}

/** The server's name and version. @throws Error if it is unavailable or not writable */
export async function probe(config: SharedConfig): Promise<string> {
  const connection = await Connection.open(config, () => {});
  try {
    const asked = connection.command(['EVAL', SCRIPTS.probe.text, '1', `${config.prefix}:probe`]);
    return String(await within(config.timeoutMs, asked));
  } finally {
    connection.close();
  }
}

/**
 * The client's decoder computes a big number of RESP3 digit by digit: of some million digits, which arrive in one turn of the loop, for minutes. None of
 * our commands is answered with one, so the type gets a name that no byte has, and ends the connection like any unknown one.
 */
function refuseBigNumbers(types: { BIG_NUMBER: number }): void {
  types.BIG_NUMBER = Number.NaN;
}

/** Sentinels' answers may be outdated. @throws Error */
async function mustBeMaster(connection: Connection, { host, port }: Address, timeoutMs: number) {
  const [role] = (await within(timeoutMs, connection.command(['ROLE']))) as string[];
  if (role !== 'master') throw new Error(`${host}:${port} is a ${role}`);
}

async function credentialsOf(config: SharedConfig): Promise<RedisClientOptions> {
  const { username, passwordFile, database } = config;
  const password = passwordFile === null ? config.password : (await readText(passwordFile)).trim();
  return {
    database,
    ...(username !== null && { username }),
    ...(password !== null && { password }),
    ...(await trustOf(config)),
  };
}

async function trustOf({ secure, ca }: SharedConfig): Promise<RedisClientOptions> {
  if (!secure) return {};
  return { socket: { tls: true, ...(ca !== null && { ca: await readText(ca) }) } };
}

/** The address of the master, from the first Sentinel that knows it. @throws Error */
async function masterOf(config: SharedConfig): Promise<Address> {
  const { name } = config.sentinel!;
  let failure = new Error('no Sentinel is named');
  for (const address of config.hosts) {
    try {
      const sentinel = await Connection.toSentinel(address, config);
      const asked = sentinel.command(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name]);
      const master = (await within(config.timeoutMs, asked).finally(() => sentinel.close())) as
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

/** After a stall of the process, timers run before received bytes are read: the answer gets another turn. */
export async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
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
