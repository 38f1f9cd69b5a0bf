import type { WorkerProcess } from './worker-process.ts';

/**
 * Selects the worker that carries UDP. It is one at a time: with several, the kernel would give a client's datagrams to another worker, and
 * so to another session, whenever one comes or goes (docs/decisions/0045-one-worker-carries-datagrams.md).
 */
export class DatagramCarrier {
  readonly #ready: () => readonly WorkerProcess[];
  #worker: WorkerProcess | null = null;
  /** One change after the other: two workers would take each other's datagrams. */
  #queue: Promise<void> = Promise.resolve();

  /** @param ready those to choose from, the oldest first. */
  constructor(ready: () => readonly WorkerProcess[]) {
    this.#ready = ready;
  }

  /** Appoints one if there is none. */
  appoint(): void {
    void this.#enqueue(async () => {
      if (this.#worker?.state === 'ready') return;
      for (const worker of this.#ready()) if (await this.#give(worker)) return;
    });
  }

  /** Before `from` leaves. The other one has opened the ports before it lets go of them: they are never closed. */
  handOver(from: WorkerProcess, to: WorkerProcess): Promise<void> {
    return this.#enqueue(async () => {
      if (this.#worker !== from) return;
      if (await this.#give(to)) await from.ask('carryDatagrams', false).catch(() => {});
    });
  }

  async #give(worker: WorkerProcess): Promise<boolean> {
    const given = await worker.ask('carryDatagrams', true).then(
      () => true,
      () => false,
    );
    if (given) this.#worker = worker;
    return given;
  }

  #enqueue(change: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(change);
    return this.#queue;
  }
}
