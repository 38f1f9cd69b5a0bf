import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { WorkerStatus } from '../../model/status.ts';
import { freePorts } from './free-port.ts';
import { ask } from './load.ts';
import type { Logbook } from './logbook.ts';
import { MetricsText } from './metrics-text.ts';
import { PATIENCE_MS, until } from './poll.ts';
import { type Descriptors, descriptorsOf, residentBytes } from './process-facts.ts';
import { type Ended, PORTWAY, type Process, type Processes } from './processes.ts';

const START_MS = 30_000;
const QUIET_MS = 150;

export interface GatewayChildOptions {
  readonly command?: 'start' | 'dev';
  /** Further arguments of the command line. */
  readonly args?: readonly string[];
  /** Files to put beside the configuration. */
  readonly files?: Readonly<Record<string, string>>;
  /** Arguments of the shell's `ulimit`: `-n 128`, so many descriptors. */
  readonly ulimit?: string | undefined;
  /** Where its inspector listens; default nowhere. */
  readonly inspectPort?: number;
  /** Until when it must be ready; default 30 s. */
  readonly readyMs?: number;
  /** `off`: it refuses no request for overload, unless its configuration has `overload:`; for tests of other things on a busy machine. */
  readonly overload?: 'off';
  /** Of clients and of the admin listener; default free ones. */
  readonly ports?: readonly [number, number];
}

/** How a stop went. */
export interface Stopped extends Ended {
  /** Whether its log says that nothing was under way any more. */
  readonly finished: boolean;
  readonly ms: number;
}

/** The gateway as its user starts it: `portway start --config FILE`. */
export class GatewayChild {
  readonly process: Process;
  readonly port: number;
  readonly adminPort: number;
  readonly configFile: string;
  /** What `port` and `admin` are, and whether it may refuse, to be put before any other content of the file. */
  readonly head: string;
  /** Descriptors without a connection, once `takeBase` has counted them; `null` before. */
  base: Descriptors | null = null;

  private constructor(started: Process, ports: readonly [number, number], configFile: string, head: string) {
    this.process = started;
    [this.port, this.adminPort] = ports;
    this.configFile = configFile;
    this.head = head;
  }

  /**
   * @param folder is made, and gets the configuration: `yaml` behind lines with `port` and `admin`.
   * @throws where it is not ready in time, with what it wrote.
   */
  static async start(
    processes: Processes,
    folder: string,
    yaml: string,
    options: GatewayChildOptions = {},
  ): Promise<GatewayChild> {
    const { command = 'start', args = [], files = {}, ulimit, inspectPort, readyMs = START_MS } = options;
    const ports = options.ports ?? ((await freePorts(2)) as [number, number]);
    const calm = options.overload === 'off' && !/^overload:/m.test(yaml) ? 'overload: off\n' : '';
    const head = `port: ${ports[0]}\nadmin: ${ports[1]}\n${calm}`;
    const file = join(folder, 'gateway.config.yaml');
    for (const [name, text] of Object.entries({ 'gateway.config.yaml': head + yaml, ...files })) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const words = [process.execPath, PORTWAY, command, '--config', file, ...args] as const;
    const inspected = inspectPort === undefined ? {} : { NODE_OPTIONS: `--inspect=127.0.0.1:${inspectPort}` };
    const env = { NODE_ENV: 'production', ...inspected };
    const started = await processes.start(words, { cwd: folder, env, ulimit });
    const gateway = new GatewayChild(started, ports, file, head);
    await until('the gateway process is ready', () => gateway.#ready(), readyMs).catch((error: Error) => {
      throw new Error(`${error.message}; it wrote:\n${started.log.text()}`);
    });
    return gateway;
  }

  get alive(): boolean {
    return this.process.alive;
  }

  get pid(): number {
    return this.process.pid;
  }

  get log(): Logbook {
    return this.process.log;
  }

  signal(name: NodeJS.Signals): void {
    this.process.signal(name);
  }

  /** Kills it at once, where it still lives. */
  kill(): Promise<void> {
    return this.process.kill();
  }

  descriptors(): Descriptors {
    return descriptorsOf(this.pid);
  }

  /** Notes how many descriptors it has without a connection, once the number has come to rest. */
  async takeBase(): Promise<void> {
    for (let last = -1; ; ) {
      const base = this.descriptors();
      if (base.all === last) {
        this.base = base;
        return;
      }
      last = base.all;
      await pause(QUIET_MS);
    }
  }

  residentBytes(): number {
    return residentBytes(this.pid);
  }

  /** Changes the content of its configuration file, in place. */
  configure(yaml: string): void {
    writeFileSync(this.configFile, this.head + yaml);
  }

  /** Asks the admin listener; an answer that is not JSON is returned as text. @throws where it does not answer within 15 s. */
  async admin(method: string, path: string): Promise<{ status: number; body: unknown }> {
    const { status, complete, text, broke } = await ask(this.adminPort, path, { method, withinMs: 15_000 });
    if (status === null || !complete)
      throw new Error(`no answer from the admin listener: ${path} (${broke})`);
    return { status, body: /^[[{]/.test(text) ? JSON.parse(text) : text };
  }

  /** Exchanges that it says are under way. */
  async inFlight(): Promise<number> {
    const { body } = await this.admin('GET', '/metrics');
    return new MetricsText(body as string).sum('http_server_active_requests');
  }

  /** Reload counts and what was refused. */
  async configStatus(): Promise<{ reloads: number; rejected: string | null }> {
    return (await this.admin('GET', '/config')).body as { reloads: number; rejected: string | null };
  }

  /** The processes of `workers:`. */
  async workers(): Promise<readonly WorkerStatus[]> {
    return (await this.admin('GET', '/workers')).body as WorkerStatus[];
  }

  /** Waits until so many workers take connections, and none other is left. @returns their process ids. */
  async readyWorkers(count: number, withinMs = PATIENCE_MS): Promise<number[]> {
    let workers: readonly WorkerStatus[] = [];
    const ready = async () => {
      workers = await this.workers();
      return workers.length === count && workers.every(({ state }) => state === 'ready');
    };
    await until(`${count} workers are ready`, ready, withinMs);
    return workers.map(({ pid }) => pid);
  }

  /** The exit code, once the process has ended; `null` where a signal ended it. */
  async exitCode(withinMs = PATIENCE_MS): Promise<number | null> {
    await until('the gateway process has ended', () => !this.alive, withinMs);
    return (await this.process.ended).code;
  }

  /** SIGTERM, and its end. @throws where that takes longer than 15 s. */
  async stop(): Promise<Stopped> {
    const from = performance.now();
    this.signal('SIGTERM');
    await this.exitCode(15_000);
    const ms = Math.round(performance.now() - from);
    const stopped = this.log.records.some(({ msg, finished }) => msg === 'stopped' && finished === true);
    return { ...(await this.process.ended), finished: stopped, ms };
  }

  async #ready(): Promise<boolean> {
    if (!this.alive) throw new Error(`the gateway process ended with ${this.process.end}`);
    return this.admin('GET', '/readyz').then(
      ({ status }) => status === 200,
      () => false,
    );
  }
}
