import type { Moment } from '../live/rates.ts';

export const SECONDS = 60;

/** One cell of the map: requests of one look that took as long as this bucket has. */
export interface Cell {
  readonly at: number;
  readonly bucket: number;
  /** 0 to 1. */
  readonly strength: number;
}

/** The root makes few requests beside many visible. */
export function cellsOf(moments: readonly Moment[]): Cell[] {
  const most = Math.max(1, ...moments.flatMap(({ buckets }) => buckets));
  return moments.flatMap(({ at, buckets }) =>
    buckets.flatMap((count, bucket) =>
      count > 0 ? [{ at, bucket, strength: Number(Math.max(0.12, Math.sqrt(count / most)).toFixed(2)) }] : [],
    ),
  );
}

const SHOWN_MIN = 6;

/** As many buckets as were used, so that fast routes have room. @param bounds how many there are without the last */
export function shownBuckets(moments: readonly Moment[], bounds: number): number {
  const used = moments.map(({ buckets }) => buckets.findLastIndex((count) => count > 0) + 1);
  return Math.min(bounds + 1, Math.max(SHOWN_MIN, ...used));
}
