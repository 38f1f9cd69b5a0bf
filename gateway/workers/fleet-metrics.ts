import { METRICS } from '../observe/metrics/catalog.ts';
import { readProcess } from '../observe/metrics/process-reading.ts';
import { type Reading, ReadingBuilder } from '../observe/metrics/reading.ts';
import { Sums } from '../observe/metrics/sums.ts';
import type { Fleet } from './fleet.ts';
import type { WorkerProcess } from './worker-process.ts';

/**
 * The counters of all workers together. Those of a replaced or killed worker are kept: otherwise sums would decrease, and rates computed
 * from them would show a storm.
 */
export class FleetMetrics {
  readonly #workers: () => readonly WorkerProcess[];
  /** Counters of ended workers. */
  readonly #past = new Sums();
  readonly #ended = new WeakSet<WorkerProcess>();

  constructor(workers: () => readonly WorkerProcess[]) {
    this.#workers = workers;
  }

  /** @param routes ids that the configuration has. */
  async readings(routes: ReadonlySet<string>): Promise<readonly Reading[]> {
    const living = this.#workers().filter(({ state }) => state !== 'starting');
    const all = await Promise.all(living.map((worker) => reading(worker)));
    // A worker that ended while the others were asked is among the past ones.
    const now = all.filter((_, at) => !this.#ended.has(living[at]!));
    this.#past.keepOnly(routesIn(now, routes));
    return [...now, this.#past.reading()];
  }

  ended(worker: WorkerProcess): void {
    this.#ended.add(worker);
    if (worker.reading !== null) this.#past.addAll(counted(worker.reading));
  }
}

/** Readings of the primary itself, and of its workers' states. */
export async function readPrimary(fleet: Fleet): Promise<Reading> {
  const reading = new ReadingBuilder();
  await readProcess(reading);
  reading.add('portway_workers', fleet.ready().length);
  const deaths = fleet.slots.reduce((sum, { restarts }) => sum + restarts, 0);
  reading.add('portway_worker_deaths_total', deaths);
  return reading.build();
}

/** The last reading of a worker that does not answer or is ending, without its gauges. */
async function reading(worker: WorkerProcess): Promise<Reading> {
  try {
    worker.reading = await worker.ask('reading', null);
    return worker.reading;
  } catch {
    return counted(worker.reading ?? []);
  }
}

/** Gauges are of the moment. */
function counted(all: Reading): Reading {
  return all.filter(({ name }) => METRICS[name].type !== 'gauge');
}

/** Configured routes, and removed ones that workers still report (traffic-store.ts). */
function routesIn(readings: readonly Reading[], configured: ReadonlySet<string>): ReadonlySet<string> {
  const reported = readings
    .flat()
    .flatMap(({ series }) => series.flatMap(({ labels }) => labels.http_route ?? []));
  return new Set([...configured, ...reported]);
}
