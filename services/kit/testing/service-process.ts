import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A service as its users meet it: a process of its own, on a free port, with a data folder that outlives it. */
export interface ServiceProcess {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly child: ChildProcess;
  /** Every JSON line so far. */
  readonly log: readonly Record<string, unknown>[];
  /** Resolves when a line with this message is there, or comes. */
  logged(message: string): Promise<Record<string, unknown>>;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<ExitOutcome>;
  exited(): Promise<ExitOutcome>;
}

interface ExitOutcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface StartOptions {
  readonly dataDir?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The largest file that the system lets it write, for tests of a disk that is full. */
  readonly fileMaxKib?: number;
}

const servicesFolder = join(import.meta.dirname, '../..');

/** Starts `services/<name>/main.ts` and waits until it listens. */
export async function startService(name: string, options: StartOptions = {}): Promise<ServiceProcess> {
  const child = spawnService(name, options);
  const log: Record<string, unknown>[] = [];
  const waiting = new Set<() => void>();
  createInterface({ input: child.stdout! }).on('line', (line) => {
    log.push(JSON.parse(line));
    for (const check of waiting) check();
  });
  const logged = (message: string) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      const check = () => {
        const line = log.find((candidate) => candidate.msg === message);
        if (!line) return;
        waiting.delete(check);
        resolve(line);
      };
      waiting.add(check);
      child.once('close', () => reject(new Error(`${name} ended before it logged "${message}"`)));
      check();
    });
  const port = Number((await logged('listening')).port);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    pid: child.pid!,
    child,
    log,
    logged,
    exited: () => exitOf(child),
    async end(signal) {
      const exit = exitOf(child);
      child.kill(signal);
      return exit;
    },
  };
}

/** Starts the process without waiting, for starts that are meant to fail. */
export function spawnService(name: string, options: StartOptions = {}): ChildProcess {
  const main = join(servicesFolder, name, 'main.ts');
  const command = options.fileMaxKib
    ? ['sh', '-c', `ulimit -f ${options.fileMaxKib * 2}; exec "$0" "$1"`, process.execPath, main]
    : [process.execPath, main];
  return spawn(command[0]!, command.slice(1), {
    env: {
      PATH: process.env.PATH,
      // What was compiled once is not compiled again: half of the time of a start is that.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      PORT: '0',
      // A test that fails half-way, or is killed, takes its services with it: their pipe ends.
      PORTWAY_SUPERVISED: '1',
      // A line for each request is one of debugging where a supervisor writes its own.
      LOG_LEVEL: 'debug',
      ...(options.dataDir ? { DATA_DIR: options.dataDir } : {}),
      ...options.env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** A folder that is gone when the test file is done: `await using data = await temporaryFolder()`. */
export async function temporaryFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'portway-service-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

async function exitOf(child: ChildProcess): Promise<ExitOutcome> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return { code: child.exitCode, signal: child.signalCode };
}
