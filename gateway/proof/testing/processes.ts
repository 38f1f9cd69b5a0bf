import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Logbook } from './logbook.ts';

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Open a channel for messages. */
  readonly channel?: boolean;
}

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process of the harness, leader of a group of its own: its workers and services go with it. */
export class Process {
  readonly child: ChildProcess;
  readonly log = new Logbook();
  readonly ended: Promise<Ended>;

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => this.log.write(text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.log.write(text));
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      child.once('error', () => resolve({ code: null, signal: null }));
    });
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Kills it and all that it started, where it still lives: later its number may be somebody else's. */
  async kill(): Promise<void> {
    if (this.alive) killGroup(this.pid);
    await this.ended;
  }
}

/** Every process that the harness started, so that none outlives it. */
export class Processes {
  readonly #running = new Set<Process>();
  #closed = false;

  /** @throws Error where the program can't be started, or the harness is ending. */
  async start(command: readonly [string, ...string[]], options: StartOptions = {}): Promise<Process> {
    if (this.#closed) throw new Error('the harness is ending: no further process is started');
    const [program, ...args] = command;
    const child = spawn(program, args, {
      detached: true,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, NO_COLOR: '1', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe', ...(options.channel ? ['ipc' as const] : [])],
    });
    const started = new Process(child);
    await once(child, 'spawn');
    this.#running.add(started);
    void started.ended.then(() => this.#running.delete(started));
    return started;
  }

  async killAll(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#running].map((each) => each.kill()));
  }

  /** For `process.on('exit')`, where nothing can be waited for. */
  abandon(): void {
    this.#closed = true;
    for (const { pid } of this.#running) killGroup(pid);
  }
}

function killGroup(pid: number): void {
  // 0 and -1 would be other people's processes.
  if (pid <= 1) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended on its own in the meantime.
  }
}
