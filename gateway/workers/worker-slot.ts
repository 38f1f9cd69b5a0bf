import type { Logger } from 'pino';
import { RespawnDelay } from './restart-delay.ts';
import type { Ending, WorkerProcess } from './worker-process.ts';

export interface WorkerSlotOptions {
  readonly log: Logger;
  /** Forks a process for this slot. */
  readonly fork: () => WorkerProcess;
  /** Resolves when the process serves the current configuration; rejects with the reason why it does not. */
  readonly settled: (worker: WorkerProcess) => Promise<void>;
  /** The serving worker has changed. */
  readonly changed: () => void;
}

/** A slot for a worker, kept filled: a worker that dies gets a successor. */
export class WorkerSlot {
  readonly #options: WorkerSlotOptions;
  readonly #delay = new RespawnDelay();
  #worker: WorkerProcess | null = null;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /** How many workers died here. */
  restarts = 0;

  constructor(options: WorkerSlotOptions) {
    this.#options = options;
  }

  /** The worker that serves here, or is starting. */
  get worker(): WorkerProcess | null {
    return this.#worker;
  }

  /** Starts the first worker. @throws the error of its gateway */
  async open(): Promise<void> {
    const worker = this.#options.fork();
    this.#worker = worker;
    await this.#options.settled(worker);
    this.#guard(worker);
  }

  /**
   * A new worker takes the place of the one that serves, which then has time to end.
   * @returns the one that is to leave; `null`: there was none.
   * @throws why the new one did not come up; then all is as it was.
   */
  async replace(): Promise<WorkerProcess | null> {
    const next = this.#options.fork();
    try {
      await this.#options.settled(next);
    } catch (cause) {
      next.kill();
      throw cause;
    }
    const previous = this.#worker;
    clearTimeout(this.#timer);
    this.#worker = next;
    this.#guard(next);
    return previous;
  }

  /** Stops filling the slot. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #guard(worker: WorkerProcess): void {
    void worker.ended.then((ending) => {
      if (this.#worker === worker && !this.#closed) this.#died(worker, ending);
    });
    this.#options.changed();
  }

  #died({ pid }: WorkerProcess, { code, signal, livedMs }: Ending): void {
    const delayMs = this.#next(livedMs);
    const fields = { worker: pid, code, signal, livedMs: Math.round(livedMs), delayMs };
    this.#options.log.error(
      fields,
      'a worker has ended, and with it its connections; another takes its place',
    );
    this.#options.changed();
  }

  /** @returns milliseconds until there is a successor. */
  #next(livedMs: number): number {
    const delayMs = this.#delay.next(livedMs);
    this.restarts++;
    this.#timer = setTimeout(() => void this.#respawn(), delayMs);
    return delayMs;
  }

  async #respawn(): Promise<void> {
    const bornAt = performance.now();
    const worker = this.#options.fork();
    this.#worker = worker;
    try {
      await this.#options.settled(worker);
      if (this.#worker === worker) this.#guard(worker);
    } catch (cause) {
      worker.kill();
      if (this.#worker !== worker || this.#closed) return;
      const delayMs = this.#next(performance.now() - bornAt);
      const { message } = cause as Error;
      this.#options.log.error(
        { worker: worker.pid, cause: message, delayMs },
        'the new worker did not come up; it is tried again',
      );
    }
  }
}
