import { setTimeout as sleep } from 'node:timers/promises';
import { Acme } from './acme/acme.ts';
import { Challenges, type OutstandingChallenge } from './acme/challenges.ts';
import { Caches } from './cache/caches.ts';
import type { Purge } from './cache/purge.ts';
import { routeWarnings } from './config/route-warnings.ts';
import type { Gateway, GatewayOptions, WorkerGateway } from './contract.ts';
import { BulkMemory } from './exchange/bulk-memory.ts';
import { IdentitySource } from './exchange/identity.ts';
import { LongLivedExchanges } from './exchange/long-lived.ts';
import type { ExchangeRecord } from './exchange/record.ts';
import { mapInSlices, TimeSlice } from './exchange/time-slice.ts';
import type { FileContent } from './files/content.ts';
import { HttpListener } from './listener/http.ts';
import { inheritedPorts } from './listener/inherited-ports.ts';
import { Streams } from './listener/streams/streams.ts';
import { TlsError, TlsFiles } from './listener/tls-files.ts';
import { AccessLog } from './log/access-log.ts';
import type { GatewayConfig, PlacedService, RouteConfig } from './model/config.ts';
import type { ComparedList, ComparedQuery } from './model/exchanges.ts';
import type { ConfigStatus, Replacement, ServiceStatus, WorkerStatus } from './model/status.ts';
import type { Admin } from './observe/admin.ts';
import type { AdminView } from './observe/admin-view.ts';
import { readCompared } from './observe/exchanges/compared.ts';
import { Inspector } from './observe/exchanges/inspector.ts';
import type { Figure, FigureName, FigureReaders } from './observe/figures.ts';
import { readCertificates, readConfig, readShared } from './observe/metrics/config-reading.ts';
import { GatewayMetrics } from './observe/metrics/gateway-metrics.ts';
import type { Reading } from './observe/metrics/reading.ts';
import { answerOwnPage } from './observe/own-page.ts';
import { Tracer } from './observe/traces/tracer.ts';
import { readTrafficFigure } from './observe/traffic-figure.ts';
import { Descriptors } from './overload/descriptors.ts';
import { Overload } from './overload/overload.ts';
import { Applications } from './policy/escape/frameworks.ts';
import { EscapeNotices } from './policy/escape/notices.ts';
import { KeptStates } from './policy/kept.ts';
import { PolicyError } from './policy/policy.ts';
import type { Counts } from './policy/rate-limit/counts.ts';
import { Carrier } from './proxy/carrier.ts';
import { ConfigSource } from './proxy/config-source.ts';
import { drain, drainGently } from './proxy/draining.ts';
import { explainExchange } from './proxy/explain.ts';
import { type ExchangeObservers, InFlight } from './proxy/in-flight.ts';
import { LivePort } from './proxy/live-port.ts';
import { Refusal, type ReloadResult } from './proxy/reloader.ts';
import { Responder } from './proxy/responder.ts';
import { routeStatuses } from './proxy/route-status.ts';
import { Snapshots } from './proxy/snapshots.ts';
import type { WorkerContext } from './proxy/worker-context.ts';
import type { ExplainInput, Explanation } from './route/explanation.ts';
import type { Secrets } from './shared/messages.ts';
import { Shared } from './shared/shared.ts';
import { TicketKeys } from './tls/ticket-keys.ts';
import { Holds } from './upstream/hold.ts';
import { UpstreamRegistry } from './upstream/registry.ts';

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

/**
 * The composition root, and a gateway from its start to its end. Its parts stand in the order in which an exchange meets them; they are made
 * from the end to the beginning, because each hop is given those behind it.
 */
class RunningGateway implements Gateway, WorkerGateway {
  readonly #options: GatewayOptions;
  /** `null`: the only one, which follows the file itself. */
  readonly #worker: WorkerContext | null;
  readonly #source: ConfigSource;
  readonly #onReload: ((config: GatewayConfig) => void)[] = [];
  readonly #services: () => readonly ServiceStatus[];
  #admin: Admin | null = null;
  #notReady: string | null = 'starting';
  /** Whether the configuration that is taken has `shared`. */
  #shares = false;
  /** Where `port` is opened. */
  #host: string = LOOPBACK;
  #drained: readonly string[] = [];
  #closing: Promise<boolean> | null = null;
  adminAddress: Gateway['adminAddress'] = null;

