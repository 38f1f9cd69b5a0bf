import type { Logger } from 'pino';
import type { Purge } from './cache/purge.ts';
import { unplacedService } from './config/endpoint.ts';
import type { Environment } from './config/load.ts';
import { insecureWarning } from './config/service-authorities.ts';
import type { FileContent } from './files/content.ts';
import { TlsError } from './listener/tls-files.ts';
import type { GatewayConfig, StreamConfig } from './model/config.ts';
import type { ConfigStatus, Replacement, ServiceStatus, WorkerStatus } from './model/status.ts';
import { type Admin, type AdminView, createAdmin } from './observe/admin.ts';
import type { ServiceControl } from './observe/admin-services.ts';
import type { AskFigure, Figure, FigureName, FigureReaders } from './observe/figures.ts';
import { readConfig } from './observe/metrics/config-reading.ts';
import type { Reading } from './observe/metrics/reading.ts';
import { answerOwnPage } from './observe/own-page.ts';
import { GatewayParts } from './parts.ts';
import { PolicyError } from './policy/policy.ts';
import { ConfigSource } from './proxy/config-source.ts';
import { drain, drainGently } from './proxy/draining.ts';
import { explainExchange } from './proxy/explain.ts';
import { Refusal, type ReloadResult } from './proxy/reloader.ts';
import type { ExaminePort } from './proxy/responder.ts';
import { routeStatuses } from './proxy/route-status.ts';
import type { WorkerContext } from './proxy/worker-context.ts';
import { authorityFolder } from './tls/dev-authority.ts';

export interface GatewayOptions {
  /** Path of the file; it is watched. SIGHUP is the caller's to handle, by `reload`. */
  readonly configFile: string;
  /** Taken instead of what the file says, for ever; `configFile` is its name then. */
  readonly content?: FileContent;
  /** For `${NAME}` and `GATEWAY_HOSTS`. */
  readonly env: Environment;
  /** In development, error answers say what was tried and what to do. */
  readonly mode: 'development' | 'production';
  readonly log: Logger;
  /** Whether it keeps its level, whatever the configuration says. */
  readonly keepsLogLevel?: boolean;
  /** What the supervisor knows of the processes behind the ports; none in production. */
  readonly services?: () => readonly ServiceStatus[];
  /** Finds out what is true of a port that does not answer as it should. */
  readonly examine?: ExaminePort;
  /** By which operators restart these processes and follow their lines. */
  readonly serviceControl?: ServiceControl;
  /** Finds ports for services whose port is `auto`; without it such a configuration is refused. */
  readonly place?: (config: GatewayConfig) => Promise<GatewayConfig>;
  /** Overrides the configuration's `port` and `admin`; 0 is any free port, `false` is no admin listener. */
  readonly listen?: { readonly port?: number; readonly adminPort?: number | false };
}

export interface Gateway extends Omit<AdminView, 'notReady' | 'purge' | 'metrics' | 'explain' | 'services'> {
  /** Where it listens: host and the actual port. */
  readonly address: { readonly host: string; readonly port: number };
  readonly adminAddress: { readonly host: string; readonly port: number } | null;
  /** Called after each reload that took effect. */
  onReload(listener: (config: GatewayConfig) => void): void;
  reload(): Promise<ReloadResult>;
  /** Stops accepting, lets exchanges finish until the deadline, then ends what is left. @returns whether all finished in time. */
  close(deadlineMs?: number): Promise<boolean>;
}

/** A gateway that is one worker of several: what its primary asks of it, and tells it. */
export interface WorkerGateway {
  readonly address: { readonly host: string; readonly port: number };
  readonly figure: AskFigure;
  readonly purge: AdminView['purge'];
  /** What it has counted, and its gauges. */
  reading(): Promise<Reading>;
  /** Puts this content to work, or says why it can't be; then nothing has changed. */
  take(content: FileContent): Promise<ReloadResult>;
  /** Opens the UDP ports, or gives them to another worker. */
  carryDatagrams(carries: boolean): Promise<void>;
  /** As of `Gateway`. */
  close(deadlineMs?: number): Promise<boolean>;
  /** The same where another worker has taken over the ports: idle connections may ask once more, and what has no end of its own lives until the deadline. */
  giveWay(deadlineMs: number): Promise<boolean>;
}

/** @throws ConfigError (config/problem.ts) for a file that can't be used, ExtensionError (proxy/extension.ts), ListenError (listener/listen-error.ts). */
export function startGateway(options: GatewayOptions): Promise<Gateway> {
  return start(options, null);
}

