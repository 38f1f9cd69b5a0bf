import type { Fields } from '../exchange/contract.ts';
import type { GatewayError } from '../exchange/error-catalog.ts';
import type { ExchangeRecord } from '../exchange/record.ts';
import type { CacheLookup, ForwardReason } from './cache-lookup.ts';
import type { Asker, Flight, FlightEnd } from './collapse.ts';
import type { AnswerHead, Entry, FieldMap, KeptHead } from './entry.ts';
import type { Feed } from './feed.ts';
import type { FetchEnd, Fetched, FetchWatcher } from './fetched.ts';
import type { RouteCache } from './route-cache.ts';
import type { CacheQuery } from './storable.ts';
import { conditionsOf } from './validation.ts';

export interface FetchPlan {
  /** How long a service may take until the head of its answer, in milliseconds. */
  readonly responseMs: number;
  /** Sends it to the service. @param record of the fetch, which may outlive the exchange. */
  fetch(conditions: FieldMap, downstream: Fetched, record: ExchangeRecord): void;
}

/** The exchange that a fetch is for. */
export interface FetchOwner
  extends Pick<FetchWatcher, 'informational' | 'answered' | 'standsFor' | 'failed'> {
  /** After a wait: the cache is to be asked anew. */
  lookAgain(): void;
  /** Joins another exchange's answer from its first byte. */
  joined(head: KeptHead, feed: Feed): void;
}

/** Gets an answer that the cache lacks: from the service, or by joining another exchange that asks for the same. */
export class CollapsedFetch implements Asker, FetchWatcher {
  readonly #cache: RouteCache;
  readonly #query: CacheQuery;
  readonly #plan: FetchPlan;
  readonly #owner: FetchOwner;
  /** Why it was needed; `null`: it was not. */
  reason: ForwardReason | null = null;
  waited = false;
  fetched: Fetched | null = null;
  record: ExchangeRecord | null = null;
  /** The flight that it leads or waits for, and its key. */
  #flight: Flight | null = null;
  #leads = false;
  #key: string | null = null;
  #abandoned = false;

  constructor(cache: RouteCache, query: CacheQuery, plan: FetchPlan, owner: FetchOwner) {
    this.#cache = cache;
    this.#query = query;
    this.#plan = plan;
    this.#owner = owner;
  }

  /** @param asked the entry to be validated @param record the record of the exchange */
  begin(asked: Entry | undefined, record: ExchangeRecord): void {
    if (!this.#leads) {
      const lookup = this.#cache.lookup(this.#query);
      this.reason ??= lookup.reason;
      if (this.#waitsFor(lookup)) return;
    }
    this.#send(asked, record);
  }

  /** Whether another one asks for the same; then something of it is given, or `proceed` called, and the cache asked again. */
  #waitsFor({ shared, key }: CacheLookup): boolean {
    // One wait is enough, unless it brought to light that the answers to others don't fit this one.
    if (!shared || this.#query.method !== 'GET' || this.#key === key) return false;
    this.#key = key;
    const joined = this.#cache.misses.join(key, this, this.#plan.responseMs);
    if (joined === null) return false;
    this.#flight = joined.flight;
    this.#leads = joined.leads;
    this.waited ||= !joined.leads;
    return !joined.leads;
  }

  offered(fetched: Fetched): boolean {
    const flowing = fetched.feedFor(this.#query.fields);
    if (flowing === null) return false;
    this.waited = true;
    this.#owner.joined(flowing.head, flowing.feed);
    return true;
  }

  proceed(as: 'leader' | 'follower' | 'alone', flight: Flight | null): void {
    this.#flight = flight;
    this.#leads = as === 'leader';
    this.#owner.lookAgain();
  }

  #send(asked: Entry | undefined, record: ExchangeRecord): void {
    this.fetched = this.#cache.fetch(this.#query, asked, this);
    this.record = { ...record };
    this.#start(this.fetched, asked, this.record);
  }

  /** For the cache alone: the client has its answer (RFC 5861 §3). */
  refresh(asked: Entry, record: ExchangeRecord): void {
    const fetched = this.#cache.refresh(this.#query, asked, (again) =>
      this.#start(again, undefined, { ...record }),
    );
    if (fetched) this.#start(fetched, asked, { ...record });
  }

  #start(fetched: Fetched, asked: Entry | undefined, record: ExchangeRecord): void {
    try {
      this.#plan.fetch(asked ? conditionsOf(asked) : {}, fetched, record);
    } catch (cause) {
      fetched.fail(cause as Error);
    }
  }

  // Called by the flight.

  informational(status: number, fields: Fields): void {
    this.#owner.informational(status, fields);
  }

  answered(head: AnswerHead, feed: Feed): void {
    const { keeping, status } = this.fetched!;
    if (keeping && this.#leads) this.#flight?.headCame();
    this.#owner.answered(head, feed);
    if (!keeping) this.ended((status ?? 0) >= 500 ? 'failed' : 'not-kept');
  }

  standsFor(...what: Parameters<FetchWatcher['standsFor']>): void {
    this.#owner.standsFor(...what);
  }

  again(): void {
    if (!this.#abandoned) this.#send(undefined, this.record!);
  }

  failed(cause: Error): void {
    this.#owner.failed(cause);
  }

  flows(): void {
    if (this.#leads && this.fetched) this.#flight?.flows(this.fetched);
  }

  ended(how: FetchEnd): void {
    this.#end(how);
  }

  /** The end for followers; without followers it does nothing. */
  #end(how: FlightEnd): void {
    if (!this.#leads) return;
    this.#leads = false;
    this.#flight?.end(how);
    this.#flight = null;
  }

  /** The answer is there already: nothing to lead or to wait for. */
  settled(): void {
    if (this.fetched === null) this.#end('kept');
  }

  /** The client has no need of it any more: the others that wait for the same go on, and those that read along have all of it. */
  abandon(cause: GatewayError): void {
    this.#abandoned = true;
    if (!this.#leads) this.#flight?.leave(this);
    if (this.fetched?.hasReaders) return;
    this.#end('gone');
    this.fetched?.giveUp(cause);
  }
}
