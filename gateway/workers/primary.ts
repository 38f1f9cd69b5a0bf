import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Acme } from '../acme/acme.ts';
import type { Gateway, GatewayOptions } from '../contract.ts';
import { TimeSlice } from '../exchange/time-slice.ts';
import type { FileContent } from '../files/content.ts';
import { inheritedPorts, NOT_WITH_WORKERS } from '../listener/inherited-ports.ts';
import type { GatewayConfig, PlacedService } from '../model/config.ts';
import type { ConfigStatus, Replacement, WorkerStatus } from '../model/status.ts';
import type { Admin } from '../observe/admin.ts';
import { joinedCompared } from '../observe/exchanges/compared.ts';
import { joinedLists } from '../observe/exchanges/inspector.ts';
import { joinedMessages } from '../observe/exchanges/messages.ts';
import { type Figure, type FigureName, figureOf, UnavailableError } from '../observe/figures.ts';
import { readCertificates, readConfig, readShared } from '../observe/metrics/config-reading.ts';
import type { Reading } from '../observe/metrics/reading.ts';
import { explainExchange } from '../proxy/explain.ts';
import { Reloader, type ReloadResult } from '../proxy/reloader.ts';
import { type RouteTable, routeTableOf } from '../route/table.ts';
import { Shared } from '../shared/shared.ts';
import { Fleet } from './fleet.ts';
import { FleetMetrics, readPrimary } from './fleet-metrics.ts';
import type { PrimaryStatus } from './messages.ts';
import { Replacing } from './replacing.ts';
import type { WorkerProcess } from './worker-process.ts';
import type { WorkerSlot } from './worker-slot.ts';

export interface PrimaryOptions extends GatewayOptions {
  /** `auto`: as many as the machine can run at once. */
  readonly workers: number | 'auto';
  /** Time for a replaced worker to finish its exchanges, in milliseconds. */
  readonly drainMs: number;
  /** How long a worker may take until it takes connections; default 30 s. */
  readonly startTimeoutMs?: number;
}

/**
 * Starts as many gateways as `workers` says, each a process of its own on the same ports. The primary carries nothing: it follows the file,
 * keeps every slot filled, and answers for all on the admin listener.
 * @throws as `startGateway` does
 */
export async function startPrimary(options: PrimaryOptions): Promise<Gateway> {
  const primary = new Primary(options);
  // However we end, short of SIGKILL, when they see by themselves that we are gone.
  process.on('exit', () => primary.kill());
  await primary.start();
  return primary;
}

class Primary implements Gateway {
  readonly #options: PrimaryOptions;
  readonly #onReload: ((config: GatewayConfig) => void)[] = [];
  #fleet: Fleet | null = null;
  readonly #metrics = new FleetMetrics(() => this.#fleet?.living() ?? []);
  #reloader: Reloader | null = null;
  #table: RouteTable | null = null;
  #admin: Admin | null = null;
  #notReady: string | null = 'starting';
  readonly #replacing: Replacing;
  /** Workers find ordered certificates on disk. */
  readonly #acme: Acme;
  readonly #shared: Shared;
  #closing: Promise<boolean> | null = null;
  /** Where the services are that a cluster names. */
  #placed: readonly PlacedService[] = [];
  #news: NodeJS.Timeout | undefined;
  #published = '';
  #adminSessions = false;
  /** For its answers. */
  readonly #slice = new TimeSlice();
  adminAddress: Gateway['adminAddress'] = null;

