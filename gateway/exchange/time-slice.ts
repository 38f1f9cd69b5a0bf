/**
 * For work that takes long beside requests that must not wait: it is done in slices, and between them the loop serves everybody else. One may be
 * shared by any number of works: then they take turns, so that all of them together hold the loop for no longer than one would.
 */
export class TimeSlice {
  #since = performance.now();
  /** The one that has waited longest first. */
  readonly #waiting: (() => void)[] = [];

  /** Asked between two steps of the work; if `true`, call `next` before the following step. */
  get isOver(): boolean {
    return performance.now() - this.#since >= SLICE_MS;
  }

  next(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#waiting.push(resolve) === 1) setImmediate(this.#begin);
    return promise;
  }

  /** One per turn: the loop runs other work before the next. */
  readonly #begin = (): void => {
    this.#since = performance.now();
    this.#waiting.shift()?.();
    if (this.#waiting.length > 0) setImmediate(this.#begin);
  };
}

/** Does steps of work in slices. */
export async function inSlices<Result>(
  steps: Iterator<unknown, Result>,
  slice: TimeSlice = new TimeSlice(),
): Promise<Result> {
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) return step.value;
    if (slice.isOver) await slice.next();
  }
}

/** Maps many values, in slices. */
export async function mapInSlices<From, To>(
  all: readonly From[],
  map: (one: From) => To,
  slice: TimeSlice = new TimeSlice(),
): Promise<To[]> {
  const mapped: To[] = [];
  for (const one of all) {
    mapped.push(map(one));
    if (slice.isOver) await slice.next();
  }
  return mapped;
}

/** The longest wait that a slice adds to a request, two or three times that on a busy machine. */
const SLICE_MS = 5;
