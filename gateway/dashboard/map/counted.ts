import type { TrafficStatus } from '../../model/status.ts';
import { type Quantile, quantile, type Rates } from '../live/rates.ts';

/** The figures of a row. */
export interface Counted {
  readonly requests: number;
  readonly failedShare: number;
  readonly p50: Quantile | null;
  readonly p99: Quantile | null;
  /** Of the last minute; otherwise nothing came in it, and this is of all that came since the start. */
  readonly recent: boolean;
}

/** Of several routes as one. @returns `null`: there was no request ever. */
export function countedOf(
  ids: readonly string[],
  traffic: ReadonlyArray<TrafficStatus | null>,
  rates: Rates,
  boundsS: readonly number[],
): Counted | null {
  const spans = ids.flatMap((id) => rates.span(id) ?? []);
  const recent = spans.some(({ requests }) => requests > 0);
  const counts = recent ? spans : traffic.filter((one) => one !== null);
  const requests = sum(counts.map((one) => one.requests));
  if (requests === 0) return null;
  const buckets = Array.from({ length: boundsS.length + 1 }, (_, at) =>
    sum(counts.map((one) => one.buckets[at] ?? 0)),
  );
  return {
    requests,
    failedShare: sum(counts.map(({ failed }) => failed)) / requests,
    p50: quantile(buckets, boundsS, 0.5),
    p99: quantile(buckets, boundsS, 0.99),
    recent,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
