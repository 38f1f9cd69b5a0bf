import { METRICS, type MetricName } from './catalog.ts';
import type { Reading } from './reading.ts';

/**
 * What the readings of several processes say together, in the text format of Prometheus. prom-client is loaded when somebody asks: workers, and
 * gateways that nobody watches, do without.
 */
export async function exposition(readings: readonly Reading[]): Promise<Exposition> {
  const { AggregatorRegistry } = await import('prom-client');
  // Each metric once without a value, so that all are there, and in the order of the catalogue.
  const all: Reading = NAMES.map((name) => ({ name, values: [] }));
  const aggregated = AggregatorRegistry.aggregate(
    [all, ...readings].map((reading) => reading.map(described)),
  );
  return { type: aggregated.contentType, text: await aggregated.metrics() };
}

export interface Exposition {
  /** Its media type. */
  readonly type: string;
  readonly text: string;
}

const NAMES = Object.keys(METRICS) as readonly MetricName[];

function described({ name, values }: Reading[number]) {
  const { type, help, across } = METRICS[name];
  return { name, values, type, help, aggregator: across };
}
