/** Who is asked when it is time. */
export interface Askable {
  ask(dueAt: number): void;
}

/**
 * An open loop: questions are due at a fixed rate, whether the answers before them have come or not. One that finds no connection free goes
 * out later, and its latency counts from when it was due, so that a proxy that stalls is not let off (coordinated omission).
 */
export class Pace {
  readonly #everyMs: number;
  readonly #free: Askable[] = [];
  readonly #timer: NodeJS.Timeout;
  #dueAt = performance.now();

  constructor(perSecond: number) {
    this.#everyMs = 1000 / perSecond;
    this.#timer = setInterval(() => this.#run(), 1);
  }

  offer(connection: Askable): void {
    this.#free.push(connection);
    this.#run();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #run(): void {
    const now = performance.now();
    while (this.#dueAt <= now && this.#free.length > 0) {
      // The one that waits longest, so that all of them stay in use.
      this.#free.shift()!.ask(this.#dueAt);
      this.#dueAt += this.#everyMs;
    }
  }
}
