/**
 * Which stale answers are being asked for behind their back (RFC 5861 §3): one request for each, however many get the old answer meanwhile,
 * and a pause after one that brought nothing.
 */
export class Refreshes {
  /** Until when no other one begins. */
  readonly #heldUntil = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** @returns whether to ask now; then `ended` must be called. */
  begin(key: string): boolean {
    if ((this.#heldUntil.get(key) ?? 0) > this.#now()) return false;
    if (this.#heldUntil.size >= HELD_MAX) this.#forgetPast();
    if (this.#heldUntil.size >= HELD_MAX) return false;
    this.#heldUntil.set(key, Number.POSITIVE_INFINITY);
    return true;
  }

  ended(key: string, kept: boolean): void {
    if (kept) this.#heldUntil.delete(key);
    else this.#heldUntil.set(key, this.#now() + PAUSE_MS);
  }

  #forgetPast(): void {
    const now = this.#now();
    for (const [key, until] of this.#heldUntil) if (until <= now) this.#heldUntil.delete(key);
  }
}

const PAUSE_MS = 1_000;
const HELD_MAX = 1_000;
