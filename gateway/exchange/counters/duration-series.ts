/** In seconds, as OpenTelemetry recommends for HTTP; the last bucket is for all that took longer. */
export const BOUNDS_S: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

/** Where the sum stands, behind the buckets. */
export const SUM_AT = BOUNDS_S.length + 1;

/** Histograms of durations by series key (series-key.ts): a row of numbers for each that has come, so that to count is to add to three of them. */
export class DurationSeries {
  /** `null`: none has come, as on most of ten thousand routes. */
  #rows: Map<number, Float64Array> | null = null;

  record(key: number, ms: number): void {
    const row = this.#rows?.get(key) ?? this.#begin(key);
    const seconds = ms / 1000;
    let bucket = 0;
    while (bucket < BUCKETS && seconds > BOUNDS[bucket]!) bucket++;
    row[bucket]!++;
    row[SUM_AT]! += seconds;
  }

  #begin(key: number): Float64Array {
    const row = new Float64Array(SUM_AT + 1);
    this.#rows ??= new Map();
    this.#rows.set(key, row);
    return row;
  }

  get size(): number {
    return this.#rows?.size ?? 0;
  }

  /** Counts of the buckets, each by itself, then the sum in seconds. */
  rows(): Iterable<[key: number, row: Readonly<Float64Array>]> {
    return this.#rows ?? [];
  }
}

const BUCKETS = BOUNDS_S.length;
const BOUNDS: Readonly<Float64Array> = Float64Array.from(BOUNDS_S);
