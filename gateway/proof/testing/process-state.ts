import { readdirSync, readFileSync } from 'node:fs';
import { PATIENCE_MS, until } from './poll.ts';

/** Whether a process of this id runs. One that has ended and that no parent has noticed yet does not: init may take seconds to. */
export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch {
    return false;
  }
}

/**
 * Known on Linux only. See proc_pid_stat(5): the state stands behind the name, which is in parentheses. A process whose first thread has
 * ended before the others is in this state too, and its sockets are still open.
 */
function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  const ended = /\) Z [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  return ended && readdirSync(`/proc/${pid}/task`).length <= 1;
}

/** Waits until none of these processes is left. */
export async function gone(pids: readonly number[], withinMs = PATIENCE_MS): Promise<void> {
  await until(`these processes are gone: ${pids}`, () => !pids.some(runs), withinMs);
}
