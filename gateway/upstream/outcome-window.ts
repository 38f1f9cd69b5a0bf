/**
 * How many exchanges of the last while ended, how many of them failed, and how many did so in a row just now. The while moves on in tenths: what is counted is at most
 * a tenth of it too short. Costs a division and some additions for each exchange, and allocates nothing.
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

  /** @param now milliseconds; what comes late counts as if it came now. */
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
