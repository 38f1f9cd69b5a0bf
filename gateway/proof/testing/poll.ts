import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks again and again until the answer is true, for states that send no event.
 * @throws at the deadline, with what was wanted.
 */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 5_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(5);
  }
}
