import type { GatewayStatus, TrafficStatus } from '../../model/status.ts';

/** Counters of one route over a span of time. */
export interface Span {
  readonly seconds: number;
  readonly requests: number;
  readonly failed: number;
  /** As of `TrafficStatus`. */
  readonly buckets: readonly number[];
}

interface Sample {
  readonly at: number;
  readonly traffic: TrafficStatus;
}

const KEPT = 61;
/** How far back the figures of the map reach. */
const SPAN_MS = 60_000;
const RATE_MS = 10_000;

/** Makes rates of counters: a minute of them for each route that has traffic. */
export class Rates {
  readonly #samples = new Map<string, Sample[]>();

  add({ at, routes, unrouted }: GatewayStatus): void {
    const counted = routes.flatMap(({ traffic }) => traffic ?? []);
    const all = unrouted === null ? counted : [...counted, unrouted];
    const known = new Set(all.map(({ id }) => id));
    for (const id of this.#samples.keys()) if (!known.has(id)) this.#samples.delete(id);
    for (const traffic of all) this.#put(at, traffic);
  }

  #put(at: number, traffic: TrafficStatus): void {
    const before = this.#samples.get(traffic.id) ?? [];
    // A gateway that was started again counts from zero.
    const restarted = (before.at(-1)?.traffic.requests ?? 0) > traffic.requests;
    const kept = restarted ? [] : before.slice(-(KEPT - 1));
    // Most of ten thousand routes are idle: an unchanged value is kept once.
    const last = kept.at(-1)?.traffic;
    const same = last !== undefined && last.requests === traffic.requests && last.failed === traffic.failed;
    this.#samples.set(traffic.id, [...kept, { at, traffic: same ? last : traffic }]);
  }

  /** The last minute; `null`: nothing is known of it yet. */
  span(id: string): Span | null {
    return spanOf(this.#samples.get(id) ?? [], SPAN_MS);
  }

  /** Requests per second, over the last ten. */
  perSecond(id: string): number | null {
    const span = spanOf(this.#samples.get(id) ?? [], RATE_MS);
    return span === null ? null : span.requests / span.seconds;
  }

  /** Each look of the last minute, the oldest first. */
  moments(id: string): Moment[] {
    const samples = this.#samples.get(id) ?? [];
    return samples.slice(1).map(({ at, traffic }, index) => {
      const before = samples[index]!.traffic;
      return {
        at,
        requests: traffic.requests - before.requests,
        failed: traffic.failed - before.failed,
        buckets: traffic.buckets.map((count, bucket) => count - (before.buckets[bucket] ?? 0)),
      };
    });
  }

  /** Requests of each second, the oldest first. */
  line(id: string): number[] {
    const samples = this.#samples.get(id) ?? [];
    return samples.slice(1).map(({ at, traffic }, index) => {
      const before = samples[index]!;
      return (traffic.requests - before.traffic.requests) / Math.max(0.1, (at - before.at) / 1000);
    });
  }
}

/** Counters between two looks. */
export interface Moment {
  readonly at: number;
  readonly requests: number;
  readonly failed: number;
  readonly buckets: readonly number[];
}

function spanOf(samples: readonly Sample[], ms: number): Span | null {
  const last = samples.at(-1);
  if (last === undefined) return null;
  const first = samples.find(({ at }) => last.at - at <= ms)!;
  if (first === last) return null;
  return {
    seconds: (last.at - first.at) / 1000,
    requests: last.traffic.requests - first.traffic.requests,
    failed: last.traffic.failed - first.traffic.failed,
    buckets: last.traffic.buckets.map((count, at) => count - (first.traffic.buckets[at] ?? 0)),
  };
}

/** A quantile of durations, as exact as the buckets. `atMost`: it is in the first one, of which only the upper bound is known. */
export interface Quantile {
  readonly ms: number;
  readonly bound: 'at most' | 'about' | 'more than';
}

/** @param share 0.99. @returns `null`: nothing was counted */
export function quantile(
  buckets: readonly number[],
  boundsS: readonly number[],
  share: number,
): Quantile | null {
  const total = buckets.reduce((sum, one) => sum + one, 0);
  if (total === 0) return null;
  const wanted = share * total;
  let below = 0;
  for (const [at, count] of buckets.entries()) {
    if (count > 0 && below + count >= wanted) {
      const lower = (boundsS[at - 1] ?? 0) * 1000;
      if (at === boundsS.length) return { ms: lower, bound: 'more than' };
      const upper = boundsS[at]! * 1000;
      if (at === 0) return { ms: upper, bound: 'at most' };
      return { ms: lower + ((wanted - below) / count) * (upper - lower), bound: 'about' };
    }
    below += count;
  }
  return null;
}
