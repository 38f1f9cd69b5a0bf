import type { Traffic } from '../exchange/counters/traffic.ts';
import type { TrafficStore } from '../exchange/counters/traffic-store.ts';
import type { Inspection } from '../exchange/inspection.ts';
import type { ExchangeRecord } from '../exchange/record.ts';
import type { ExchangeTrace } from '../exchange/trace.ts';
import type { AccessLog } from '../log/access-log.ts';
import type { Descriptors } from '../overload/descriptors.ts';
import type { EscapeNotices } from '../policy/escape/notices.ts';

/** Hear of each finished exchange, and of messages that never became one. */
export interface ExchangeObservers {
  readonly accessLog: AccessLog;
  readonly escapes: EscapeNotices;
  readonly descriptors: Descriptors;
  readonly inspection: Pick<Inspection, 'until'> & { ended(record: ExchangeRecord): void };
  readonly tracing: { ended(record: ExchangeRecord, trace: ExchangeTrace): void };
}

/** Every exchange that has arrived and is not over: a stopping gateway waits for them, and each is counted, and leaves one line in the log. */
export class InFlight {
  readonly #observers: ExchangeObservers;
  readonly #traffic: TrafficStore;
  /** Where exchanges are counted that no route took, and those that get the gateway's own page. */
  readonly unrouted: Traffic;
  readonly page: Traffic;
  #count = 0;
  /** Exchanges since the start of the process. */
  begun = 0;
  #onEmpty: (() => void) | null = null;

  constructor(observers: ExchangeObservers, traffic: TrafficStore) {
    this.#observers = observers;
    this.#traffic = traffic;
    this.unrouted = traffic.unrouted;
    this.page = traffic.page;
  }

  get size(): number {
    return this.#count;
  }

  /** For raw streams, which have no snapshot and log themselves. */
  begin(): void {
    this.#count++;
    this.begun++;
  }

  end(): void {
    if (--this.#count === 0) this.#onEmpty?.();
  }

  /** One is over. */
  ended(record: ExchangeRecord, traffic: Traffic): void {
    traffic.ended(record);
    const { escaped, route } = record;
    if (escaped !== null && route !== null) this.#traffic.of(route).escapes[escaped]++;
    this.writeDown(record);
  }

  /** For records that are counted elsewhere. */
  writeDown(record: ExchangeRecord): void {
    const { accessLog, escapes, descriptors, inspection, tracing } = this.#observers;
    if (record.escaped !== null) escapes.see(record);
    if (record.errorCode === 'out_of_descriptors') descriptors.exchangeFailed();
    accessLog.write(record);
    if (record.detail !== null || record.endedAt < inspection.until) inspection.ended(record);
    if (record.trace === null) return;
    // Its spans are exported later, and must not hold the connection until then.
    record.detail?.releaseClient();
    tracing.ended(record, record.trace);
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
