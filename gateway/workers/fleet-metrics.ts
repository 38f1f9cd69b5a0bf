import { METRICS } from '../observe/metrics/catalog.ts';
import { readProcess } from '../observe/metrics/process-reading.ts';
import { type Reading, ReadingBuilder } from '../observe/metrics/reading.ts';
import { Sums } from '../observe/metrics/sums.ts';
import type { Fleet } from './fleet.ts';
import type { WorkerProcess } from './worker-process.ts';

/**
 * What all workers have counted together. A worker that was replaced, or killed, has counted for all: what it told last is kept, or the sums would
 * go back, and who computes rates would see a storm.
 */
export class FleetMetrics {
  readonly #workers: () => readonly WorkerProcess[];
  /** What those have counted that are no more. */
  readonly #past = new Sums();
  readonly #ended = new WeakSet<WorkerProcess>();

  constructor(workers: () => readonly WorkerProcess[]) {
    this.#workers = workers;
  }

  /** @param routes ids that the configuration has. */
  async readings(routes: ReadonlySet<string>): Promise<readonly Reading[]> {
    const living = this.#workers().filter(({ state }) => state !== 'starting');
    const told = await Promise.all(living.map((worker) => reading(worker)));
    // Who ended while the others were asked is in the past by now.
    const now = told.filter((_, at) => !this.#ended.has(living[at]!));
    this.#past.keepOnly(routesIn(now, routes));
    return [...now, this.#past.reading()];
  }

  ended(worker: WorkerProcess): void {
    this.#ended.add(worker);
    if (worker.reading !== null) this.#past.addAll(counted(worker.reading));
  }
}

/** What the primary is itself, and who works for it. */
export async function readPrimary(fleet: Fleet): Promise<Reading> {
  const reading = new ReadingBuilder();
  await readProcess(reading);
  reading.add('portway_workers', fleet.ready().length);
  const deaths = fleet.slots.reduce((sum, { restarts }) => sum + restarts, 0);
  reading.add('portway_worker_deaths_total', deaths);
  return reading.build();
}

/** One that does not answer, or is just ending, is what it was: its gauges mean nothing then. */
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

/** Those of the configuration, and what workers still tell of others that it had (traffic-store.ts). */
function routesIn(readings: readonly Reading[], configured: ReadonlySet<string>): ReadonlySet<string> {
  const told = readings
    .flat()
    .flatMap(({ series }) => series.flatMap(({ labels }) => labels.http_route ?? []));
  return new Set([...configured, ...told]);
}
