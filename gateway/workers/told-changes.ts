import type { Purge } from '../cache/purge.ts';

/**
 * What the changes that a worker has carried make the others forget. A change is told at once, and those that come in the hundredth of a second behind
 * it together: each message costs the primary and all workers more than what it makes forget.
 */
export class ToldChanges {
  readonly #send: (purges: readonly Purge[]) => void;
  /** By their text: the same thing may be changed again and again. */
  readonly #waiting = new Map<string, Purge>();
  #timer: NodeJS.Timeout | null = null;

  constructor(send: (purges: readonly Purge[]) => void) {
    this.#send = send;
  }

  tell(purges: readonly Purge[]): void {
    for (const purge of purges) this.#waiting.set(JSON.stringify(purge), purge);
    if (this.#timer === null) this.#flush();
  }

  #flush(): void {
    this.#timer = null;
    if (this.#waiting.size === 0) return;
    this.#send(this.#waiting.size > TOLD_MAX ? [EVERYTHING] : [...this.#waiting.values()]);
    this.#waiting.clear();
    this.#timer = setTimeout(() => this.#flush(), PAUSE_MS);
  }
}

const PAUSE_MS = 10;
/** One answer may name 128 things, of some KiB each. Beyond, to forget all costs less than to tell what. */
const TOLD_MAX = 1_000;
const EVERYTHING: Purge = { origin: null, path: '/', query: null, below: true };
