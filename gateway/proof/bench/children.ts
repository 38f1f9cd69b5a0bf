import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { findProgram } from '../testing/machine.ts';

export interface StartOptions {
  /** The CPU to run on, where `taskset` is installed; `null`: any. */
  readonly cpu: number | null;
  readonly env?: Readonly<Record<string, string>>;
  /** Keep what it prints, instead of sending it to /dev/null. */
  readonly capture?: boolean;
}

/** A process of the benchmark. `ended` resolves, never rejects, with how it ended: `code 1`, `signal SIGTERM`. */
export interface Child {
  readonly pid: number;
  readonly ended: Promise<string>;
  /** What it printed on stdout; empty unless captured. */
  stdout(): string;
  /** Why it gave up, in one line out of what it printed on stderr, without the folders of this machine. */
  complaint(): string;
}

const stderrTailCharacters = 2000;

/**
 * Every process that the benchmark has started, so that none outlives it.
 * Each leads a process group of its own: a Ctrl-C in the terminal reaches only the benchmark, which then ends them in order, and workers
 * of a master that had to be killed go with it.
 */
export class Children {
  readonly #running = new Map<number, Child>();
  readonly #taskset = findProgram('taskset', ['--version'], /(\d\S*)$/m);
  readonly #terminationTimeoutMs: number;
  #closed = false;

  /** @param terminationTimeoutMs from SIGTERM to SIGKILL. */
  constructor(terminationTimeoutMs = 5000) {
    this.#terminationTimeoutMs = terminationTimeoutMs;
  }

  /** Whether the benchmark is ending: what fails from here on fails because of that. */
  get closed(): boolean {
    return this.#closed;
  }

  get pins(): boolean {
    return this.#taskset !== null;
  }

  /** @throws Error once the benchmark is ending, or where the program can't be started. */
  async start(command: readonly [string, ...string[]], options: StartOptions): Promise<Child> {
    if (this.#closed) throw new Error('the benchmark is ending: no further process is started');
    const [program, ...programArguments] = this.#pinned(command, options.cpu);
    const spawned = spawn(program, programArguments, {
      detached: true,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', options.capture ? 'pipe' : 'ignore', 'pipe'],
    });
    const child = watch(spawned);
    await once(spawned, 'spawn');
    this.#running.set(child.pid, child);
    void child.ended.then(() => this.#running.delete(child.pid));
    return child;
  }

  /** SIGTERM, then SIGKILL to its group if it doesn't heed that; resolves when it has ended. */
  async end(child: Child): Promise<void> {
    if (!this.#running.has(child.pid)) return;
    signal(child.pid, 'SIGTERM');
    const deadline = setTimeout(() => signal(-child.pid, 'SIGKILL'), this.#terminationTimeoutMs);
    await child.ended;
    clearTimeout(deadline);
  }

  /** Ends all of them, and lets no new one start. */
  async endAll(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#running.values()].map((child) => this.end(child)));
  }

  /** For `process.on('exit')`, where nothing can be waited for. */
  killAll(): void {
    this.#closed = true;
    for (const pid of this.#running.keys()) signal(-pid, 'SIGKILL');
  }

  #pinned(command: readonly [string, ...string[]], cpu: number | null): readonly [string, ...string[]] {
    if (cpu === null || this.#taskset === null) return command;
    return [this.#taskset.path, '-c', String(cpu), ...command];
  }
}

function watch(spawned: ChildProcess): Child {
  let stdout = '';
  let stderr = '';
  spawned.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  spawned.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-stderrTailCharacters);
  });
  const ended = new Promise<string>((resolve) => {
    spawned.once('error', (error) => resolve(error.message));
    spawned.once('close', (code, name) => resolve(name === null ? `code ${code}` : `signal ${name}`));
  });
  return { pid: spawned.pid ?? -1, ended, stdout: () => stdout, complaint: () => complaintIn(stderr) };
}

/** The first line that speaks of an error, else the last one; file names without their folders, because the document may quote it. */
export function complaintIn(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !isNodeWarning(line));
  const line =
    lines.find((each) => /error|emerg|alert|fatal/i.test(each)) ??
    lines.at(-1) ??
    'it said nothing on stderr';
  return line
    .trim()
    .replaceAll(/(?<=^|[\s'"(=])(?:\/[^\s/'"]+)+\//g, '')
    .slice(0, 300);
}

function isNodeWarning(line: string): boolean {
  return line.startsWith('(node:') || line.startsWith('(Use `node ');
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended on its own in the meantime.
  }
}
