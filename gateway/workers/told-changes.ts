import { EVERYTHING, type Purge } from '../cache/purge.ts';

/**
 * Batches what changes make others forget, from a worker to the primary, or from there to another worker. The first is sent at once. Later
 * ones, until it has gone and a hundredth of a second after, are sent together: a message costs the primary and all workers more than
 * forgetting does, and messages must not pile up before a process that stands still.
 */
export class ToldChanges {
  readonly #send: (purges: readonly Purge[], gone: () => void) => void;
  /** By their text: the same thing may be changed again and again. */
  readonly #waiting = new Map<string, Purge>();
  #waits = false;

  /** @param send calls `gone` when the message is no longer in this process. */
  constructor(send: (purges: readonly Purge[], gone: () => void) => void) {
    this.#send = send;
  }

  tell(purges: readonly Purge[]): void {
    for (const purge of purges) this.#waiting.set(JSON.stringify(purge), purge);
    if (this.#waiting.size > TOLD_MAX) {
      this.#waiting.clear();
      this.#waiting.set('', EVERYTHING);
    }
    if (!this.#waits) this.flush();
  }

  /** Sends pending ones without waiting. */
  flush(): void {
    this.#waits = this.#waiting.size > 0;
    if (!this.#waits) return;
    const purges = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#send(purges, () => setTimeout(() => this.flush(), PAUSE_MS));
  }
}

const PAUSE_MS = 10;
/** One answer may name 128 things of some KiB each. Beyond this bound, forgetting everything costs less than a longer message. */
const TOLD_MAX = 1_000;
