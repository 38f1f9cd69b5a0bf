/**
 * Measures how late the event loop is: a timer notes when it was due, and how much later it ran. Everything else that became ready in the
 * meantime, a request among it, waited as long.
 *
 * While the loop is on time it looks 20 times a second. While it is late it looks in every turn, to measure the length of each turn: a look
 * every 50 ms would miss up to 50 ms.
 */
export class LoopWatch {
  readonly #seen: (delayMs: number, nowMs: number) => void;
  #timer: NodeJS.Timeout | null = null;
  #due = 0;
  /** How late the newest look was. */
  #delayMs = 0;

  /** @param seen called for each look: how late it was, and the instant by `performance.now()` */
  constructor(seen: (delayMs: number, nowMs: number) => void) {
    this.#seen = seen;
  }

  start(): void {
    this.#lookIn(LOOK_EVERY_MS);
  }

  stop(): void {
    clearTimeout(this.#timer ?? undefined);
    this.#timer = null;
  }

  /**
   * A look out of turn, from within a long one: while more than a thousand sockets are ready libuv reads them all, 48 times a thousand, before any
   * timer runs. It counts only where it is the worst so far.
   */
  peek(): void {
    const now = performance.now();
    const delay = now - this.#due;
    if (this.#timer === null || delay <= Math.max(this.#delayMs, LATE_MS)) return;
    this.#delayMs = delay;
    this.#seen(delay, now);
  }

  #lookIn(ms: number): void {
    this.#due = performance.now() + ms;
    // It keeps no process alive that has nothing else to do.
    this.#timer = setTimeout(() => this.#look(), ms).unref();
  }

  #look(): void {
    const now = performance.now();
    // Node's timers may come a millisecond early.
    const delay = Math.max(0, now - this.#due);
    this.#delayMs = delay;
    this.#lookIn(delay > LATE_MS ? 1 : LOOK_EVERY_MS);
    this.#seen(delay, now);
  }
}

const LOOK_EVERY_MS = 50;
const LATE_MS = 10;
