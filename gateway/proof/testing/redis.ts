import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accepts } from '../../dev/port-probe.ts';
import { freePort } from './free-port.ts';
import { ask } from './load.ts';
import { until } from './poll.ts';
import type { Process, Processes } from './processes.ts';
import { findPrograms } from './real-server.ts';

/** Why tests with a real Redis are skipped; empty: they are not. */
export const { missing: missingRedis } = findPrograms('redis-server');

/** A real Redis on a port of its own, which forgets everything when it is killed. */
export class TestRedis {
  readonly port: number;
  readonly #folder: string;
  readonly #arguments: readonly string[];
  readonly #processes: Processes;
  #process: Process | null = null;

  private constructor(processes: Processes, port: number, folder: string, args: readonly string[]) {
    this.#processes = processes;
    this.port = port;
    this.#folder = folder;
    this.#arguments = args;
  }

  static async start(processes: Processes, ...args: readonly string[]): Promise<TestRedis> {
    const redis = await TestRedis.planned(processes, ...args);
    await redis.begin();
    return redis;
  }

  /** Not running yet. */
  static async planned(processes: Processes, ...args: readonly string[]): Promise<TestRedis> {
    const folder = mkdtempSync(join(tmpdir(), 'portway-redis-'));
    return new TestRedis(processes, await freePort(), folder, args);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async begin(): Promise<void> {
    const { paths } = findPrograms('redis-server');
    const own = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const command = [paths['redis-server'], ...own, '--dir', this.#folder, ...this.#arguments] as const;
    this.#process = await this.#processes.start(command);
    await until('the Redis accepts connections', () => accepts('127.0.0.1', this.port, 1_000));
  }

  async kill(): Promise<void> {
    this.#process!.signal('SIGKILL');
    await this.#process!.ended;
  }

  hang(): void {
    this.#process!.signal('SIGSTOP');
  }

  goOn(): void {
    this.#process!.signal('SIGCONT');
  }
}

/** The state of `shared:` in a gateway's status. */
export interface SharedTold {
  readonly failure: string | null;
  readonly replicas: readonly { readonly version: string; readonly workers: number; readonly own: boolean }[];
  readonly versions: number;
  readonly words: { readonly shared: number; readonly local: number };
}

export async function sharedOf(adminPort: number): Promise<SharedTold> {
  const { text } = await ask(adminPort, '/status', { method: 'GET', withinMs: 15_000 });
  return (JSON.parse(text) as { shared: SharedTold }).shared;
}

/** Each of them knows of all, and of no other. */
export function allMeet(adminPorts: readonly number[]): Promise<void> {
  return until('all replicas know of each other', async () => {
    const told = await Promise.all(adminPorts.map(sharedOf));
    return told.every(({ failure, replicas }) => failure === null && replicas.length === adminPorts.length);
  });
}

export function allAlone(adminPorts: readonly number[]): Promise<void> {
  return until('all replicas know that they are alone', async () => {
    const told = await Promise.all(adminPorts.map(sharedOf));
    return told.every(({ failure }) => failure !== null);
  });
}
