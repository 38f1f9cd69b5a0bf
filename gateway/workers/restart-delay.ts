/** How long a service waits before its next start; durations in milliseconds. */
export interface RestartPolicy {
  readonly firstMs: number;
  readonly longestMs: number;
  /** A life of at least this length begins the row of delays anew. */
  readonly goodLifeMs: number;
}

export const restartPolicy: RestartPolicy = { firstMs: 250, longestMs: 10_000, goodLifeMs: 30_000 };

/**
 * Delays that double from failure to failure, each shortened by up to a quarter at random.
 *
 * The jitter keeps services that died of one cause (a database that went away) from coming back in step; as it takes
 * away less than half, a later delay is never shorter than the one before until the longest is reached.
 */
export class RestartDelay {
  readonly #policy: RestartPolicy;
  readonly #random: () => number;
  #failures = 0;

  constructor(policy: RestartPolicy = restartPolicy, random: () => number = Math.random) {
    this.#policy = policy;
    this.#random = random;
  }

  /** Milliseconds to wait after a life that lasted `livedMs`. */
  next(livedMs: number): number {
    const { firstMs, longestMs, goodLifeMs } = this.#policy;
    if (livedMs >= goodLifeMs) this.#failures = 0;
    const nominalMs = Math.min(firstMs * 2 ** this.#failures, longestMs);
    this.#failures++;
    return Math.round(nominalMs * (1 - this.#random() / 4));
  }
}

/** How long the slot of a worker stays empty: not at all after the first death, longer and longer while workers die young one after the other. */
export class RespawnDelay {
  readonly #later: RestartDelay;
  #young = 0;

  constructor(random: () => number = Math.random) {
    this.#later = new RestartDelay(restartPolicy, random);
  }

  /** Milliseconds to wait after a life that lasted `livedMs`. */
  next(livedMs: number): number {
    const { goodLifeMs } = restartPolicy;
    if (livedMs >= goodLifeMs) this.#young = 0;
    if (this.#young++ === 0) return 0;
    // The second death in a row is the first that is waited for.
    return this.#later.next(this.#young === 2 ? goodLifeMs : 0);
  }
}
