import { Problem } from '../kit/problem.ts';

/**
 * Decoding and encoding take whole cores and a hundred megabytes at a time: a few run, a bounded number
 * waits, and who comes later is told to come again.
 */
export interface WorkQueue {
  /**
   * Runs `work` when its turn comes. Rejects with a Problem 503 where the queue is full, and with the
   * signal's reason where `signal` aborts while it waits; work that runs already can't be stopped by sharp,
   * and its result is let go.
   */
  run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

interface Waiting {
  start(): void;
}

export function createWorkQueue(limits: { readonly running: number; readonly waiting: number }): WorkQueue {
  const waiting = new Set<Waiting>();
  let running = 0;
  function release(): void {
    running -= 1;
    const [next] = waiting;
    next?.start();
  }
  function turn(signal: AbortSignal): Promise<void> {
    if (waiting.size >= limits.waiting) throw busy();
    return new Promise((resolve, reject) => {
      const leave = () => {
        waiting.delete(entry);
        reject(signal.reason);
      };
      const entry: Waiting = {
        start() {
          waiting.delete(entry);
          signal.removeEventListener('abort', leave);
          running += 1;
          resolve();
        },
      };
      waiting.add(entry);
      signal.addEventListener('abort', leave, { once: true });
    });
  }
  return {
    async run(signal, work) {
      signal.throwIfAborted();
      if (running < limits.running) running += 1;
      else await turn(signal);
      try {
        return await work();
      } finally {
        release();
      }
    },
  };
}

function busy(): Problem {
  return new Problem(503, 'busy', 'More images are asked for than can be made now. Try again in a moment.', {
    headers: { 'retry-after': '2' },
  });
}
