import type { Traffic } from '../exchange/counters/traffic.ts';
import type { TrafficStore } from '../exchange/counters/traffic-store.ts';
import type { ExchangeRecord } from '../exchange/record.ts';

/** Every exchange that has arrived and is not over: a stopping gateway waits for them, and each is counted, and leaves one line in the log. */
export class InFlight {
  readonly #log: (record: ExchangeRecord) => void;
  readonly #traffic: TrafficStore;
  /** Where exchanges are counted that no route took, and those that get the gateway's own page. */
  readonly unrouted: Traffic;
  readonly page: Traffic;
  #count = 0;
  #onEmpty: (() => void) | null = null;

  constructor(log: (record: ExchangeRecord) => void, traffic: TrafficStore) {
    this.#log = log;
    this.#traffic = traffic;
    this.unrouted = traffic.unrouted;
    this.page = traffic.page;
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

  /** One is over. */
  ended(record: ExchangeRecord, traffic: Traffic): void {
    traffic.ended(record);
    const { escaped, route } = record;
    if (escaped !== null && route !== null) this.#traffic.of(route).escapes[escaped]++;
    this.#log(record);
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
