/**
 * How answers of two services compare on one route: how many were the same, and the newest that were not. It outlives reloads, as the counters
 * beside it do.
 */
export class Compared<Pair> {
  same = 0;
  different = 0;
  /** One of the two did not answer, or not to its end. */
  failed = 0;
  /** Too many at once, or a body of the request that is too large. */
  skipped = 0;
  /** Differences that newer ones pushed out. */
  dropped = 0;
  /** The oldest first. */
  readonly differences: Pair[] = [];

  keep(pair: Pair): void {
    this.different++;
    this.differences.push(pair);
    if (this.differences.length <= KEPT_MAX) return;
    this.differences.shift();
    this.dropped++;
  }
}

const KEPT_MAX = 50;
