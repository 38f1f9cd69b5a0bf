import type { Label, MetricName } from './catalog.ts';

export type Labels = Readonly<Partial<Record<Label | 'le', string>>>;

/** One line of the text: `metricName` where it is not that of the metric (`..._bucket`). */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
  readonly metricName?: string;
}

/** What one process knows of one metric. */
export interface MetricReading {
  readonly name: MetricName;
  readonly values: readonly Sample[];
}

/** What one process knows, as plain data: workers send it to their primary. */
export type Reading = readonly MetricReading[];

/** Puts a reading together. */
export class ReadingBuilder {
  readonly #byName = new Map<MetricName, Sample[]>();

  add(name: MetricName, value: number, labels: Labels = {}): void {
    this.#samples(name).push({ labels, value });
  }

  /** @param durations as of `DurationSeries`. */
  addHistogram(name: MetricName, durations: Readonly<Float64Array>, labels: Labels): void {
    const samples = this.#samples(name);
    let count = 0;
    for (const [at, bound] of BOUNDS_S.entries()) {
      count += durations[at]!;
      samples.push({ labels: { ...labels, le: String(bound) }, value: count, metricName: `${name}_bucket` });
    }
    count += durations[BOUNDS_S.length]!;
    samples.push({ labels: { ...labels, le: '+Inf' }, value: count, metricName: `${name}_bucket` });
    samples.push({ labels, value: durations[SUM_AT]!, metricName: `${name}_sum` });
    samples.push({ labels, value: count, metricName: `${name}_count` });
  }

  #samples(name: MetricName): Sample[] {
    const before = this.#byName.get(name);
    if (before) return before;
    const samples: Sample[] = [];
    this.#byName.set(name, samples);
    return samples;
  }

  build(): Reading {
    return Array.from(this.#byName, ([name, values]) => ({ name, values }));
  }
}

/** In seconds, as OpenTelemetry recommends for HTTP; the last bucket is for all that took longer. */
export const BOUNDS_S: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

/** Where the sum stands, behind the buckets. */
export const SUM_AT = BOUNDS_S.length + 1;
