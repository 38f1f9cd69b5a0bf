/** Bounds how many files are open at once: behind HTTP/2 one connection may ask for a hundred. Who comes later waits its turn. */
export class OpenFiles {
  readonly #max: number;
  readonly #waiting: (() => void)[] = [];
  #open = 0;

  constructor(max = FILES_MAX) {
    this.#max = max;
  }

  get open(): number {
    return this.#open;
  }

  /** Resolves when a file may be opened; `close` once for each. */
  async begin(): Promise<void> {
    if (this.#open >= this.#max) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#open++;
  }

  /** The place goes to whoever has waited the longest. */
  close(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#open--;
  }
}

const FILES_MAX = 1_024;
