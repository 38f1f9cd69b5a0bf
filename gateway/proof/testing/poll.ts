import { setTimeout as sleep } from 'node:timers/promises';

/** How long a test waits for an expected event. Generous: it only decides how long a failing test takes. */
export const PATIENCE_MS = 20_000;

/**
 * Asks again and again until the answer is true, for states that send no event.
 * @throws at the deadline, with the text.
 */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = PATIENCE_MS,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(5);
  }
}

/** Whether the promise is fulfilled. */
export function succeeds(attempt: Promise<unknown>): Promise<boolean> {
  return attempt.then(
    () => true,
    () => false,
  );
}
