import type { Logger } from 'pino';
import type { GatewayConfig, StreamConfig } from '../../model/config.ts';
import type { ServiceStatus, StreamStatus } from '../../model/status.ts';
import type { UpstreamRegistry } from '../../upstream/registry.ts';
import type { LiveStream, RunningStream, Stream, StreamContext, StreamSiblings } from './stream.ts';
import { streamSignature } from './stream.ts';
import { streamStatus } from './stream-status.ts';
import { TcpStream } from './tcp-stream.ts';
import { UdpStream } from './udp-stream.ts';

interface Entry {
  stream: Stream;
  live: LiveStream;
  /** Why its port is not open; `null`: it is. */
  problem: string | null;
}

/**
 * The ports below HTTP. A reload opens new streams, closes removed ones and gives the others their new configuration without releasing the
 * port; connections of unchanged streams are not affected.
 */
export class Streams {
  readonly #registry: UpstreamRegistry;
  readonly #context: StreamContext;
  readonly #log: Logger;
  /** Whether UDP ports are opened here: of several workers one has them. */
  #hasDatagrams: boolean;
  readonly #siblings: StreamSiblings = { ownPorts: new Set() };
  readonly #entries = new Map<string, Entry>();
  /** Those that a reload took out of the configuration, while something of them is left. */
  readonly #leaving = new Set<Stream>();
  /** One change after the other: a port that is being opened can't be closed. */
  #queue: Promise<void> = Promise.resolve();
  #resolver: GatewayConfig['resolver'] = null;
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(registry: UpstreamRegistry, context: StreamContext, log: Logger, hasDatagrams = true) {
    this.#registry = registry;
    this.#context = context;
    this.#log = log;
    this.#hasDatagrams = hasDatagrams;
  }