  /** Takes connections, and makes exchanges of their requests. */
  readonly listener: HttpListener;
  /** Moves it to another port. */
  readonly livePort: LivePort;
  /** The certificates that the listener shows. */
  readonly tlsFiles: TlsFiles;
  /** What authorities ask for before they vouch for us, and ... */
  readonly challenges = new Challenges();
  /** ... the orders that they do; those of a worker are its primary's. */
  readonly acme: Acme;
  /** The same for raw TCP and UDP, which have no exchanges. */
  readonly streams: Streams;
  /** Says which new ones are too many. */
  readonly overload: Overload;
  /** How many connections there may be. */
  readonly descriptors: Descriptors;
  /** Carries each on its way: through the route table and the policies of the snapshot that serves ... */
  readonly carrier: Carrier;
  readonly snapshots: Snapshots;
  /** ... past what its route keeps ... */
  readonly caches: Caches;
  /** ... to an endpoint, which outlives snapshots ... */
  readonly registry: UpstreamRegistry;
  /** What policies keep beyond a snapshot. */
  readonly kept: KeptStates;
  /** What all replicas have in common; of a worker, its primary sees to that. */
  readonly shared: Shared;
  readonly tickets: TicketKeys;
  readonly longLived = new LongLivedExchanges();
  readonly memory = new BulkMemory();
  /** ... or to an answer of our own ... */
  readonly responder: Responder;
  /** ... and to its end, where it is counted and written down. */
  readonly inFlight: InFlight;
  readonly accessLog: AccessLog;
  readonly metrics: GatewayMetrics;
  /** ... and kept, while somebody looks. */
  readonly exchanges: Inspector;
  readonly traces: Tracer;
  /** What is told of all this, to any number who ask, goes on one slice a turn. */
  readonly slice = new TimeSlice();

  constructor(options: GatewayOptions, worker: WorkerContext | null) {
    const { mode, log, env, configFile, content } = options;
    this.#options = options;
    this.#worker = worker;
    this.#services = options.services ?? (() => []);
    const services = this.#services;
    const { longLived, memory } = this;
    this.descriptors = new Descriptors(log);
    const applications = new Applications();
    this.exchanges = new Inspector({
      always: mode === 'development',
      slice: this.slice,
      explain: (input) => this.#explain(input),
      traffic: () => this.metrics.traffic.all(),
    });
    this.traces = new Tracer(log, new IdentitySource());
    this.metrics = this.#createMetrics();
    const { traffic, loopDelay } = this.metrics;
    this.accessLog = new AccessLog(log);
    const inFlight = new InFlight(this.#observers(applications), traffic);
    this.inFlight = inFlight;
    const unread = (record: ExchangeRecord) => {
      traffic.unrouted.count(record);
      inFlight.writeDown(record);
    };
    this.responder = new Responder({
      mode,
      services,
      examine: options.examine ?? null,
      applications,
      log: unread,
    });
    this.registry = new UpstreamRegistry(log, env.PORTWAY_STICKY_SECRET, traffic);
    if (worker !== null) {
      this.registry.drain(worker.drained);
      this.registry.place(worker.placed);
    }
    this.kept = new KeptStates(
      log,
      () => this.#counts(),
      worker?.others ?? null,
      () => (this.#shares ? (worker?.texts ?? this.shared.texts) : null),
    );
    this.kept.adminSessions = worker?.adminSessions ?? false;
    this.caches = new Caches(log, worker?.changed);
    this.overload = new Overload({
      config: () => this.config().overload,
      log,
      seen: (delayMs) => loopDelay.seen(delayMs),
    });
    const { responder, caches, overload } = this;
    this.snapshots = this.#createSnapshots();
    const { snapshots } = this;
    const holds = new Holds(services);
    this.carrier = new Carrier({
      log,
      mode,
      snapshots,
      responder,
      inFlight,
      longLived,
      memory,
      caches,
      overload,
      holds,
      applications,
      inspection: this.exchanges,
      tracing: this.traces,
      challenges: this.challenges,
      dashboard: () => this.#admin?.answerClient ?? null,
    });
    const identity = new IdentitySource();
    const writeDown = (record: ExchangeRecord) => inFlight.writeDown(record);
    const streams = { identity, longLived, memory, inFlight, log: writeDown };
    this.streams = new Streams(this.registry, streams, log, worker?.datagrams);
    this.shared = this.#createShared();
    this.tickets = new TicketKeys(worker?.tickets ?? this.shared.secrets.tickets);
    this.listener = new HttpListener(this.carrier, this.challenges, this.tickets, log);
    this.livePort = new LivePort({
      listener: this.listener,
      log,
      fixed: worker !== null || options.listen?.port !== undefined,
      ready: () => this.#notReady === null,
    });
    this.tlsFiles = new TlsFiles(log, env, (settings) => this.listener.useTls(settings));
    this.acme = new Acme({
      log,
      env,
      offer: async (outstanding) => this.challenges.set(outstanding),
      share: () => this.shared.acme,
    });
    this.#source = new ConfigSource({
      configFile,
      content,
      validated: options.validated,
      env,
      log,
      worker,
      place: options.place,
      apply: (config) => this.#apply(config),
      placed: (services) => this.place(services),
      portMoves: (config) => this.livePort.mayMoveTo(config),
    });
  }

