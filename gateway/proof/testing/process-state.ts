import { readFileSync } from 'node:fs';
import { until } from './poll.ts';

/** Whether a process of this id runs. One whose parent went first has ended when nobody has noticed yet: init may take seconds to. */
export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch {
    return false;
  }
}

/** Known on Linux only. See proc_pid_stat(5): the state stands behind the name, which is in parentheses. */
function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  return /\) Z [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
}

/** Waits until none of these processes is left. */
export async function gone(pids: readonly number[], withinMs = 5_000): Promise<void> {
  await until(`these processes are gone: ${pids}`, () => !pids.some(lives), withinMs);
}
