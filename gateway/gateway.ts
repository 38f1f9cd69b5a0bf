import type { Logger } from 'pino';
import { Caches } from './cache/caches.ts';
import type { ConfigContent } from './config/content.ts';
import { type Environment, loadContent } from './config/load.ts';
import type { GatewayConfig, StreamConfig } from './config/model.ts';
import { ConfigError } from './config/problem.ts';
import { IdentitySource } from './filter/identity.ts';
import { BulkMemory } from './forward/bulk-memory.ts';
import { LastingExchanges } from './forward/lasting.ts';
import { HttpListener } from './listener/http.ts';
import { createAccessLog } from './observe/access-log.ts';
import { type Admin, createAdmin } from './observe/admin.ts';
import type { CachesView } from './observe/admin-cache.ts';
import type { ExchangeRecord } from './observe/exchange-record.ts';
import { answerOwnPage } from './observe/own-page.ts';
import type {
  ConfigStatus,
  Replacement,
  RouteStatus,
  ServiceStatus,
  StreamStatus,
  WorkerStatus,
} from './observe/status.ts';
import { DescriptorAlarm } from './overload/descriptors.ts';
import { Overload, type OverloadStatus } from './overload/overload.ts';
import { Carrier } from './passage/carrier.ts';
import { explainExchange } from './passage/explain.ts';
import { Extensions } from './passage/extensions.ts';
import { InFlight } from './passage/in-flight.ts';
import { Responder } from './passage/responder.ts';
import { Reloader, type ReloadResult } from './snapshot/reloader.ts';
import { routeStatuses } from './snapshot/route-status.ts';
import { Snapshots } from './snapshot/snapshots.ts';
import { Streams } from './streams/streams.ts';
import { UpstreamRegistry } from './upstream/registry.ts';
import type { Seat } from './workers/seat.ts';

export interface GatewayOptions {
  /** Path of the YAML file; it is watched. SIGHUP is the caller's to handle, by `reload`. */
  readonly configFile: string;
  /** For `${NAME}` and `GATEWAY_HOSTS`. */
  readonly env: Environment;
  /** In development, error answers say what was tried and what to do. */
  readonly mode: 'development' | 'production';
  readonly log: Logger;
  /** What the supervisor knows of the processes behind the ports; none in production. */
  readonly services?: () => readonly ServiceStatus[];
  /** Overrides the file's `port` and `admin` (0: any free port), for tests. */
  readonly listen?: { readonly port?: number; readonly adminPort?: number };
}

export interface Gateway {
  /** Where it listens: host and the actual port. */
  readonly address: { readonly host: string; readonly port: number };
  readonly adminAddress: { readonly host: string; readonly port: number } | null;
  /** The configuration that serves new requests now. */
  config(): GatewayConfig;
  configStatus(): ConfigStatus;
  /** Asks every endpoint whether it accepts connections, at most once in two seconds. */
  routes(): Promise<readonly RouteStatus[]>;
  /** The same of the raw ports below HTTP. */
  streams(): Promise<readonly StreamStatus[]>;
  /** The processes that serve in this one's place; none without `workers:`. */
  workers(): Promise<readonly WorkerStatus[]>;
  /** Puts new processes into the places of the workers, one after the other, on the same ports. */
  replaceWorkers(): Promise<Replacement>;
  /** For each process that serves, how late its event loop is, and which share of new requests it refuses for that. */
  overload(): Promise<readonly OverloadStatus[]>;
  /** Called after each reload that took effect. */
  onReload(listener: (config: GatewayConfig) => void): void;
  reload(): Promise<ReloadResult>;
  /** Stops accepting, lets exchanges finish until the deadline, then ends what is left. @returns whether all finished in time. */
  close(deadlineMs?: number): Promise<boolean>;
}

/** @throws ConfigError (config/problem.ts) for a file that can't be used, ExtensionError (snapshot/extension.ts), ListenError (listener/listen-error.ts). */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const running = new RunningGateway(options, null);
  await running.start();
  return running;
}

