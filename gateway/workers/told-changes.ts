import { EVERYTHING, type Purge } from '../cache/purge.ts';

/**
 * What changes make others forget, on its way from a worker to the primary, or from there to another worker. A change is told at once. Those that come
 * before that has gone, or in the hundredth of a second behind it, are told together: each message costs the primary and all workers more than what it
 * makes forget, and before a process that stands still they must not pile up.
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

  /** Tells what there is without waiting. */
  flush(): void {
    this.#waits = this.#waiting.size > 0;
    if (!this.#waits) return;
    const purges = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#send(purges, () => setTimeout(() => this.flush(), PAUSE_MS));
  }
}

const PAUSE_MS = 10;
/** One answer may name 128 things, of some KiB each. Beyond, to forget all costs less than to tell what. */
const TOLD_MAX = 1_000;
