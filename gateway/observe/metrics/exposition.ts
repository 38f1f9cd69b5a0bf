import type { Registry } from 'prom-client';
import { BOUNDS_S, SUM_AT } from '../../exchange/counters/duration-series.ts';
import type { TimeSlice } from '../../exchange/time-slice.ts';
import { METRICS, type MetricName } from './catalog.ts';
import type { Reading, Series } from './reading.ts';
import { Sums } from './sums.ts';

export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Joins the readings of several processes in the text format of Prometheus, in pieces: ten thousand busy routes take 57 MB, and requests
 * must not wait for that. prom-client is loaded on demand: workers, and gateways that nobody scrapes, do without.
 */
export async function* exposition(readings: readonly Reading[], slice: TimeSlice): AsyncGenerator<string> {
  const { Registry } = await import('prom-client');
  const registry = new Registry();
  const sums = await summed(readings, slice);
  for (const name of Object.keys(METRICS) as MetricName[]) {
    const all = [...sums.of(name)];
    // Each metric is there, if only with its type.
    for (let at = 0; at === 0 || at < all.length; at += SERIES_AT_ONCE) {
      const text = await familyText(registry, name, all.slice(at, at + SERIES_AT_ONCE));
      yield at === 0 ? text : withoutHead(text);
      if (slice.isOver) await slice.next();
    }
  }
}

async function summed(readings: readonly Reading[], slice: TimeSlice): Promise<Sums> {
  const sums = new Sums();
  for (const { name, series } of readings.flat()) {
    for (const one of series) {
      sums.add(name, one);
      if (slice.isOver) await slice.next();
    }
  }
  return sums;
}

/** With the HELP and TYPE lines before it, and a final line end. */
async function familyText(registry: Registry, name: MetricName, all: readonly Series[]): Promise<string> {
  const { type, help } = METRICS[name];
  const values = type === 'histogram' ? all.flatMap((one) => histogramSamples(name, one)) : all.map(sample);
  registry.clear();
  registry.registerMetric({ name, get: async () => ({ name, help, type, values }) } as never);
  return `${await registry.getSingleMetricAsString(name)}\n`;
}

function sample({ labels, values: [value] }: Series) {
  return { labels, value };
}

function histogramSamples(name: MetricName, { labels, values }: Series) {
  // The common text of all lines is made once.
  const line = (suffix: string, value: number, own = {}) => ({
    metricName: `${name}_${suffix}`,
    labels: own,
    sharedLabels: labels,
    value,
  });
  let count = 0;
  const buckets = [...BOUNDS_S.map(String), '+Inf'].map((le, at) => {
    count += values[at]!;
    return line('bucket', count, { le });
  });
  return [...buckets, line('sum', values[SUM_AT]!), line('count', count)];
}

function withoutHead(text: string): string {
  return text.replace(/^(#[^\n]*\n)+/, '');
}

/** A millisecond's work, or two. */
const SERIES_AT_ONCE = 50;
