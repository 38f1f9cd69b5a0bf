import type { Label, MetricName } from './catalog.ts';

export type Labels = Readonly<Partial<Record<Label, string>>>;

/** One series: for a histogram the count of each bucket (not cumulative) and the sum, otherwise one number. */
export interface Series {
  readonly labels: Labels;
  readonly values: readonly number[];
}

/** One process's reading of one metric. */
interface MetricReading {
  readonly name: MetricName;
  readonly series: readonly Series[];
}

/** One process's readings as plain data, which workers send to their primary. */
export type Reading = readonly MetricReading[];

/** Puts a reading together. */
export class ReadingBuilder {
  readonly #byName = new Map<MetricName, Series[]>();

  add(name: MetricName, value: number, labels: Labels = {}): void {
    this.#put(name, { labels, values: [value] });
  }

  /** @param durations as of `DurationSeries`. */
  addHistogram(name: MetricName, durations: Readonly<Float64Array>, labels: Labels): void {
    this.#put(name, { labels, values: [...durations] });
  }

  #put(name: MetricName, series: Series): void {
    const before = this.#byName.get(name);
    if (before) before.push(series);
    else this.#byName.set(name, [series]);
  }

  build(): Reading {
    return Array.from(this.#byName, ([name, series]) => ({ name, series }));
  }
}