  /** At the start every port must open. @throws ListenError */
  async open(configs: readonly StreamConfig[], resolver: GatewayConfig['resolver'] = null): Promise<void> {
    this.#resolver = resolver;
    for (const config of this.#ownOf(configs)) {
      const entry = this.#create(config);
      await entry.live.upstream.answered;
      if (!this.#stopped) await entry.stream.listen();
    }
  }

  /** In a reload, a port that can't be opened is reported in the log and tried again, while the others serve. Never rejects. */
  reconcile(configs: readonly StreamConfig[], resolver: GatewayConfig['resolver'] = null): Promise<void> {
    return this.#enqueue(() => {
      this.#resolver = resolver;
      return this.#apply(this.#ownOf(configs));
    });
  }

  /** From now on UDP ports are opened here, too. */
  takeDatagrams(configs: readonly StreamConfig[], resolver: GatewayConfig['resolver'] = null): Promise<void> {
    void this.#enqueue(async () => {
      this.#hasDatagrams = true;
    });
    return this.reconcile(configs, resolver);
  }

  #ownOf(configs: readonly StreamConfig[]): readonly StreamConfig[] {
    return this.#hasDatagrams ? configs : configs.filter(({ protocol }) => protocol === 'tcp');
  }

  /** Connections and sessions that are open, on all ports. */
  get connections(): number {
    return [...this.#entries.values()].reduce((sum, { stream }) => sum + stream.connections, 0);
  }

  /** Those that are in the configuration, as they are now. */
  running(): readonly RunningStream[] {
    return Array.from(this.#entries.values(), ({ stream, live }) => ({
      config: live.config,
      upstream: live.upstream,
      connections: stream.connections,
      refused: stream.refused,
    }));
  }

  serves(signature: string): boolean {
    return [...this.#entries.values()].some(({ live }) => live.signature === signature);
  }

  /** In the order of the file. Asks every endpoint whether it accepts connections, at most once in two seconds. */
  statuses(services: readonly ServiceStatus[]): Promise<StreamStatus[]> {
    const entries = [...this.#entries.values()].sort((a, b) => lineOf(a) - lineOf(b));
    return Promise.all(entries.map((entry) => streamStatus(entry, services)));
  }

  /**
   * Another process has opened the UDP ports, too: here they are let go of at once, with the sessions. A port that stayed open for answers that
   * are still to come would go on taking datagrams from its successor.
   */
  handDatagramsOver(): Promise<void> {
    return this.#enqueue(async () => {
      this.#hasDatagrams = false;
      for (const [key, { stream, live }] of [...this.#entries]) {
        if (live.config.protocol !== 'udp') continue;
        this.#entries.delete(key);
        stream.destroy();
        this.#release(live);
      }
    });
  }

  stopAccepting(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
    for (const { stream } of this.#entries.values()) stream.stopAccepting();
  }

  destroy(): void {
    this.stopAccepting();
    for (const stream of this.#leaving) stream.destroy();
    for (const { stream, live } of this.#entries.values()) {
      stream.destroy();
      this.#release(live);
    }
    this.#entries.clear();
  }

  #enqueue(change: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(change).catch((err: unknown) => {
      this.#log.error({ err }, 'the streams could not be changed; please report this');
    });
    return this.#queue;
  }

  async #apply(configs: readonly StreamConfig[]): Promise<void> {
    if (this.#stopped) return;
    const wanted = new Map(configs.map((config) => [keyOf(config), config]));
    for (const [key, entry] of [...this.#entries]) if (!wanted.has(key)) this.#remove(key, entry);
    for (const [key, config] of wanted) {
      const entry = this.#entries.get(key);
      if (entry) await this.#replace(entry, config);
      else await this.#open(this.#create(config));
    }
  }

  #create(config: StreamConfig): Entry {
    const live = this.#acquire(config);
    const entry: Entry = { stream: this.#streamOf(live), live, problem: null };
    this.#entries.set(keyOf(config), entry);
    return entry;
  }

  #streamOf(live: LiveStream): Stream {
    return live.config.protocol === 'tcp'
      ? new TcpStream(live, this.#context)
      : new UdpStream(live, this.#context, this.#siblings);
  }

  /** Reports an obstacle once, and its end once. */
  async #open(entry: Entry): Promise<void> {
    const { live, stream, problem } = entry;
    try {
      await live.upstream.answered;
      if (this.#stopped) return;
      await stream.listen();
      entry.problem = null;
      if (problem !== null) this.#log.info({ stream: live.config.id }, 'the port is open now');
    } catch (cause) {
      const { message } = cause as Error;
      entry.problem = message;
      if (message !== problem)
        this.#log.error({ stream: live.config.id }, `${message}; it is tried again, the others serve`);
      this.#retryLater();
    }
    // The gateway was stopped while the port was being opened.
    if (this.#stopped) stream.destroy();
  }

  #retryLater(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#enqueue(() => this.#tryAgain()), RETRY_MS).unref();
  }

  async #tryAgain(): Promise<void> {
    for (const entry of this.#entries.values()) {
      if (entry.problem === null || this.#stopped) continue;
      // A socket that could not listen is of no further use.
      entry.stream = this.#streamOf(entry.live);
      await this.#open(entry);
    }
  }

  async #replace(entry: Entry, config: StreamConfig): Promise<void> {
    const before = entry.live;
    if (
      streamSignature(config) === before.signature &&
      String(this.#resolver) === String(before.spec.resolver)
    ) {
      entry.live = { ...before, config };
      return;
    }
    const next = this.#acquire(config);
    await next.upstream.answered;
    // Destroyed meanwhile: it has released its upstream.
    if (this.#stopped) return this.#release(next);
    entry.live = next;
    entry.stream.replace(next);
    this.#release(before);
  }

  #remove(key: string, { stream, live }: Entry): void {
    this.#entries.delete(key);
    this.#leaving.add(stream);
    stream.stopAccepting(() => this.#leaving.delete(stream));
    this.#release(live);
  }

  #acquire(config: StreamConfig): LiveStream {
    const { id, upstream, connectTimeoutMs } = config;
    const spec = { scope: id, config: upstream, connectTimeoutMs, resolver: this.#resolver };
    return { config, upstream: this.#registry.acquire(spec), spec, signature: streamSignature(config) };
  }

  #release({ spec }: LiveStream): void {
    this.#registry.release(spec);
  }
}

/** The old owner of a port may need a moment to let go of it. */
const RETRY_MS = 2_000;

function lineOf({ live }: Entry): number {
  return live.config.source.line;
}

function keyOf({ protocol, listen }: StreamConfig): string {
  return `${protocol} ${listen.host} ${listen.port}`;
}
