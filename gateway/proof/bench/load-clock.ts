import { readFileSync } from 'node:fs';

/**
 * The time that a load is offered in, and its latencies are measured in. On a shared machine a process gets now a tenth and now all of a core, and what
 * it can do in a second varies with that; so the time in which it would have run and others did can be left out. Only that of the main thread
 * counts, which is what the event loop runs on.
 */
export class LoadClock {
  readonly #file: string | null;
  #deniedMs = 0;

  /** @param pid whose waits for a CPU are left out; `null`: nobody's. */
  constructor(pid: number | null) {
    this.#file = pid === null ? null : `/proc/${pid}/schedstat`;
    this.look();
  }

  /** Milliseconds, less the waits as of the newest look. */
  get nowMs(): number {
    return performance.now() - this.#deniedMs;
  }

  /** To be called every few milliseconds. The second number of schedstat is nanoseconds spent runnable, without a CPU. */
  look(): void {
    if (this.#file === null) return;
    this.#deniedMs = Number(readFileSync(this.#file, 'latin1').split(' ')[1]) / 1e6;
  }
}
