/**
 * A timer for what is to be done within some time: asked for again, it keeps to the earlier. Were it put off each time, those
 * who ask in every turn would keep it from ever going off.
 */
export class EarliestTimer {
  readonly #goOff: () => void;
  #timer: NodeJS.Timeout | undefined;
  #at = Infinity;

  /** @param goOff called once for all who have asked by then */
  constructor(goOff: () => void) {
    this.#goOff = goOff;
  }

  within(ms: number): void {
    const at = performance.now() + ms;
    if (this.#at <= at) return;
    this.cancel();
    this.#at = at;
    this.#timer = setTimeout(() => {
      this.#at = Infinity;
      this.#goOff();
    }, ms).unref();
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#at = Infinity;
  }
}
