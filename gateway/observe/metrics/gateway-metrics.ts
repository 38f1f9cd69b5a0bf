import { createHistogram } from 'node:perf_hooks';
import { TrafficStore } from '../../exchange/counters/traffic-store.ts';
import { inSlices, type TimeSlice } from '../../exchange/time-slice.ts';
import type { RunningStream } from '../../listener/streams/stream.ts';
import type { CacheStatus } from '../../model/status.ts';
import type { OverloadStatus } from '../../overload/overload.ts';
import { readProcess } from './process-reading.ts';
import { type Reading, ReadingBuilder } from './reading.ts';
import { readTraffic } from './traffic-reading.ts';
import { type NamedUpstream, readUpstreams } from './upstream-reading.ts';

/** Values that are read on demand, beside the counters. */
export interface GatewayGauges {
  readonly routes: readonly NamedUpstream[];
  readonly streams: readonly RunningStream[];
  readonly caches: readonly CacheStatus[];
  readonly overload: OverloadStatus;
  /** Of clients. */
  readonly listener: {
    readonly connections: number;
    readonly http2Connections: number;
    readonly handshakeFailures: number;
    readonly h2Closings: { readonly counts: Readonly<Record<'flood' | 'protocol', number>> };
  };
}

/** The metrics of one process that carries traffic. */
export class GatewayMetrics {
  readonly traffic = new TrafficStore();
  readonly loopDelay = new LoopDelay();
  readonly #gauges: () => GatewayGauges;
  readonly #slice: TimeSlice;

  constructor(gauges: () => GatewayGauges, slice: TimeSlice) {
    this.#gauges = gauges;
    this.#slice = slice;
  }

  /** The configuration has changed, or somebody has seen all there is. */
  sweep(): Promise<void> {
    return inSlices(this.#sweep(), this.#slice);
  }

  *#sweep(): Generator<void, void> {
    const configured = new Map<string, NamedUpstream['upstream']>();
    for (const { id, upstream } of this.#namedUpstreams()) yield void configured.set(id, upstream);
    yield* this.traffic.sweep(configured, Date.now());
  }

  async read(): Promise<Reading> {
    const { streams, caches, overload, listener } = this.#gauges();
    const reading = new ReadingBuilder();
    for (const traffic of this.traffic.all()) {
      readTraffic(reading, traffic);
      if (this.#slice.isOver) await this.#slice.next();
    }
    readUpstreams(reading, this.#namedUpstreams());
    reading.add('http_server_open_connections', listener.connections);
    reading.add('portway_http2_open_connections', listener.http2Connections);
    reading.add('portway_tls_handshake_failures_total', listener.handshakeFailures);
    for (const [error_type, count] of Object.entries(listener.h2Closings.counts))
      reading.add('portway_http2_closings_total', count, { error_type });
    for (const { route, entries, bytes } of caches) {
      reading.add('portway_cache_entries', entries, { http_route: route });
      reading.add('portway_cache_bytes', bytes, { http_route: route });
    }
    for (const { config, connections: open, refused } of streams) {
      reading.add('portway_stream_connections', open, { http_route: config.id });
      reading.add('portway_stream_refused_total', refused, { http_route: config.id });
    }
    reading.add('portway_overload_refused_total', overload.refused);
    reading.add('portway_overload_share', overload.share);
    this.#readLoop(reading);
    await readProcess(reading);
    await this.sweep();
    return reading.build();
  }

  #readLoop(reading: ReadingBuilder): void {
    const { p50, p99, max } = this.loopDelay.take();
    reading.add('nodejs_eventloop_delay_p50_seconds', p50);
    reading.add('nodejs_eventloop_delay_p99_seconds', p99);
    reading.add('nodejs_eventloop_delay_max_seconds', max);
  }

  #namedUpstreams(): readonly NamedUpstream[] {
    const { routes, streams } = this.#gauges();
    return [...routes, ...streams.map(({ config, upstream }) => ({ id: config.id, upstream }))];
  }
}

/** How late the event loop was at each look that overload/ takes, since somebody asked last. */
class LoopDelay {
  readonly #looks = createHistogram();

  seen(delayMs: number): void {
    // A histogram of Node takes whole nanoseconds from 1.
    this.#looks.record(Math.max(1, Math.round(delayMs * 1e6)));
  }

  /** In seconds; then it begins anew. */
  take(): { readonly p50: number; readonly p99: number; readonly max: number } {
    const looks = this.#looks;
    if (looks.count === 0) return { p50: 0, p99: 0, max: 0 };
    const taken = {
      p50: looks.percentile(50) / 1e9,
      p99: looks.percentile(99) / 1e9,
      max: looks.max / 1e9,
    };
    looks.reset();
    return taken;
  }
}
