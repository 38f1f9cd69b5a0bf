import type { Logger } from 'pino';
import type { Replacement } from '../model/status.ts';
import type { ReloadResult } from '../proxy/reloader.ts';
import type { Fleet } from './fleet.ts';
import type { WorkerSlot } from './worker-slot.ts';

export interface ReplacingOptions {
  readonly log: Logger;
  /** Time for a replaced worker to finish its exchanges, in milliseconds. */
  readonly drainMs: number;
  /** Asked for once workers run. */
  readonly fleet: () => Fleet;
  /** Reads the file as it is now. */
  readonly look: () => Promise<ReloadResult>;
  readonly stopping: () => boolean;
}

/** Gives every slot a new worker before the old one goes, one slot after the other. */
export class Replacing {
  readonly #options: ReplacingOptions;
  #running: Promise<Replacement> | null = null;

  constructor(options: ReplacingOptions) {
    this.#options = options;
  }

  /** One replacement at a time: a second request gets the result of the first. */
  replaceAll(): Promise<Replacement> {
    this.#running ??= this.#replaceEach().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #replaceEach(): Promise<Replacement> {
    const { log, fleet, look, stopping } = this.#options;
    if (stopping()) return this.#notReplaced(0, STOPPING);
    log.info('replacing the workers one by one');
    const { rejected } = await look();
    if (rejected !== null)
      return this.#notReplaced(0, `the configuration on disk can't be used:\n${rejected}`);
    const { slots } = fleet();
    for (const [replaced, slot] of slots.entries()) {
      const problem = await this.#replace(slot);
      if (problem !== null) return this.#notReplaced(replaced, problem);
    }
    const workers = slots.map(({ worker }) => worker!.pid);
    log.info({ workers }, 'all workers have been replaced');
    return { replaced: workers.length, problem: null };
  }

  /** @returns why it was not replaced. */
  async #replace(slot: WorkerSlot): Promise<string | null> {
    const { fleet, drainMs, stopping } = this.#options;
    try {
      if (stopping()) return STOPPING;
      await fleet().replace(slot, { deadlineMs: drainMs, gently: true });
      return null;
    } catch (cause) {
      return `the new worker did not come up, and the old one serves on: ${(cause as Error).message}`;
    }
  }

  #notReplaced(replaced: number, problem: string): Replacement {
    this.#options.log.error({ replaced, problem }, 'the workers were not replaced, or not all of them');
    return { replaced, problem };
  }

  /** SIGTERM was sent to one worker alone. */
  async replaceDismissed(slot: WorkerSlot): Promise<void> {
    const { worker } = slot;
    await this.#running;
    if (this.#options.stopping() || slot.worker !== worker || !worker) return;
    this.#options.log.info(
      { worker: worker.pid },
      'a worker was asked to end: another takes its place first',
    );
    const problem = await this.#replace(slot);
    if (problem !== null) this.#notReplaced(0, problem);
  }
}

const STOPPING = 'the gateway is stopping';
