import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Logbook } from './logbook.ts';
import { findProgram } from './machine.ts';

export interface StartOptions {
  readonly cwd?: string;
  /** Beside our own; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Open a channel for messages. */
  readonly channel?: boolean;
  /** Text for stdin; `null`: stdin stays open, to be written to. Default: empty. */
  readonly input?: string | null;
  /** The CPU to run on, where `taskset` is installed; default any. */
  readonly cpu?: number | null;
  /** Arguments of the shell's `ulimit`: `-n 128` allows 128 descriptors. Default: the limits of this process. */
  readonly ulimit?: string | undefined;
  /** Sends stdout to /dev/null and keeps only stderr. */
  readonly quiet?: boolean;
  /** The signal that asks it to end; default SIGTERM. */
  readonly endsOn?: NodeJS.Signals;
  readonly user?: { readonly uid: number; readonly gid: number } | null;
}

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process of the kit, leader of a group of its own: its workers and services go with it, and a Ctrl-C in the terminal does not reach them. */
export class Process {
  readonly child: ChildProcess;
  /** Lines of both outputs, in the order in which they came. */
  readonly log = new Logbook();
  /** Resolves when it has ended and all that it printed has been read. */
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';
  readonly #endsOn: NodeJS.Signals;

  constructor(child: ChildProcess, endsOn: NodeJS.Signals) {
    this.child = child;
    this.#endsOn = endsOn;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.log.write(text);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.log.write(text);
    });
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => resolve({ code, signal }));
      child.once('error', () => resolve({ code: null, signal: null }));
    });
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** `code 1`, `signal SIGABRT`; `null` while it runs. */
  get end(): string | null {
    const { exitCode, signalCode } = this.child;
    if (this.alive) return null;
    return signalCode === null ? `code ${exitCode}` : `signal ${signalCode}`;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Asks it to end, and kills it with all that it started where it does not within this time. */
  async stop(withinMs = 5_000): Promise<Ended> {
    this.signal(this.#endsOn);
    const deadline = setTimeout(() => killGroup(this), withinMs);
    return this.ended.finally(() => clearTimeout(deadline));
  }

  /** Kills it and all that it started. */
  async kill(): Promise<void> {
    killGroup(this);
    if (this.alive) await this.ended;
  }

  /** Why it ended: the first line on stderr that mentions an error, else the last line; without the folders of this machine. */
  complaint(): string {
    return complaintIn(this.stderr);
  }
}

/** Every process that a test or tool has started, so that none outlives it. */
export class Processes {
  readonly #running = new Set<Process>();
  readonly #abandon = () => this.abandon();
  #closed = false;

  constructor() {
    process.once('exit', this.#abandon);
  }

  /** Whether all processes are being ended: later failures follow from that. */
  get closed(): boolean {
    return this.#closed;
  }

  /** @throws Error where the program can't be started, or all is ending. */
  async start(command: readonly [string, ...string[]], options: StartOptions = {}): Promise<Process> {
    const started = this.spawn(command, options);
    await once(started.child, 'spawn');
    return started;
  }

  /** The same without waiting for the system. */
  spawn(command: readonly [string, ...string[]], options: StartOptions = {}): Process {
    if (this.#closed) throw new Error('all is ending: no further process is started');
    const { cwd, env, channel, input, quiet, user, endsOn = 'SIGTERM' } = options;
    const [program, ...args] = commandLine(command, options);
    const child = spawn(program, args, {
      detached: true,
      ...(cwd === undefined ? {} : { cwd }),
      ...user,
      env: { ...process.env, FORCE_COLOR: undefined, NO_COLOR: '1', ...env },
      stdio: [
        input === undefined ? 'ignore' : 'pipe',
        quiet ? 'ignore' : 'pipe',
        'pipe',
        ...(channel ? ['ipc' as const] : []),
      ],
    });
    // It may end before it has read all.
    child.stdin?.on('error', () => {});
    if (input !== null) child.stdin?.end(input);
    const started = new Process(child, endsOn);
    this.#running.add(started);
    void started.ended.then(() => this.#running.delete(started));
    return started;
  }

  /** Asks all of them to end, and lets no new one start. */
  async stopAll(): Promise<void> {
    this.#close();
    await Promise.all([...this.#running].map((each) => each.stop()));
  }

  async killAll(): Promise<void> {
    this.#close();
    await Promise.all([...this.#running].map((each) => each.kill()));
  }

  /** For `process.on('exit')`, where nothing can be waited for. */
  abandon(): void {
    this.#close();
    for (const each of this.#running) killGroup(each);
  }

  #close(): void {
    this.#closed = true;
    process.off('exit', this.#abandon);
  }
}

/** `portway`, as its user starts it; in the suite the same program in few files, which starts sooner (.config/test-program.ts). */
export const PORTWAY =
  process.env.PORTWAY_PROGRAM ?? fileURLToPath(new URL('../../bin/portway.js', import.meta.url));

/** The command that pins a process to one CPU; `null`: not installed. */
export function findTaskset(): string | null {
  return findProgram('taskset', ['--version'], /(\d\S*)$/m)?.path ?? null;
}

function commandLine(
  command: readonly [string, ...string[]],
  { cpu = null, ulimit }: StartOptions,
): readonly [string, ...string[]] {
  if (ulimit !== undefined) return ['/bin/sh', '-c', `ulimit ${ulimit} && exec "$@"`, 'sh', ...command];
  const taskset = cpu === null ? null : findTaskset();
  return taskset === null ? command : [taskset, '-c', String(cpu), ...command];
}

/** Only while it lives: later its number may belong to another process. */
function killGroup({ pid, alive }: Process): void {
  // 0 and -1 would be other people's processes.
  if (!alive || pid <= 1) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended on its own in the meantime.
  }
}

/** The document may quote it. */
export function complaintIn(stderr: string): string {
  const lines = stderr
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\((?:node:|Use `node )/.test(line));
  const line =
    lines.find((each) => /error|emerg|alert|fatal/i.test(each)) ??
    lines.at(-1) ??
    'it said nothing on stderr';
  return line
    .trim()
    .replaceAll(/(?<=^|[\s'"(=])(?:\/[^\s/'"]+)+\//g, '')
    .slice(0, 300);
}
