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