/** A gateway that is one worker of several: what its primary asks of it, and tells it. */
export interface SeatedGateway {
  readonly address: Gateway['address'];
  readonly caches: CachesView;
  /** Connections of clients that are open, on all ports. */
  readonly connections: number;
  routes(): Promise<readonly RouteStatus[]>;
  streams(): Promise<readonly StreamStatus[]>;
  overload(): Promise<readonly OverloadStatus[]>;
  /** Puts this content to work, or says why it can't be; then nothing has changed. */
  take(content: ConfigContent): Promise<ReloadResult>;
  /** Opens the UDP ports, or gives them to another worker. */
  carryDatagrams(carries: boolean): Promise<void>;
  /** As of `Gateway`. */
  close(deadlineMs?: number): Promise<boolean>;
  /** The same where another worker has taken over the ports: idle connections may ask once more, and what has no end of its own lives until the deadline. */
  giveWay(deadlineMs: number): Promise<boolean>;
}

/** @throws as `startGateway` does. */
export async function startSeatedGateway(options: GatewayOptions, seat: Seat): Promise<SeatedGateway> {
  const running = new RunningGateway(options, seat);
  await running.start();
  return running;
}

/** The composition root: every part is made and joined here, in the order in which an exchange meets them. */
class RunningGateway implements Gateway, SeatedGateway {
  readonly #options: GatewayOptions;
  /** `null`: the only one, which follows the file itself. */
  readonly #seat: Seat | null;
  readonly #registry: UpstreamRegistry;
  readonly #lasting = new LastingExchanges();
  readonly #memory = new BulkMemory();
  readonly caches: Caches;
  readonly #onReload: ((config: GatewayConfig) => void)[] = [];
  readonly #listener: HttpListener;
  readonly #inFlight: InFlight;
  readonly #overload: Overload;
  readonly #descriptors: DescriptorAlarm;
  readonly #carrier: Carrier;
  readonly #extensions: Extensions;
  readonly #streams: Streams;
  readonly #snapshots: Snapshots;
  #reloader: Reloader | null = null;
  #carriesDatagrams: boolean;
  #admin: Admin | null = null;
  #notReady: string | null = 'starting';
  #closing: Promise<boolean> | null = null;
  adminAddress: Gateway['adminAddress'] = null;

