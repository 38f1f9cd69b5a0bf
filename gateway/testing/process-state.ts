import { until } from './poll.ts';

/** Whether there is a process of this id. */
export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits until none of these processes is left. */
export async function gone(pids: readonly number[], withinMs = 5_000): Promise<void> {
  await until(`these processes are gone: ${pids}`, () => !pids.some(lives), withinMs);
}
