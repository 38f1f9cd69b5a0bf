/**
 * A timer that keeps the earliest of the requested instants: if each request postponed it, constant requests would keep it from ever
 * running.
 */
export class EarliestTimer {
  readonly #goOff: () => void;
  #timer: NodeJS.Timeout | undefined;
  /** The requested duration and the instant; `Infinity`: not requested. */
  #ms = Infinity;
  #at = Infinity;

  /** @param goOff called once for all requests until then */
  constructor(goOff: () => void) {
    this.#goOff = goOff;
  }

  within(ms: number): void {
    // A later request of the same duration is due later: most are, and the clock need not be read.
    if (ms >= this.#ms) return;
    const at = performance.now() + ms;
    if (at >= this.#at) return;
    this.cancel();
    this.#ms = ms;
    this.#at = at;
    this.#timer = setTimeout(() => {
      this.cancel();
      this.#goOff();
    }, ms).unref();
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#ms = Infinity;
    this.#at = Infinity;
  }
}
