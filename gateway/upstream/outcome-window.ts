/**
 * Counts exchanges in a sliding window: all, failed, and failed in a row. The window moves in tenths, so that it is at most a tenth too
 * short. An exchange costs a division and some additions, and no allocation.
 */
export class OutcomeWindow {
  readonly #bucketMs: number;
  readonly #totals = new Uint32Array(BUCKETS);
  readonly #failures = new Uint32Array(BUCKETS);
  /** Counts the tenths since the clock began. */
  #tick = 0;
  #total = 0;
  #failed = 0;
  #inRow = 0;

  constructor(windowMs: number) {
    this.#bucketMs = windowMs / BUCKETS;
  }

  /** @param now milliseconds; an older instant counts as the newest one */
  add(failed: boolean, now: number): void {
    this.#advance(now);
    const bucket = this.#tick % BUCKETS;
    this.#total++;
    this.#totals[bucket]!++;
    this.#inRow = failed ? this.#inRow + 1 : 0;
    if (!failed) return;
    this.#failed++;
    this.#failures[bucket]!++;
  }

  total(now: number): number {
    this.#advance(now);
    return this.#total;
  }

  failed(now: number): number {
    this.#advance(now);
    return this.#failed;
  }

  /** Failures since the last success, however long that took. */
  get inRow(): number {
    return this.#inRow;
  }

  clear(): void {
    this.#inRow = 0;
    this.#forgetAll();
  }

  /** Forgets the tenths that have fallen out. */
  #advance(now: number): void {
    const tick = Math.floor(now / this.#bucketMs);
    if (tick <= this.#tick) return;
    if (tick - this.#tick >= BUCKETS) this.#forgetAll();
    else for (let passed = this.#tick + 1; passed <= tick; passed++) this.#forget(passed % BUCKETS);
    this.#tick = tick;
  }

  #forgetAll(): void {
    this.#totals.fill(0);
    this.#failures.fill(0);
    this.#total = this.#failed = 0;
  }

  #forget(bucket: number): void {
    this.#total -= this.#totals[bucket]!;
    this.#failed -= this.#failures[bucket]!;
    this.#totals[bucket] = this.#failures[bucket] = 0;
  }
}

const BUCKETS = 10;
