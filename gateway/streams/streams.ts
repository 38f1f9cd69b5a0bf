import type { Logger } from 'pino';
import type { StreamConfig } from '../config/model.ts';
import type { EndpointRegistry } from '../upstream/registry.ts';
import { Upstream } from '../upstream/upstream.ts';
import type { LiveStream, Stream, StreamContext } from './stream.ts';
import { TcpStream } from './tcp-stream.ts';
import { UdpStream } from './udp-stream.ts';

interface Entry {
  readonly stream: Stream;
  live: LiveStream;
}

/**
 * The ports below HTTP. A reload opens what is new, closes what is gone, and gives the rest its new configuration without letting go of the
 * port; connections on unchanged streams notice nothing.
 */
export class Streams {
  readonly #registry: EndpointRegistry;
  readonly #context: StreamContext;
  readonly #log: Logger;
  readonly #entries = new Map<string, Entry>();

  constructor(registry: EndpointRegistry, context: StreamContext, log: Logger) {
    this.#registry = registry;
    this.#context = context;
    this.#log = log;
  }

  /** At the start every port must open. @throws ListenError */
  async open(configs: readonly StreamConfig[]): Promise<void> {
    for (const config of configs) await this.#add(config);
  }

  /** At a reload a port that can't be opened is told in the log, and the others serve. */
  async reconcile(configs: readonly StreamConfig[]): Promise<void> {
    const wanted = new Map(configs.map((config) => [keyOf(config), config]));
    for (const [key, entry] of [...this.#entries]) if (!wanted.has(key)) this.#remove(key, entry);
    for (const [key, config] of wanted) {
      const entry = this.#entries.get(key);
      if (entry) this.#replace(entry, config);
      else
        await this.#add(config).catch((cause: Error) =>
          this.#log.error({ stream: config.id }, cause.message),
        );
    }
  }

  get live(): readonly LiveStream[] {
    return [...this.#entries.values()].map(({ live }) => live);
  }

  serves(signature: string): boolean {
    return this.live.some((live) => live.signature === signature);
  }

  async #add(config: StreamConfig): Promise<void> {
    const live = this.#acquire(config);
    const stream =
      config.protocol === 'tcp' ? new TcpStream(live, this.#context) : new UdpStream(live, this.#context);
    try {
      await stream.listen();
    } catch (cause) {
      this.#release(live);
      throw cause;
    }
    this.#entries.set(keyOf(config), { stream, live });
  }

  #replace(entry: Entry, config: StreamConfig): void {
    if (signatureOf(config) === entry.live.signature) return;
    const before = entry.live;
    entry.live = this.#acquire(config);
    entry.stream.replace(entry.live);
    this.#release(before);
  }

  #remove(key: string, { stream, live }: Entry): void {
    this.#entries.delete(key);
    stream.stopAccepting();
    this.#release(live);
    // A UDP port has no connections that could outlive it.
    if (live.config.protocol === 'udp') stream.destroy();
  }

  #acquire(config: StreamConfig): LiveStream {
    const endpoints = config.upstream.endpoints.map((address) =>
      this.#registry.acquire(address, config.connectTimeoutMs),
    );
    return { config, upstream: new Upstream(endpoints), signature: signatureOf(config) };
  }

  #release({ config }: LiveStream): void {
    for (const address of config.upstream.endpoints) this.#registry.release(address, config.connectTimeoutMs);
  }

  stopAccepting(): void {
    for (const { stream } of this.#entries.values()) stream.stopAccepting();
  }

  destroy(): void {
    for (const { stream, live } of this.#entries.values()) {
      stream.destroy();
      this.#release(live);
    }
    this.#entries.clear();
  }
}

function keyOf({ protocol, listen }: StreamConfig): string {
  return `${protocol} ${listen.host} ${listen.port}`;
}

function signatureOf(config: StreamConfig): string {
  const { source: _source, ...meaning } = config;
  return JSON.stringify(meaning);
}
