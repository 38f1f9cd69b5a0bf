/** Bounds how many files are open at once: behind HTTP/2 one connection may ask for a hundred. Later requests wait their turn. */
export class OpenFiles {
  readonly #max: number;
  readonly #waiting = new Map<object, () => void>();
  #open = 0;

  constructor(max = FILES_MAX) {
    this.#max = max;
  }

  get open(): number {
    return this.#open;
  }

  /** Resolves when a file may be opened; `close` once for each. */
  async begin(who: object): Promise<void> {
    if (this.#open >= this.#max) await new Promise<void>((resolve) => this.#waiting.set(who, resolve));
    else this.#open++;
  }

  /** Forgets a client that has left while others read slowly. */
  giveUp(who: object): void {
    this.#waiting.delete(who);
  }

  /** The place goes to the request that has waited the longest. */
  close(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#open--;
      return;
    }
    const [who, resolve] = next;
    this.#waiting.delete(who);
    resolve();
  }
}

const FILES_MAX = 1_024;
