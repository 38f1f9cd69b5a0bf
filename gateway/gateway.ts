import type { Logger } from 'pino';
import { Caches } from './cache/caches.ts';
import type { Environment } from './config/load.ts';
import type { GatewayConfig } from './config/model.ts';
import { IdentitySource } from './filter/identity.ts';
import { BulkMemory } from './forward/bulk-memory.ts';
import { LastingExchanges } from './forward/lasting.ts';
import { HttpListener } from './listener/http.ts';
import { createAccessLog } from './observe/access-log.ts';
import { type Admin, createAdmin } from './observe/admin.ts';
import { answerOwnPage } from './observe/own-page.ts';
import type { ConfigStatus, RouteStatus, ServiceStatus, StreamStatus } from './observe/status.ts';
import { Carrier } from './passage/carrier.ts';
import { explainExchange } from './passage/explain.ts';
import { Extensions } from './passage/extensions.ts';
import { InFlight } from './passage/in-flight.ts';
import { Responder } from './passage/responder.ts';
import { Reloader, type ReloadResult } from './snapshot/reloader.ts';
import { routeStatuses } from './snapshot/route-status.ts';
import { Streams } from './streams/streams.ts';
import { EndpointRegistry } from './upstream/registry.ts';

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
  /** Called after each reload that took effect. */
  onReload(listener: (config: GatewayConfig) => void): void;
  reload(): Promise<ReloadResult>;
  /** Stops accepting, lets exchanges finish until the deadline, then ends what is left. @returns whether all finished in time. */
  close(deadlineMs?: number): Promise<boolean>;
}

/** @throws ConfigError (config/problem.ts) for a file that can't be used, ExtensionError (snapshot/extension.ts), ListenError (listener/listen-error.ts). */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const running = new RunningGateway(options);
  await running.start();
  return running;
}

/** The composition root: every part is made and joined here, in the order in which an exchange meets them. */
class RunningGateway implements Gateway {
  readonly #options: GatewayOptions;
  readonly #registry = new EndpointRegistry();
  readonly #lasting = new LastingExchanges();
  readonly #memory = new BulkMemory();
  readonly #caches: Caches;
  readonly #onReload: ((config: GatewayConfig) => void)[] = [];
  readonly #listener: HttpListener;
  readonly #inFlight: InFlight;
  readonly #carrier: Carrier;
  readonly #extensions: Extensions;
  readonly #streams: Streams;
  #reloader: Reloader | null = null;
  #admin: Admin | null = null;
  #notReady: string | null = 'starting';
  #closing: Promise<boolean> | null = null;
  adminAddress: Gateway['adminAddress'] = null;

  constructor(options: GatewayOptions) {
    this.#options = options;
    const { mode, log } = options;
    const accessLog = createAccessLog(log, { enabled: () => this.config().log.access });
    this.#inFlight = new InFlight(accessLog);
    this.#caches = new Caches({
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
    this.#carrier = new Carrier({
      snapshot: () => this.#current,
      responder,
      inFlight,
      lasting: this.#lasting,
      memory: this.#memory,
      caches: this.#caches,
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
  }

  async start(): Promise<void> {
    const { configFile, env, log, listen = {} } = this.#options;
    this.#reloader = await Reloader.start({
      file: configFile,
      env,
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
    const { host, port, admin } = this.config();
    try {
      await this.#listener.listen(host, listen.port ?? port);
      await this.#streams.open(this.config().streams);
      if (admin) await this.#openAdmin(admin.host, listen.adminPort ?? admin.port);
    } catch (cause) {
      await this.close(0);
      throw cause;
    }
    this.#notReady = null;
    // The file may have changed while the ports were being opened.
    await this.#streams.reconcile(this.config().streams);
  }

  get #current() {
    return this.#reloader!.current;
  }

  async #taken(config: GatewayConfig): Promise<void> {
    this.#options.log.level = config.log.level;
    this.#listener.maxConnections = config.maxConnections;
    this.#caches.reconcile(config.routes);
    for (const listener of this.#onReload) listener(config);
    if (this.#notReady === null) await this.#streams.reconcile(config.streams);
  }

  async #openAdmin(host: string, port: number): Promise<void> {
    this.#admin = createAdmin(
      {
        notReady: () => this.#notReady,
        config: () => this.config(),
        configStatus: () => this.configStatus(),
        routes: () => this.routes(),
        streams: () => this.streams(),
        caches: this.#caches,
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
    return this.#reloader!.status;
  }

  routes(): Promise<readonly RouteStatus[]> {
    return routeStatuses(this.#current.routes, this.#services());
  }

  streams(): Promise<readonly StreamStatus[]> {
    return this.#streams.statuses(this.#services());
  }

  onReload(listener: (config: GatewayConfig) => void): void {
    this.#onReload.push(listener);
  }

  reload(): Promise<ReloadResult> {
    return this.#reloader!.reload();
  }

  close(deadlineMs = DRAIN_MS): Promise<boolean> {
    this.#closing ??= this.#drain(deadlineMs);
    return this.#closing;
  }

  /** Readiness first, so that balancers before us look elsewhere; what has no end of its own is ended at once, the rest may finish. */
  async #drain(deadlineMs: number): Promise<boolean> {
    this.#notReady = 'draining';
    this.#reloader?.stopWatching();
    this.#listener.stopAccepting();
    this.#streams.stopAccepting();
    this.#lasting.closeAll();
    const finished = await this.#inFlight.empty(deadlineMs);
    this.#listener.destroy();
    this.#streams.destroy();
    this.#caches.close();
    this.#current.retire();
    await this.#admin?.close();
    return finished;
  }
}

const DRAIN_MS = 10_000;
