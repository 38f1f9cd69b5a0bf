import { RestartDelay, type RestartPolicy } from './restart-delay.ts';

/** A life of at least this length begins the row of delays anew. */
const goodLifeMs = 30_000;
const policy: RestartPolicy = { firstMs: 250, longestMs: 10_000, goodLifeMs };

/** How long a slot stays empty: not at all after the first death, longer and longer while workers die young one after the other. */
export class RespawnDelay {
  readonly #later: RestartDelay;
  #young = 0;

  constructor(random: () => number = Math.random) {
    this.#later = new RestartDelay(policy, random);
  }

  /** Milliseconds to wait after a life that lasted `livedMs`. */
  next(livedMs: number): number {
    if (livedMs >= goodLifeMs) this.#young = 0;
    if (this.#young++ === 0) return 0;
    // The second death in a row is the first that is waited for.
    return this.#later.next(this.#young === 2 ? goodLifeMs : 0);
  }
}
