import { BOUNDS_S, labelsOfKey, SUM_AT } from '../exchange/counters/duration-series.ts';
import type { Traffic } from '../exchange/counters/traffic.ts';
import { mapInSlices, type TimeSlice } from '../exchange/time-slice.ts';
import type { TrafficFigure, TrafficStatus } from '../model/status.ts';
import { totals } from './totals.ts';

/** The counters of this process, without routes that never had traffic. */
export async function readTrafficFigure(all: readonly Traffic[], slice: TimeSlice): Promise<TrafficFigure> {
  const counted = all.filter(({ durations, active, tunnels }) => durations.size + active + tunnels > 0);
  return { boundsS: BOUNDS_S, routes: await mapInSlices(counted, statusOf, slice) };
}

function statusOf(traffic: Traffic): TrafficStatus {
  const { id, durations, active, tunnels, bytesIn, bytesOut, lastAt } = traffic;
  const buckets: number[] = Array.from({ length: SUM_AT }, () => 0);
  let sumS = 0;
  let failed = 0;
  for (const [key, row] of durations.rows()) {
    let count = 0;
    for (let at = 0; at < SUM_AT; at++) {
      buckets[at]! += row[at]!;
      count += row[at]!;
    }
    sumS += row[SUM_AT]!;
    if (isFailure(key)) failed += count;
  }
  return {
    id,
    requests: sum(buckets),
    failed,
    active,
    tunnels,
    bytesIn: bytesIn + traffic.tunnelBytesIn,
    bytesOut: bytesOut + traffic.tunnelBytesOut,
    lastAt: lastAt === 0 ? null : Math.round(Date.now() - performance.now() + lastAt),
    buckets,
    sumS,
  };
}

function isFailure(key: number): boolean {
  const { http_response_status_code: status = '0', error_type: error } = labelsOfKey(key);
  if (Number(status) >= 500) return true;
  return error !== undefined && error !== 'client_left' && (status === '0' || Number(status) < 400);
}

/** Several processes as one. */
export function trafficOf(told: readonly TrafficFigure[]): TrafficFigure {
  const byId = Map.groupBy(
    told.flatMap(({ routes }) => routes),
    ({ id }) => id,
  );
  return { boundsS: BOUNDS_S, routes: Array.from(byId.values(), joined) };
}

function joined(same: readonly TrafficStatus[]): TrafficStatus {
  const last = Math.max(...same.map(({ lastAt }) => lastAt ?? 0));
  return {
    id: same[0]!.id,
    ...totals(same, 'requests', 'failed', 'active', 'tunnels', 'bytesIn', 'bytesOut', 'sumS'),
    lastAt: last === 0 ? null : last,
    buckets: Array.from({ length: SUM_AT }, (_, at) => sum(same.map(({ buckets }) => buckets[at] ?? 0))),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
