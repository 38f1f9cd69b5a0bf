import { setImmediate as turnOfTheLoop } from 'node:timers/promises';

/** For work that takes long beside requests that must not wait: it is done in slices, and between them the loop serves everybody else. */
export class TimeSlice {
  #since = performance.now();

  /** Asked between two steps of the work; where it says so, `next` must follow. */
  get isOver(): boolean {
    return performance.now() - this.#since >= SLICE_MS;
  }

  async next(): Promise<void> {
    await turnOfTheLoop();
    this.#since = performance.now();
  }
}

/** Does steps of work in slices. */
export async function inSlices<Result>(steps: Iterator<unknown, Result>): Promise<Result> {
  const slice = new TimeSlice();
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) return step.value;
    if (slice.isOver) await slice.next();
  }
}

/** What becomes of each of many, done in slices. */
export async function mapInSlices<From, To>(all: readonly From[], map: (one: From) => To): Promise<To[]> {
  const slice = new TimeSlice();
  const mapped: To[] = [];
  for (const one of all) {
    mapped.push(map(one));
    if (slice.isOver) await slice.next();
  }
  return mapped;
}

/** What a request may have to wait for at most, twice or thrice on a busy machine. */
const SLICE_MS = 5;