/** One worker of several. @throws as `startGateway` does. */
export function startWorkerGateway(options: GatewayOptions, worker: WorkerContext): Promise<WorkerGateway> {
  return start(options, worker);
}

async function start(options: GatewayOptions, worker: WorkerContext | null): Promise<RunningGateway> {
  const running = new RunningGateway(options, worker);
  await running.start();
  return running;
}

/** A gateway from its start to its end; of what it is made stands in parts.ts. */
class RunningGateway implements Gateway, WorkerGateway {
  readonly #options: GatewayOptions;
  /** `null`: the only one, which follows the file itself. */
  readonly #worker: WorkerContext | null;
  readonly #source: ConfigSource;
  readonly #parts: GatewayParts;
  readonly #onReload: ((config: GatewayConfig) => void)[] = [];
  readonly #services: () => readonly ServiceStatus[];
  #carriesDatagrams: boolean;
  #admin: Admin | null = null;
  #notReady: string | null = 'starting';
  #closing: Promise<boolean> | null = null;
  adminAddress: Gateway['adminAddress'] = null;

  constructor(options: GatewayOptions, worker: WorkerContext | null) {
    const { mode, log, env, configFile, content } = options;
    this.#options = options;
    this.#worker = worker;
    this.#services = options.services ?? (() => []);
    this.#carriesDatagrams = worker?.datagrams ?? true;
    this.#parts = new GatewayParts({
      mode,
      log,
      stickySecret: env.PORTWAY_STICKY_SECRET,
      authorityFolder: authorityFolder(env),
      services: this.#services,
      examine: options.examine ?? null,
      page: async (request, reply) => answerOwnPage(request, reply, await this.#pageInput()),
      taken: (config) => this.#taken(config),
    });
    const place = options.place ?? refuseFreePorts;
    const apply = async (config: GatewayConfig) => this.#apply(await place(config));
    this.#source = new ConfigSource({ configFile, content, env, log, worker, apply });
  }

  async start(): Promise<void> {
    await this.#source.start();
    const { listener, streams } = this.#parts;
    const { listen = {} } = this.#options;
    const { host, port, admin, tls } = { ...this.config(), ...this.#worker?.listen };
    try {
      await listener.listen(host, listen.port ?? port);
      if (tls?.port && tls.port !== port) await listener.listenTls(host, tls.port);
      await streams.open(this.#ownStreams(), this.config().resolver);
      const adminPort = listen.adminPort ?? admin?.port ?? false;
      if (adminPort !== false && !this.#worker) await this.#openAdmin(admin?.host ?? LOOPBACK, adminPort);
    } catch (cause) {
      await this.close(0);
      throw cause;
    }
    this.#parts.watch();
    this.#notReady = null;
    // The file may have changed while the ports were being opened.
    await this.#reconcileStreams();
  }

  /** @throws ExtensionError, or Refusal where a certificate, or what a policy needs, can't be used */
  async #apply(config: GatewayConfig): Promise<void> {
    const { tlsFiles, snapshots } = this.#parts;
    const useTls = await tlsFiles.prepare(config).catch((cause: unknown) => {
      throw cause instanceof TlsError ? new Refusal(cause.message) : cause;
    });
    await snapshots.take(config).catch((cause: unknown) => {
      throw cause instanceof PolicyError ? new Refusal(cause.message) : cause;
    });
    useTls();
  }

  async #taken(config: GatewayConfig): Promise<void> {
    const { listener, caches, metrics, descriptors, registry } = this.#parts;
    if (!this.#options.keepsLogLevel) this.#options.log.level = config.log.level;
    listener.bounds = descriptors.bounds(config.maxConnections);
    registry.connectionsMax = descriptors.pairs;
    for (const route of config.routes) {
      const warning = insecureWarning(route);
      if (warning !== null) this.#options.log.warn(warning);
    }
    caches.reconcile(config.routes);
    for (const heard of this.#onReload) heard(config);
    if (this.#notReady === null) await this.#reconcileStreams();
    metrics.sweep();
  }

  #reconcileStreams(): Promise<void> {
    return this.#parts.streams.reconcile(this.#ownStreams(), this.config().resolver);
  }

  #ownStreams(): readonly StreamConfig[] {
    const { streams } = this.config();
    return this.#carriesDatagrams ? streams : streams.filter(({ protocol }) => protocol === 'tcp');
  }

  async #pageInput() {
    const [routes, streams] = await Promise.all([this.figure('routes'), this.figure('streams')]);
    const { mode } = this.#options;
    return { routes, streams, config: this.configStatus(), mode, address: this.address };
  }

  async #openAdmin(host: string, port: number): Promise<void> {
    const view: AdminView = {
      notReady: () => this.#notReady,
      config: () => this.config(),
      configStatus: () => this.configStatus(),
      figure: (figure) => this.figure(figure),
      workers: () => this.workers(),
      replaceWorkers: () => this.replaceWorkers(),
      purge: (purge) => this.purge(purge),
      metrics: async () => [await this.reading(), readConfig(this.configStatus(), this.#source.refusals)],
      services: this.#options.serviceControl ?? null,
      explain: (input) => explainExchange(this.#parts.snapshots.current.table, this.config(), input),
    };
    this.#admin = createAdmin(view, { log: this.#options.log });
    this.adminAddress = await this.#admin.listen(host, port);
  }

  get address() {
    return this.#parts.listener.address;
  }

  config(): GatewayConfig {
    return this.#parts.snapshots.current.config;
  }

  configStatus(): ConfigStatus {
    return this.#source.status;
  }

  /** What is told of this process: one reader for each row of `FIGURES`. */
  readonly #figures: FigureReaders = {
    routes: () => {
      const { routes, table } = this.#parts.snapshots.current;
      return routeStatuses(routes, this.#services(), table.names);
    },
    streams: () => this.#parts.streams.statuses(this.#services()),
    connections: () => {
      const { listener, streams } = this.#parts;
      const { connections: http, http2Connections: http2, handshakeFailures, bounds } = listener;
      return { http, http2, streams: streams.connections, httpMax: bounds.served, handshakeFailures };
    },
    caches: () => this.#parts.caches.status(),
    overload: () => [this.#parts.overload.status()],
  };

  async figure<F extends FigureName>(figure: F): Promise<Figure<F>> {
    return (await this.#figures[figure]()) as Figure<F>;
  }

  async purge(purge: Purge): Promise<number> {
    return this.#parts.caches.purge(purge);
  }

  async workers(): Promise<readonly WorkerStatus[]> {
    return [];
  }

  async replaceWorkers(): Promise<Replacement> {
    const problem = 'there are no workers to replace: set `workers:` in the configuration, and start again';
    this.#options.log.warn(problem);
    return { replaced: 0, problem };
  }

  reading(): Promise<Reading> {
    return this.#parts.metrics.read();
  }

  onReload(listener: (config: GatewayConfig) => void): void {
    this.#onReload.push(listener);
  }

  reload(): Promise<ReloadResult> {
    return this.#source.reload();
  }

  take(content: FileContent): Promise<ReloadResult> {
    return this.#source.take(content);
  }

  carryDatagrams(carries: boolean): Promise<void> {
    this.#carriesDatagrams = carries;
    return carries ? this.#reconcileStreams() : this.#parts.streams.handDatagramsOver();
  }

  close(deadlineMs = DRAIN_MS): Promise<boolean> {
    this.#closing ??= this.#end(drain, deadlineMs);
    return this.#closing;
  }

  giveWay(deadlineMs: number): Promise<boolean> {
    this.#closing ??= this.#end(drainGently, deadlineMs);
    return this.#closing;
  }

  /** Readiness first, so that balancers before us look elsewhere. */
  async #end(drained: typeof drain, deadlineMs: number): Promise<boolean> {
    this.#notReady = 'draining';
    this.#source.stop();
    const finished = await drained(this.#parts, deadlineMs);
    this.#parts.close();
    await this.#admin?.close();
    return finished;
  }
}

const DRAIN_MS = 10_000;
const LOOPBACK = '127.0.0.1';

/** Who runs no services can't find ports for them. @throws Refusal */
async function refuseFreePorts(config: GatewayConfig): Promise<GatewayConfig> {
  const { routes, streams } = config;
  const endpoints = [...routes, ...streams].flatMap(({ upstream }) => upstream.endpoints);
  const name = endpoints.map(({ address }) => unplacedService(address)).find((one) => one !== null);
  if (name === undefined) return config;
  throw new Refusal(
    `the port of the service ${name} is auto: \`portway dev\` finds one, \`portway start\` runs no services; write the port that ${name} listens on`,
  );
}