  #observers(applications: Applications): ExchangeObservers {
    const escapes = new EscapeNotices(
      this.#options.log,
      () => this.config().routes,
      applications,
      (route) => this.#nameOf(route),
    );
    const { accessLog, descriptors, exchanges: inspection, traces: tracing } = this;
    return { accessLog, escapes, descriptors, inspection, tracing };
  }

  #createShared(): Shared {
    return new Shared({
      log: this.#options.log,
      workers: () => 1,
      version: () => this.configStatus().version ?? '',
      purge: (purge) => void this.caches.purge(purge),
      answer: async (outstanding) => this.challenges.set(outstanding),
      adopt: (secrets) => this.adopt(secrets),
    });
  }

  /** Where limits are counted; `null`: here alone. */
  #counts(): Counts | null {
    if (this.#worker === null) return this.#shares ? this.shared.counts : null;
    const { counts } = this.#worker;
    return this.#shares || counts.processes > 1 ? counts : null;
  }

  #createMetrics(): GatewayMetrics {
    const gauges = () => ({
      routes: this.snapshots.current.routes.map(({ config: { id }, upstream }) => ({ id, upstream })),
      streams: this.streams.running(),
      caches: this.caches.status(),
      overload: this.overload.status(),
      listener: this.listener,
    });
    return new GatewayMetrics(gauges, this.slice);
  }

  #createSnapshots(): Snapshots {
    const { mode, log } = this.#options;
    const { registry, longLived } = this;
    const servesStream = (signature: string) => this.streams.serves(signature);
    return new Snapshots({
      mode,
      log,
      registry,
      kept: this.kept,
      longLived,
      servesStream,
      handlers: () =>
        this.carrier.extensions.handlers(async (request, reply) =>
          answerOwnPage(request, reply, await this.#pageInput()),
        ),
      taken: (config) => this.#taken(config),
    });
  }

  async start(): Promise<void> {
    await this.#source.start();
    const { listener, streams } = this;
    const { listen = {} } = this.#options;
    const { host, port, admin, tls } = { ...this.config(), ...this.#worker?.listen };
    this.#host = host;
    try {
      const [own = null, secure = null] = this.#worker ? [] : inheritedPorts(this.#options.env);
      await listener.listen(host, listen.port ?? port, own);
      if (tls?.port && tls.port !== port) await listener.listenTls(host, tls.port, secure);
      await streams.open(this.config().streams, this.config().resolver);
      const adminPort = listen.adminPort ?? admin?.port ?? false;
      if (adminPort !== false && !this.#worker) await this.#openAdmin(admin?.host ?? LOOPBACK, adminPort);
    } catch (cause) {
      await this.close(0);
      throw cause;
    }
    // The load of this process is measured from here on: its ports are open.
    this.overload.start();
    this.descriptors.start();
    this.#notReady = null;
    // The file may have changed while the ports were being opened.
    await this.#reconcileStreams();
    this.#orderCertificates();
  }

  #orderCertificates(): void {
    if (this.#worker === null && this.#notReady === null) this.acme.use(this.config());
  }

  /** @throws ExtensionError, or Refusal where a certificate, or what a policy needs, can't be used */
  async #apply(config: GatewayConfig): Promise<void> {
    const { tlsFiles, snapshots, livePort } = this;
    const useTls = await tlsFiles.prepare(config).catch((cause: unknown) => {
      throw cause instanceof TlsError ? new Refusal(cause.message) : cause;
    });
    await livePort.prepare(this.#host, config);
    const shared = this.#shares;
    this.#shares = config.shared !== null;
    await snapshots.take(config).catch((cause: unknown) => {
      livePort.cancel();
      this.#shares = shared;
      throw cause instanceof PolicyError ? new Refusal(cause.message) : cause;
    });
    useTls();
  }

  async #taken(config: GatewayConfig): Promise<void> {
    this.livePort.commit();
    const { listener, caches, metrics, descriptors, registry } = this;
    if (!this.#options.keepsLogLevel) this.#options.log.level = config.log.level;
    this.accessLog.enabled = config.log.access;
    listener.bounds = descriptors.bounds(config.maxConnections);
    registry.connectionsMax = descriptors.pairs;
    caches.reconcile(config.routes);
    this.traces.use(config.traces);
    if (this.#worker === null && this.#closing === null) this.shared.use(config);
    for (const heard of this.#onReload) heard(config);
    if (this.#notReady === null) await this.#reconcileStreams();
    this.#orderCertificates();
    await mapInSlices(config.routes, (route) => {
      for (const warning of routeWarnings(route)) this.#options.log.warn(warning);
    });
    await metrics.sweep();
    this.memory.settle(this.inFlight);
  }

  /** In development: `vite.localhost:3000`. */
  #nameOf(route: RouteConfig): string | null {
    const name = this.snapshots.current.table.names?.of(route) ?? null;
    return name && `${name}:${this.address.port}`;
  }

  #reconcileStreams(): Promise<void> {
    const { streams, resolver } = this.config();
    return this.streams.reconcile(streams, resolver);
  }

  async #pageInput() {
    const [routes, streams] = await Promise.all([this.figure('routes'), this.figure('streams')]);
    const { mode } = this.#options;
    const dashboard = this.#admin !== null;
    return { routes, streams, config: this.configStatus(), mode, address: this.address, dashboard };
  }

  async #openAdmin(host: string, port: number): Promise<void> {
    const view: AdminView = {
      mode: this.#options.mode,
      env: this.#options.env,
      slice: this.slice,
      port: () => this.address.port,
      notReady: () => this.#notReady,
      config: () => this.config(),
      configStatus: () => this.configStatus(),
      figure: (figure) => this.figure(figure),
      workers: () => this.workers(),
      replaceWorkers: () => this.replaceWorkers(),
      drained: () => this.drained(),
      drain: (addresses) => this.drain(addresses),
      purge: (purge) => {
        this.shared.tellPurge(purge);
        return this.purge(purge);
      },
      metrics: async () => [
        await this.reading(),
        readConfig(this.configStatus(), this.#source.refusals),
        readCertificates(this.certificates(), this.acme.results),
        readShared(this.shared.status()),
      ],
      certificates: () => this.certificates(),
      shared: () => this.shared.status(),
      services: this.#options.serviceControl ?? null,
      explain: (input) => this.#explain({ ...input, drained: this.#drained }),
      onReload: (heard) => this.onReload(heard),
      exchanges: {
        find: (query) => this.exchanges.find(query),
        one: (id, bodies) => this.exchanges.one(id, bodies),
        request: (id) => this.exchanges.request(id),
        capture: async (capture) => this.exchanges.capture(capture),
        captured: () => this.exchanges.captured,
        messages: async (query) => this.exchanges.messages(query),
        compared: (query) => this.compared(query),
      },
    };
    const { createAdmin } = await import('./observe/admin.ts');
    this.#admin = createAdmin(view, { log: this.#options.log });
    this.adminAddress = await this.#admin.listen(host, port);
  }

  compared(query: ComparedQuery): Promise<ComparedList> {
    return readCompared(this.metrics.traffic.all(), query);
  }

  #explain(input: ExplainInput): Explanation {
    return explainExchange(this.snapshots.current.table, this.config(), input);
  }

  get address() {
    return this.listener.address;
  }

  config(): GatewayConfig {
    return this.snapshots.current.config;
  }

  configStatus(): ConfigStatus {
    return this.#source.status;
  }

  /** The figures of this process: one reader for each row of `FIGURES`. */
  readonly #figures: FigureReaders = {
    routes: () => {
      const { routes, table } = this.snapshots.current;
      return routeStatuses(routes, this.#services(), table.names, this.slice);
    },
    streams: () => this.streams.statuses(this.#services()),
    connections: () => {
      const { listener, streams } = this;
      const { connections: http, http2Connections: http2, handshakeFailures, bounds } = listener;
      return { http, http2, streams: streams.connections, httpMax: bounds.served, handshakeFailures };
    },
    caches: () => this.caches.status(),
    traffic: () => readTrafficFigure(this.metrics.traffic.all(), this.slice),
    overload: () => [this.overload.status()],
  };

  async figure<F extends FigureName>(figure: F): Promise<Figure<F>> {
    return (await this.#figures[figure]()) as Figure<F>;
  }

  certificates() {
    return this.acme.status();
  }

  answerChallenges(outstanding: readonly OutstandingChallenge[]): void {
    this.challenges.set(outstanding);
  }

  adopt({ tickets }: Secrets): void {
    this.tickets.adopt(tickets);
  }

  async purge(purge: Purge): Promise<number> {
    return this.caches.purge(purge);
  }

  drained(): readonly string[] {
    return this.#drained;
  }

  async drain(addresses: readonly string[]): Promise<void> {
    this.#drained = addresses;
    this.registry.drain(addresses);
  }

  place(services: readonly PlacedService[]): void {
    this.registry.place(services);
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
    return this.metrics.read();
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
    const { streams, resolver } = this.config();
    return carries ? this.streams.takeDatagrams(streams, resolver) : this.streams.handDatagramsOver();
  }

  close(deadlineMs = DRAIN_MS, announceMs = 0): Promise<boolean> {
    this.#closing ??= this.#end(announceMs > 0 ? drainGently : drain, deadlineMs, announceMs);
    return this.#closing;
  }

  giveWay(deadlineMs: number): Promise<boolean> {
    this.#closing ??= this.#end(drainGently, deadlineMs);
    return this.#closing;
  }

  /** Readiness first, so that balancers before us look elsewhere. */
  async #end(drained: typeof drain, deadlineMs: number, announceMs = 0): Promise<boolean> {
    this.#notReady = 'draining';
    if (announceMs > 0) await sleep(announceMs);
    this.#source.stop();
    this.shared.close();
    const finished = await drained(this, deadlineMs);
    this.#destroy();
    await this.traces.close();
    await this.#admin?.close();
    return finished;
  }

  /** Force-closes the rest. */
  #destroy(): void {
    this.overload.stop();
    this.descriptors.stop();
    this.acme.stop();
    this.tlsFiles.stop();
    this.listener.destroy();
    this.streams.destroy();
    this.caches.close();
    this.snapshots.retire();
    this.memory.close();
  }
}

const DRAIN_MS = 10_000;
const LOOPBACK = '127.0.0.1';
