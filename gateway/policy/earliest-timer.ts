/**
 * A timer for what is to be done within some time: asked for again, it keeps to the earlier. Were it put off each time, those
 * who ask in every turn would keep it from ever going off.
 */
export class EarliestTimer {
  readonly #goOff: () => void;
  #timer: NodeJS.Timeout | undefined;
  /** How long it was to take, and when it is due; `Infinity`: nobody has asked. */
  #ms = Infinity;
  #at = Infinity;

  /** @param goOff called once for all who have asked by then */
  constructor(goOff: () => void) {
    this.#goOff = goOff;
  }

  within(ms: number): void {
    // Who asks later for as long is later; most do, and the clock need not be read.
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
