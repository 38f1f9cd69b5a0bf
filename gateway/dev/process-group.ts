import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { membership, processIds } from './listening-sockets.ts';
import { OutputLines } from './output-lines.ts';

/** How a process ended; both are `null` where it could not be started. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Launch {
  /** A shell command line. */
  readonly commandLine: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Each line that it writes, to stdout or stderr, as it was written. */
  readonly onLine: (line: string) => void;
}

/** Processes that outlive their leader may keep its pipes open: their end is not awaited longer than this. */
const lastOutputMs = 250;
/** SIGKILL can't be refused, but the kernel takes its time with a process that writes to a disk. */
const killedWithinMs = 2000;

const hasGroups = process.platform !== 'win32';

/**
 * A shell command line and all processes that it starts, as one process group.
 *
 * The group ends together: a shell that dies of SIGTERM leaves its children, and a child that lives on keeps the port. Its standard input
 * is a pipe that we hold open and never write to: it ends when we do, however we end, which tells the service.
 */
export class ProcessGroup {
  readonly pid: number | null;
  /** Settles when the command line has ended and its last output was read; others of the group may live on. Never rejects. */
  readonly ended: Promise<Exit>;
  readonly #outputRead: Promise<void>;
  #gone = false;

  constructor(launch: Launch) {
    const child = spawn(launch.commandLine, {
      shell: true,
      detached: hasGroups,
      windowsHide: true,
      cwd: launch.cwd,
      env: launch.env,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.pid = child.pid ?? null;
    // Listens for `error` before all else: without descriptors left, there are no streams to touch.
    const exit = exitOf(child, launch.onLine);
    child.stdin.on('error', () => {});
    const streams = [child.stdout, child.stderr].map((stream) => readLines(stream, launch.onLine));
    this.#outputRead = Promise.all(streams).then(() => {});
    this.ended = exit.then(async (reason) => {
      await this.#readRest();
      return reason;
    });
  }

  /**
   * SIGTERM to all, and SIGKILL to those that are still there after the grace period.
   * @returns whether SIGKILL was needed.
   */
  async stop(graceMs: number): Promise<boolean> {
    this.#send('SIGTERM');
    const heeded = await this.#goneWithin(graceMs);
    if (!heeded) {
      this.kill();
      await this.#goneWithin(killedWithinMs);
    }
    await this.#readRest();
    return !heeded;
  }

  /** SIGKILL to all, now: may be called where nothing asynchronous runs any more. */
  kill(): void {
    this.#send('SIGKILL');
  }

  #readRest(): Promise<void> {
    return Promise.race([this.#outputRead, sleep(lastOutputMs, undefined, { ref: false })]);
  }

  #send(signal: NodeJS.Signals): void {
    if (this.pid === null || this.#gone) return;
    if (!hasGroups) execFile('taskkill', ['/pid', String(this.pid), '/t', '/f'], () => {});
    else if (!signalGroup(this.pid, signal)) this.#gone = true;
  }

  /** There is no event for the end of a group's last process, so this polls. */
  async #goneWithin(timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    for (let pauseMs = 5; !(await this.#isGone()); pauseMs = Math.min(pauseMs * 1.5, 100)) {
      if (performance.now() >= deadline) return false;
      await sleep(pauseMs);
    }
    return true;
  }

  async #isGone(): Promise<boolean> {
    // A number that is free again may be given to a stranger, hence it is never signalled after it was once seen free.
    if (!this.#gone && this.pid !== null) this.#gone = !(await groupLives(this.pid));
    return this.#gone || this.pid === null;
  }
}

/** Reads a stream line by line. @returns a promise of its end. */
function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  const lines = new OutputLines(onLine);
  stream.setEncoding('utf8').on('data', (text: string) => lines.write(text));
  return new Promise((resolve) => {
    const end = () => {
      lines.end();
      resolve();
    };
    stream.once('end', end).once('error', end);
  });
}

function exitOf(
  child: ChildProcessByStdio<Writable, Readable, Readable>,
  onLine: (line: string) => void,
): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', (error) => {
      onLine(`could not be started: ${error.message}`);
      if (child.pid === undefined) resolve({ code: null, signal: null });
    });
  });
}

/** @returns false where no such group exists. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch (error) {
    // EPERM: it exists, but runs as somebody else (`sudo`).
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function groupLives(pid: number): Promise<boolean> {
  if (!hasGroups) return processLives(pid);
  if (!signalGroup(pid, 0)) return false;
  return process.platform === 'linux' ? hasLivingMember(pid) : true;
}

function processLives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/**
 * Whether a member is more than a zombie. In a container whose first process reaps no children, ended orphans stay in the group for ever,
 * and waiting for them would be in vain. A process whose first thread has ended before the others looks like a zombie, but still holds its
 * port.
 */
async function hasLivingMember(group: number): Promise<boolean> {
  for (const pid of await processIds()) {
    const { state, group: memberOf } = await membership(pid);
    if (memberOf !== group || state === 'X') continue;
    if (state !== 'Z' || (await threads(pid)) > 1) return true;
  }
  return false;
}

async function threads(pid: string): Promise<number> {
  return (await readdir(`/proc/${pid}/task`).catch(() => [])).length;
}