  constructor(options: GatewayOptions, seat: Seat | null) {
    this.#options = options;
    this.#seat = seat;
    this.#carriesDatagrams = seat?.datagrams ?? true;
    const { mode, log } = options;
    this.#registry = new UpstreamRegistry(log, options.env.PORTWAY_STICKY_SECRET);
    const descriptors = new DescriptorAlarm(log);
    this.#descriptors = descriptors;
    const writeLine = createAccessLog(log, { enabled: () => this.config().log.access });
    const accessLog = (record: ExchangeRecord) => {
      if (record.errorCode === 'out_of_descriptors') descriptors.exchangeFailed();
      writeLine(record);
    };
    this.#inFlight = new InFlight(accessLog);
    this.caches = new Caches({
      unusable: (route, { file }, cause) =>
        log.error(
          { route, file, cause: cause.message },
          "the file of this cache can't be used, so it is kept in memory; name another one, or remove it",
        ),
      broken: (route, { file }, cause) =>
        log.error(
          { route, file, cause: cause.message },
          'this cache could not be read or written, and misses; is the disk full, or the file damaged?',
        ),
    });
    const responder = new Responder({
      mode,
      services: () => this.#services(),
      log: accessLog,
      inFlight: this.#inFlight,
    });
    const inFlight = this.#inFlight;
    this.#overload = new Overload({ config: () => this.config().overload, log });
    this.#carrier = new Carrier({
      snapshot: () => this.#current,
      responder,
      inFlight,
      lasting: this.#lasting,
      memory: this.#memory,
      caches: this.caches,
      overload: this.#overload,
    });
    this.#extensions = new Extensions(this.#carrier, responder);
    this.#listener = new HttpListener(this.#carrier);
    this.#streams = new Streams(
      this.#registry,
      {
        identity: new IdentitySource(),
        lasting: this.#lasting,
        memory: this.#memory,
        inFlight,
        log: accessLog,
      },
      log,
    );
    this.#snapshots = this.#createSnapshots();
  }

  #createSnapshots(): Snapshots {
    const { log } = this.#options;
    return new Snapshots({
      log,
      registry: this.#registry,
      lasting: this.#lasting,
      servesStream: (signature) => this.#streams.serves(signature),
      handlers: {
        log,
        choose: (request) => this.#carrier.choose(request),
        carry: (request) => this.#carrier.carry(request),
        page: async (request, reply) => answerOwnPage(request, reply, await this.#pageInput()),
        dispatcher: this.#extensions.dispatcher,
        tag: (request, shown) => this.#extensions.tag(request, shown),
        flushHead: (request) => this.#extensions.flushHead(request),
        extensionFailed: (request, cause) => this.#extensions.failed(request, cause),
      },
      taken: (config) => this.#taken(config),
    });
  }

  async start(): Promise<void> {
    await this.#begin();
    const { listen = {} } = this.#options;
    const { host, port, admin } = { ...this.config(), ...this.#seat?.listen };
    try {
      await this.#listener.listen(host, listen.port ?? port);
      await this.#streams.open(this.#ownStreams(), this.config().resolver);
      if (admin && !this.#seat) await this.#openAdmin(admin.host, listen.adminPort ?? admin.port);
    } catch (cause) {
      await this.close(0);
      throw cause;
    }
    this.#overload.start();
    this.#descriptors.start(this.config().maxConnections);
    this.#notReady = null;
    // The file may have changed while the ports were being opened.
    await this.#streams.reconcile(this.#ownStreams(), this.config().resolver);
  }

  async #begin(): Promise<void> {
    const { configFile: file, env, log } = this.#options;
    const apply = (config: GatewayConfig) => this.#snapshots.take(config);
    if (!this.#seat) this.#reloader = await Reloader.start({ file, env, log, apply });
    else await apply(await this.#load(this.#seat, this.#seat.content));
  }

  /** @throws ConfigError */
  async #load(seat: Seat, content: ConfigContent): Promise<GatewayConfig> {
    const { configFile, env } = this.#options;
    const loaded = await loadContent(content, configFile, env);
    if (!loaded.ok) throw new ConfigError(loaded.problems);
    return seat.share(loaded.config);
  }

  get #current() {
    return this.#snapshots.current;
  }

  async #taken(config: GatewayConfig): Promise<void> {
    this.#options.log.level = config.log.level;
    this.#listener.maxConnections = config.maxConnections;
    this.caches.reconcile(config.routes);
    for (const listener of this.#onReload) listener(config);
    if (this.#notReady === null) await this.#streams.reconcile(this.#ownStreams(), this.config().resolver);
  }

  #ownStreams(): readonly StreamConfig[] {
    const { streams } = this.config();
    return this.#carriesDatagrams ? streams : streams.filter(({ protocol }) => protocol === 'tcp');
  }

  async #openAdmin(host: string, port: number): Promise<void> {
    this.#admin = createAdmin(
      {
        notReady: () => this.#notReady,
        config: () => this.config(),
        configStatus: () => this.configStatus(),
        routes: () => this.routes(),
        streams: () => this.streams(),
        workers: () => this.workers(),
        replaceWorkers: () => this.replaceWorkers(),
        caches: this.caches,
        overload: () => this.overload(),
        explain: (input) => explainExchange(this.#current.table, this.config(), input),
      },
      { log: this.#options.log },
    );
    this.adminAddress = await this.#admin.listen(host, port);
  }

  async #pageInput() {
    const [routes, streams] = await Promise.all([this.routes(), this.streams()]);
    const config = this.configStatus();
    return { routes, streams, config, mode: this.#options.mode, address: this.address };
  }

  #services(): readonly ServiceStatus[] {
    return this.#options.services?.() ?? [];
  }

  get address() {
    return this.#listener.address;
  }

  config(): GatewayConfig {
    return this.#current.config;
  }

  configStatus(): ConfigStatus {
    return this.#seat?.configStatus() ?? this.#reloader!.status;
  }

  get connections(): number {
    return this.#listener.connections + this.#streams.connections;
  }

  routes(): Promise<readonly RouteStatus[]> {
    return routeStatuses(this.#current.routes, this.#services());
  }

  streams(): Promise<readonly StreamStatus[]> {
    return this.#streams.statuses(this.#services());
  }

  async workers(): Promise<readonly WorkerStatus[]> {
    return [];
  }

  async replaceWorkers(): Promise<Replacement> {
    const problem = 'there are no workers to replace: set `workers:` in the configuration, and start again';
    this.#options.log.warn(problem);
    return { replaced: 0, problem };
  }

  async overload(): Promise<readonly OverloadStatus[]> {
    return [this.#overload.status()];
  }

  onReload(listener: (config: GatewayConfig) => void): void {
    this.#onReload.push(listener);
  }

  reload(): Promise<ReloadResult> {
    return this.#reloader!.reload();
  }

  async take(content: ConfigContent): Promise<ReloadResult> {
    try {
      await this.#snapshots.take(await this.#load(this.#seat!, content));
      return { changed: true, rejected: null };
    } catch (cause) {
      return { changed: false, rejected: cause instanceof Error ? cause.message : String(cause) };
    }
  }

  carryDatagrams(carries: boolean): Promise<void> {
    this.#carriesDatagrams = carries;
    return carries
      ? this.#streams.reconcile(this.#ownStreams(), this.config().resolver)
      : this.#streams.handDatagramsOver();
  }

  close(deadlineMs = DRAIN_MS): Promise<boolean> {
    this.#closing ??= this.#drain(deadlineMs);
    return this.#closing;
  }

  giveWay(deadlineMs: number): Promise<boolean> {
    this.#closing ??= this.#drainGently(deadlineMs);
    return this.#closing;
  }

  /** Readiness first, so that balancers before us look elsewhere; what has no end of its own is ended at once, the rest may finish. */
  async #drain(deadlineMs: number): Promise<boolean> {
    this.#notReady = 'draining';
    this.#reloader?.stopWatching();
    this.#listener.stopAccepting('close');
    this.#streams.stopAccepting();
    this.#lasting.closeAll();
    return this.#end(await this.#inFlight.empty(deadlineMs));
  }

  /**
   * A connection that is closed while the client sends its next request on it would lose that request. So each connection is
   * told to close by the answer to a last one; only those that have been silent all this time are closed without.
   */
  async #drainGently(deadlineMs: number): Promise<boolean> {
    const deadline = performance.now() + deadlineMs;
    this.#notReady = 'draining';
    this.#listener.stopAccepting('leave');
    this.#streams.stopAccepting();
    await this.#listener.emptied(Math.min(SILENCE_MS, deadlineMs / 2));
    this.#listener.closeIdle();
    await this.#inFlight.empty(Math.max(deadline - performance.now() - LAST_WORDS_MS, 0));
    this.#lasting.closeAll();
    return this.#end(await this.#inFlight.empty(LAST_WORDS_MS));
  }

  async #end(finished: boolean): Promise<boolean> {
    this.#overload.stop();
    this.#descriptors.stop();
    this.#listener.destroy();
    this.#streams.destroy();
    this.caches.close();
    this.#snapshots.retire();
    await this.#admin?.close();
    return finished;
  }
}

const DRAIN_MS = 10_000;
const SILENCE_MS = 5_000;
/** For what was written to leave, when what lasts is ended at the deadline. */
const LAST_WORDS_MS = 200;
