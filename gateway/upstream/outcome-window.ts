/**
 * How many exchanges of the last while ended, and how many of them failed. The while moves on in tenths: what is counted is at most
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

  constructor(windowMs: number) {
    this.#bucketMs = windowMs / BUCKETS;
  }

  /** @param now milliseconds; what comes late counts as if it came now. */
  add(failed: boolean, now: number): void {
    this.#advance(now);
    const bucket = this.#tick % BUCKETS;
    this.#total++;
    this.#totals[bucket]!++;
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

  clear(): void {
    this.#totals.fill(0);
    this.#failures.fill(0);
    this.#total = this.#failed = 0;
  }

  /** Forgets the tenths that have fallen out. */
  #advance(now: number): void {
    const tick = Math.floor(now / this.#bucketMs);
    if (tick <= this.#tick) return;
    if (tick - this.#tick >= BUCKETS) this.clear();
    else for (let passed = this.#tick + 1; passed <= tick; passed++) this.#forget(passed % BUCKETS);
    this.#tick = tick;
  }

  #forget(bucket: number): void {
    this.#total -= this.#totals[bucket]!;
    this.#failed -= this.#failures[bucket]!;
    this.#totals[bucket] = this.#failures[bucket] = 0;
  }
}

const BUCKETS = 10;