  constructor(options: PrimaryOptions) {
    this.#options = options;
    const { log, env, drainMs } = options;
    this.#acme = new Acme({
      log,
      env,
      offer: (outstanding) => this.#workers.answerChallenges(outstanding),
      share: () => this.#shared.acme,
    });
    this.#shared = new Shared({
      log,
      workers: () => this.#processes(),
      version: () => this.#reloader?.status.version ?? '',
      purge: (purge) => void this.#fleet?.askAll('purge', purge),
      answer: async (outstanding) => this.#fleet?.answerChallenges(outstanding),
      adopt: () => this.#fleet && this.#tellNews(),
    });
    this.#replacing = new Replacing({
      log,
      drainMs,
      fleet: () => this.#workers,
      look: () => this.#reloader!.look(),
      stopping: () => this.#closing !== null,
    });
  }

  async start(): Promise<void> {
    const { configFile: file, validated, env, log, listen = {} } = this.#options;
    if (inheritedPorts(env).length > 0) log.warn(NOT_WITH_WORKERS);
    try {
      const apply = (config: GatewayConfig, content: FileContent) => this.#apply(config, content);
      const placed = (services: readonly PlacedService[]) => {
        this.#placed = services;
        void this.#fleet?.askAll('place', services);
      };
      this.#reloader = await Reloader.start({ file, env, log, apply, placed }, validated);
      const { admin } = this.config();
      const adminPort = listen.adminPort ?? admin?.port ?? false;
      if (admin && adminPort !== false) await this.#openAdmin(admin.host, adminPort);
    } catch (cause) {
      await this.close(0);
      throw cause;
    }
    this.#notReady = null;
    this.#news = setInterval(() => this.#tellNews(), NEWS_MS).unref();
  }

  async #apply(config: GatewayConfig, content: FileContent): Promise<void> {
    this.#options.log.level = config.log.level;
    this.#adminSessions ||= config.admin?.token !== undefined;
    if (this.#closing === null) this.#shared.use(config);
    if (this.#fleet) await this.#fleet.take(content);
    else await this.#openFleet(content);
    this.#table = routeTableOf(config, this.#options.mode);
    if (this.#closing === null) this.#acme.use(config);
    for (const listener of this.#onReload) listener(config);
  }

  #processes(): number {
    const { workers } = this.#options;
    return workers === 'auto' ? availableParallelism() : workers;
  }

  #openFleet(content: FileContent): Promise<void> {
    const { configFile, mode, log, startTimeoutMs = START_MS } = this.#options;
    const options = {
      configFile,
      mode,
      log,
      startTimeoutMs,
      workers: this.#processes(),
      primaryStatus: () => this.#primaryStatus(),
      adminSessions: () => this.#adminSessions,
      placed: () => this.#placed,
      counts: this.#shared.counts,
      texts: this.#shared.texts,
      ended: (worker: WorkerProcess) => this.#metrics.ended(worker),
      dismissed: (slot: WorkerSlot) => void this.#replacing.replaceDismissed(slot),
    };
    this.#fleet = new Fleet(options, content);
    return this.#fleet.open();
  }

  async #openAdmin(host: string, port: number): Promise<void> {
    const { createAdmin } = await import('../observe/admin.ts');
    this.#admin = createAdmin(
      {
        mode: this.#options.mode,
        env: this.#options.env,
        slice: this.#slice,
        port: () => this.address.port,
        notReady: () => this.#whyNotReady(),
        config: () => this.config(),
        configStatus: () => this.configStatus(),
        figure: (figure) => this.figure(figure),
        workers: () => this.workers(),
        replaceWorkers: () => this.replaceWorkers(),
        drained: () => this.drained(),
        drain: (addresses) => this.drain(addresses),
        purge: async (purge) => {
          this.#shared.tellPurge(purge);
          const forgotten = await this.#workers.askAll('purge', purge);
          return forgotten.reduce((sum, urls) => sum + urls, 0);
        },
        metrics: () => this.#readings(),
        certificates: () => this.certificates(),
        shared: () => this.#shared.status(),
        services: this.#options.serviceControl ?? null,
        explain: (input) =>
          explainExchange(this.#table!, this.config(), { ...input, drained: this.drained() }),
        onReload: (heard) => this.onReload(heard),
        exchanges: {
          find: async (query) => joinedLists(await this.#workers.askAll('exchanges', query), query.limit),
          one: async (id, bodies) => known(await this.#workers.askAll('exchange', { id, bodies })),
          request: async (id) => known(await this.#workers.askAll('keptRequest', id)),
          capture: (capture) => this.#workers.capture(capture),
          captured: () => this.#workers.captured,
          messages: async (query) =>
            joinedMessages(await this.#workers.askAll('messages', query), query.limit),
          compared: async (query) =>
            joinedCompared(await this.#workers.askAll('compared', query), query.limit),
        },
      },
      { log: this.#options.log },
    );
    this.adminAddress = await this.#admin.listen(host, port);
  }

  get #workers(): Fleet {
    return this.#fleet!;
  }

  /** One worker that is being replaced is no reason to send nothing more to its peers. */
  #whyNotReady(): string | null {
    if (this.#notReady !== null || this.#workers.ready().length > 0) return this.#notReady;
    return 'without a worker at this moment';
  }

  get address() {
    return this.#workers.listening;
  }

  config(): GatewayConfig {
    return this.#reloader!.config;
  }

  configStatus(): ConfigStatus {
    return this.#reloader!.status;
  }

  async figure<F extends FigureName>(figure: F): Promise<Figure<F>> {
    this.#tellNews();
    const answers = await this.#workers.askAll('figure', figure);
    // An empty list would say that there are no routes.
    if (answers.length === 0) throw new UnavailableError('No worker has answered in time: see /workers.');
    return figureOf(figure, answers);
  }

  async #readings(): Promise<readonly Reading[]> {
    const { routes, streams } = this.config();
    const ids = new Set([...routes, ...streams].map(({ id }) => id));
    const { status, refusals } = this.#reloader!;
    const own = [
      readConfig(status, refusals),
      readCertificates(this.certificates(), this.#acme.results),
      readShared(this.#shared.status()),
      await readPrimary(this.#workers),
    ];
    return [...own, ...(await this.#metrics.readings(ids))];
  }

  certificates() {
    return this.#acme.status();
  }

  workers(): Promise<readonly WorkerStatus[]> {
    return Promise.all(this.#workers.living().map((worker) => this.#statusOf(worker)));
  }

  async #statusOf(worker: WorkerProcess): Promise<WorkerStatus> {
    const slot = this.#workers.slots.find((one) => one.worker === worker);
    const { pid, since } = worker;
    const connections = worker.state === 'starting' ? 0 : await connectionsOf(worker);
    const { state, silent } = worker;
    return {
      pid,
      state: silent && state === 'ready' ? 'silent' : state,
      since,
      connections,
      restarts: slot?.restarts ?? 0,
    };
  }

  onReload(listener: (config: GatewayConfig) => void): void {
    this.#onReload.push(listener);
  }

  reload(): Promise<ReloadResult> {
    return this.#reloader!.reload();
  }

  replaceWorkers(): Promise<Replacement> {
    return this.#replacing.replaceAll();
  }

  drained(): readonly string[] {
    return this.#workers.drained;
  }

  drain(addresses: readonly string[]): Promise<void> {
    return this.#workers.drain(addresses);
  }

  #primaryStatus(): PrimaryStatus {
    const { services, configFile: file } = this.#options;
    const config = this.#reloader?.status ?? { file, loadedAt: Date.now(), reloads: 0, rejected: null };
    const { secrets, counts } = this.#shared;
    return { services: services?.() ?? [], config, secrets, processes: counts.processes };
  }

  /** The supervisor's state changes without an event. */
  #tellNews(): void {
    const primaryStatus = this.#primaryStatus();
    const text = JSON.stringify(primaryStatus);
    if (text === this.#published) return;
    this.#published = text;
    this.#workers.sendPrimaryStatus(primaryStatus);
  }

  close(deadlineMs = this.#options.drainMs, announceMs = 0): Promise<boolean> {
    this.#closing ??= this.#drain(deadlineMs, announceMs);
    return this.#closing;
  }

  /** Readiness first, so that balancers before us look elsewhere. */
  async #drain(deadlineMs: number, announceMs: number): Promise<boolean> {
    this.#notReady = 'draining';
    if (announceMs > 0) await sleep(announceMs);
    this.#acme.stop();
    this.#shared.close();
    clearInterval(this.#news);
    this.#reloader?.stopWatching();
    const finished = (await this.#fleet?.close({ deadlineMs, gently: announceMs > 0 })) ?? true;
    await this.#admin?.close();
    return finished;
  }

  kill(): void {
    this.#fleet?.kill();
  }
}

/** The answer of the worker that has the exchange. */
function known<T>(answers: readonly (T | null)[]): T | null {
  return answers.find((one) => one !== null) ?? null;
}

/** Of its clients, on all ports; `null`: it did not say. */
async function connectionsOf(worker: WorkerProcess): Promise<number | null> {
  const answers = await worker.ask('figure', 'connections').catch(() => null);
  if (answers === null) return null;
  const { http, streams } = figureOf('connections', [answers]);
  return http + streams;
}

const START_MS = 30_000;
const NEWS_MS = 250;
