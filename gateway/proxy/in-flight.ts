import type { Traffic } from '../exchange/counters/traffic.ts';
import type { TrafficStore } from '../exchange/counters/traffic-store.ts';
import type { ExchangeRecord } from '../exchange/record.ts';
import type { Passage } from './passage.ts';

/** Every exchange that has arrived and is not over: a stopping gateway waits for them, and each is counted, and leaves one line in the log. */
export class InFlight {
  readonly #log: (record: ExchangeRecord) => void;
  readonly #traffic: TrafficStore;
  #count = 0;
  #onEmpty: (() => void) | null = null;

  constructor(log: (record: ExchangeRecord) => void, traffic: TrafficStore) {
    this.#log = log;
    this.#traffic = traffic;
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
    passage.traffic = this.#traffic.none;
    passage.traffic.active++;
    if (passage.exchange) this.routed(passage);
  }

  /** A route has taken it. */
  routed(passage: Passage): void {
    const { snapshot, exchange } = passage;
    if (exchange) count(passage, snapshot.routes[exchange.match.index]!.upstream.traffic);
  }

  /** It gets the gateway's own page. */
  paged(passage: Passage): void {
    count(passage, this.#traffic.page);
  }

  /** It is a tunnel from here on, may go on for hours, and needs nothing of its snapshot any more. */
  opened(passage: Passage): void {
    passage.traffic!.tunnelOpened(passage.record);
    this.letSnapshotGo(passage);
  }

  /** It may go on for hours. */
  letSnapshotGo(passage: Passage): void {
    if (!passage.holdsSnapshot) return;
    passage.holdsSnapshot = false;
    passage.snapshot.release();
  }

  leave(passage: Passage): void {
    if (passage.over) return;
    passage.over = true;
    passage.record.endedAt = performance.now();
    passage.traffic!.ended(passage.record);
    const { escaped, route } = passage.record;
    if (escaped !== null && route !== null) this.#traffic.of(route).escapes[escaped]++;
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

function count(passage: Passage, traffic: Traffic): void {
  passage.traffic!.active--;
  traffic.active++;
  passage.traffic = traffic;
}
