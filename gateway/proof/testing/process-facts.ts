import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { PATIENCE_MS, until } from './poll.ts';

/** Open descriptors of a process (Linux). */
export interface Descriptors {
  readonly all: number;
  readonly sockets: number;
}

/** @throws where there is no such process. */
export function descriptorsOf(pid: number): Descriptors {
  const folder = `/proc/${pid}/fd`;
  const targets = readdirSync(folder).map((name) => linkOf(`${folder}/${name}`));
  const open = targets.filter((target) => target !== null);
  return { all: open.length, sockets: open.filter((target) => target.startsWith('socket:')).length };
}

/** One that was closed since the folder was read has none. */
function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/** Memory that a process holds now, in bytes (Linux). @throws where there is no such process. */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

/** Whether a process of this id runs. One that has ended and that no parent has noticed yet does not: init may take seconds to. */
export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch {
    return false;
  }
}

/** Known on Linux only. A process whose first thread has ended before the others is in this state too, and its sockets are still open. */
function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  return stateOf(pid) === 'Z' && readdirSync(`/proc/${pid}/task`).length <= 1;
}

/** Whether the first thread of a process waits for something to happen (Linux). @throws where there is no such process. */
export function sleeps(pid: number): boolean {
  return stateOf(pid) === 'S';
}

/** See proc_pid_stat(5): it stands behind the name, which is in parentheses. */
function stateOf(pid: number): string | undefined {
  return /\) (\S) [^)]*$/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1];
}

/** Waits until none of these processes is left. */
export async function gone(pids: readonly number[], withinMs = PATIENCE_MS): Promise<void> {
  await until(`these processes are gone: ${pids}`, () => !pids.some(runs), withinMs);
}

/** Kills those that still run: one may end by itself between a look and the signal. */
export function killThoseThatRun(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
