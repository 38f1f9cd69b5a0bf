import { setImmediate as turnOfTheLoop } from 'node:timers/promises';

/** For work that takes long beside requests that must not wait: it is done in slices, and between them the loop serves everybody else. */
export class Pace {
  #since = performance.now();

  /** Asked between two steps of the work; `rest` is due where it says so. */
  get due(): boolean {
    return performance.now() - this.#since >= SLICE_MS;
  }

  async rest(): Promise<void> {
    await turnOfTheLoop();
    this.#since = performance.now();
  }
}

/** What a request may have to wait for at most, twice or thrice on a busy machine. */
const SLICE_MS = 5;
