import type { ErrorCode } from '../error-catalog.ts';
import type { ExchangeRecord } from '../record.ts';
import type { Compared } from './compared.ts';
import { DurationSeries, seriesKey } from './duration-series.ts';

/** The requests of one route to one endpoint. */
export class EndpointTraffic {
  readonly attempts = new DurationSeries();
  retries = 0;
  ejections = 0;

  /** An attempt has failed, or its answer begins. @param status 0: there is no answer, and `error` says why */
  attempted(
    { method, lane }: Readonly<ExchangeRecord>,
    status: number,
    error: ErrorCode | null,
    ms: number,
  ): void {
    this.attempts.record(seriesKey(method, status, error, lane), ms);
  }
}

/**
 * The counters of one route, or one stream, since the start; they outlive reloads. The exchange holds this object, so that counting needs
 * no lookup.
 */
export class Traffic {
  readonly id: string;
  readonly durations = new DurationSeries();
  readonly endpoints = new Map<string, EndpointTraffic>();
  /** Exchanges under way, and open tunnels. */
  active = 0;
  tunnels = 0;
  bytesIn = 0;
  bytesOut = 0;
  tunnelBytesIn = 0;
  tunnelBytesOut = 0;
  /** When the last one was over, or became a tunnel; 0: there was none. `performance.now()`. */
  lastAt = 0;
  cacheHits = 0;
  cacheMisses = 0;
  /** Requests led back behind the prefix. */
  readonly escapes = { referer: 0, cookie: 0 };
  /** Answers and refusals of policies, by policy. */
  readonly policyAnswers = new Map<string, number>();
  /** Mirrored copies of its requests, by outcome. */
  readonly mirrored = { answered: 0, failed: 0, too_large: 0, skipped: 0 };
  /** Results of comparing answers with another service; `null`: none yet. The forwarding defines what a pair is. */
  compared: Compared<unknown> | null = null;
  #stream: StreamTraffic | null = null;

  constructor(id: string) {
    this.id = id;
  }

  /** @param key as the configuration names it. */
  endpoint(key: string): EndpointTraffic {
    const before = this.endpoints.get(key);
    if (before) return before;
    const endpoint = new EndpointTraffic();
    this.endpoints.set(key, endpoint);
    return endpoint;
  }

  /** The counters of its connections, if it is a stream. */
  get stream(): StreamTraffic {
    this.#stream ??= new StreamTraffic();
    return this.#stream;
  }

  get isStream(): boolean {
    return this.#stream !== null;
  }

  /** It was under way here until now. */
  ended(record: Readonly<ExchangeRecord>): void {
    if (record.tunnel) return this.#tunnelEnded(record);
    this.active--;
    this.count(record);
    const { policy } = record;
    if (policy !== null) this.policyAnswers.set(policy, (this.policyAnswers.get(policy) ?? 0) + 1);
    if (record.cache === null) return;
    if (record.cache === 'hit') this.cacheHits++;
    else this.cacheMisses++;
  }

  /** Counts a message that never became an exchange. */
  count(record: Readonly<ExchangeRecord>): void {
    this.bytesIn += record.bytesIn;
    this.bytesOut += record.bytesOut;
    this.#time(record, record.endedAt);
  }

  /** The 101 is the end of the exchange (RFC 9110 §7.8): hours of a tunnel say nothing of how fast the service answers. */
  tunnelOpened(record: Readonly<ExchangeRecord>): void {
    this.active--;
    this.tunnels++;
    this.#time(record, record.headAt ?? performance.now());
  }

  #tunnelEnded(record: Readonly<ExchangeRecord>): void {
    this.tunnels--;
    this.tunnelBytesIn += record.bytesIn;
    this.tunnelBytesOut += record.bytesOut;
  }

  #time({ method, status, errorCode, lane, startedAt }: Readonly<ExchangeRecord>, at: number): void {
    this.lastAt = at;
    this.durations.record(seriesKey(method, status, errorCode, lane), at - startedAt);
  }

  get isUnderWay(): boolean {
    return this.active > 0 || this.tunnels > 0;
  }
}

/** The counters of a raw stream. */
class StreamTraffic {
  readonly ended = new Map<ErrorCode | null, number>();
  bytesIn = 0;
  bytesOut = 0;

  /** A connection, or a session, is over. */
  count({ errorCode, bytesIn, bytesOut }: Readonly<ExchangeRecord>): void {
    this.ended.set(errorCode, (this.ended.get(errorCode) ?? 0) + 1);
    this.bytesIn += bytesIn;
    this.bytesOut += bytesOut;
  }
}
