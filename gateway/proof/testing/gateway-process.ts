import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { WorkerStatus } from '../../model/status.ts';
import { freePorts } from './free-port.ts';
import { configurationFolder } from './gateway.ts';
import { Logbook } from './logbook.ts';
import { PATIENCE_MS, until } from './poll.ts';
import { connect, get, type RawClient, request } from './raw-client.ts';

const portway = fileURLToPath(new URL('../../bin/portway.js', import.meta.url));

/** The real process: `portway start --config FILE`. */
export class GatewayProcess {
  readonly child: ChildProcess;
  readonly port: number;
  readonly adminPort: number;
  readonly configFile: string;
  readonly log: Logbook;

  constructor(child: ChildProcess, ports: readonly number[], configFile: string, log: Logbook) {
    this.child = child;
    [this.port = 0, this.adminPort = 0] = ports;
    this.configFile = configFile;
    this.log = log;
  }

  connect(): Promise<RawClient> {
    return connect(this.port);
  }

  /** Asks the admin listener. */
  async admin(method: string, target: string): Promise<{ status: number; body: unknown }> {
    const client = await connect(this.adminPort);
    const answer = await client.exchange(request(method, target, ['Host: localhost']), 15_000);
    client.destroy();
    return { status: answer.status, body: JSON.parse(answer.text) };
  }

  /** The processes of `workers:`. */
  async workers(): Promise<readonly WorkerStatus[]> {
    return (await this.admin('GET', '/workers')).body as WorkerStatus[];
  }

  /** Waits until so many workers take connections, and none other is left. @returns their process ids. */
  async readyWorkers(count: number, withinMs = PATIENCE_MS): Promise<number[]> {
    let workers: readonly WorkerStatus[] = [];
    await until(
      `${count} workers are ready`,
      async () => {
        workers = await this.workers();
        return workers.length === count && workers.every(({ state }) => state === 'ready');
      },
      withinMs,
    );
    return workers.map(({ pid }) => pid);
  }

  /** Sends a signal. */
  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** The exit code, once the process has ended; `null` where a signal ended it. */
  async exitCode(withinMs = PATIENCE_MS): Promise<number | null> {
    await until('the gateway process has ended', () => this.#ended(), withinMs);
    return this.child.exitCode;
  }

  /** Memory that the process holds now, in bytes (Linux). */
  async residentBytes(): Promise<number> {
    return this.#memory('VmRSS');
  }

  /** The most memory that the process ever held, in bytes (Linux). */
  async peakResidentBytes(): Promise<number> {
    return this.#memory('VmHWM');
  }

  /** Kills it at once, where it still lives. */
  async kill(): Promise<void> {
    if (this.#ended()) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }

  #ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  async #memory(key: 'VmRSS' | 'VmHWM'): Promise<number> {
    const status = await readFile(`/proc/${this.child.pid}/status`, 'utf8');
    return Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
  }
}

export interface GatewayProcessOptions {
  /** Further arguments of the command line. */
  readonly args?: readonly string[];
  /** Files to put beside the configuration. */
  readonly files?: Readonly<Record<string, string>>;
  /** How many descriptors it may have (`ulimit -n`); default: as many as we. */
  readonly openFiles?: number;
}

/** Starts the process with `port` and `admin` added to these lines of configuration; it is killed with the test. */
export async function startGatewayProcess(
  yaml: string,
  { args = [], files = {}, openFiles }: GatewayProcessOptions = {},
): Promise<GatewayProcess> {
  const ports = await freePorts(2);
  const folder = await configurationFolder(`port: ${ports[0]}\nadmin: ${ports[1]}\n${yaml}`, files);
  const configFile = join(folder, 'gateway.config.yaml');
  const limit = openFiles === undefined ? '' : `ulimit -n ${openFiles}; `;
  const command = [process.execPath, portway, 'start', '--config', configFile, ...args];
  const child = spawn('sh', ['-c', `${limit}exec "$@"`, 'sh', ...command], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const log = new Logbook();
  child.stdout.setEncoding('utf8').on('data', (text: string) => log.write(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => log.write(text));
  const started = new GatewayProcess(child, ports, configFile, log);
  onTestFinished(() => started.kill());
  await until('the gateway process is ready', () => isReady(started), 30_000).catch((error: Error) => {
    throw new Error(`${error.message}; it wrote:\n${log.text()}`);
  });
  return started;
}

async function isReady(gateway: GatewayProcess): Promise<boolean> {
  if (gateway.child.exitCode !== null)
    throw new Error(`the gateway process ended with ${gateway.child.exitCode}`);
  return connect(gateway.adminPort)
    .then((client) => client.exchange(get('/readyz', 'Host: localhost')))
    .then((answer) => answer.status === 200)
    .catch(() => false);
}
