import { METRICS, type MetricName } from './catalog.ts';
import type { Labels, Reading, Series } from './reading.ts';

interface Sum {
  readonly labels: Labels;
  readonly values: number[];
}

/** Joins several readings of each series as the catalogue demands: by sum, or by the worst. */
export class Sums {
  readonly #byName = new Map<MetricName, Map<string, Sum>>();

  add(name: MetricName, more: Series): void {
    const all = this.#byName.get(name) ?? new Map<string, Sum>();
    this.#byName.set(name, all);
    const key = JSON.stringify(more.labels);
    const sum = all.get(key);
    if (sum) combine(sum.values, more.values, METRICS[name].across);
    else all.set(key, { labels: more.labels, values: [...more.values] });
  }

  addAll(reading: Reading): void {
    for (const { name, series } of reading) for (const one of series) this.add(name, one);
  }

  /** Forgets other routes. */
  keepOnly(routes: ReadonlySet<string>): void {
    for (const all of this.#byName.values())
      for (const [key, { labels }] of all)
        if (labels.http_route !== undefined && !routes.has(labels.http_route)) all.delete(key);
  }

  of(name: MetricName): Iterable<Series> {
    return this.#byName.get(name)?.values() ?? [];
  }

  reading(): Reading {
    return Array.from(this.#byName, ([name, all]) => ({ name, series: [...all.values()] }));
  }
}

function combine(into: number[], more: readonly number[], across: 'sum' | 'min' | 'max'): void {
  for (const [at, value] of more.entries()) {
    if (across === 'sum') into[at]! += value;
    else into[at] = across === 'min' ? Math.min(into[at]!, value) : Math.max(into[at]!, value);
  }
}
