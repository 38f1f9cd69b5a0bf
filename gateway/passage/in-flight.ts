import type { ExchangeRecord } from '../observe/exchange-record.ts';
import type { Passage } from './passage.ts';

/** Every exchange that has arrived and is not over: a stopping gateway waits for them, and each leaves one line in the log. */
export class InFlight {
  readonly #log: (record: ExchangeRecord) => void;
  #count = 0;
  #onEmpty: (() => void) | null = null;

  constructor(log: (record: ExchangeRecord) => void) {
    this.#log = log;
  }

  get size(): number {
    return this.#count;
  }

  /** For what has no snapshot: raw streams, which log for themselves. */
  begin(): void {
    this.#count++;
  }

  end(): void {
    if (--this.#count === 0) this.#onEmpty?.();
  }

  enter(passage: Passage): void {
    this.begin();
    passage.snapshot.retain();
  }

  /** It may go on for hours, and needs nothing of its snapshot any more. */
  letSnapshotGo(passage: Passage): void {
    if (!passage.holdsSnapshot) return;
    passage.holdsSnapshot = false;
    passage.snapshot.release();
  }

  leave(passage: Passage): void {
    if (passage.over) return;
    passage.over = true;
    passage.record.endedAt = performance.now();
    this.#log(passage.record);
    this.letSnapshotGo(passage);
    this.end();
  }

  /** Resolves when nothing is under way, `true`, or when the time is up, `false`. */
  empty(deadlineMs: number): Promise<boolean> {
    if (this.#count === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), deadlineMs);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}
