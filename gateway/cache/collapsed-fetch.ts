import type { Dispatcher } from 'undici';
import type { Fields } from '../exchange/contract.ts';
import type { GatewayError } from '../exchange/error-catalog.ts';
import type { ExchangeRecord } from '../exchange/record.ts';
import { HandlerDownstream } from '../forward/extend.ts';
import type { CacheLookup, ForwardReason } from './cache-lookup.ts';
import type { Asker, Flight, FlightEnd } from './collapse.ts';
import type { FieldMap } from './entry.ts';
import type { Fetched } from './fetched.ts';
import type { CacheQuery, RouteCache } from './route-cache.ts';

export interface FetchPlan {
  /** How long a service may take until the head of its answer, in milliseconds. */
  readonly responseMs: number;
  /** Sends it to the service. @param record of the fetch, which may outlive the exchange. */
  fetch(fields: FieldMap, downstream: HandlerDownstream, record: ExchangeRecord): void;
}

/** The exchange that a fetch is for. */
export interface FetchOwner {
  /** After a wait: the cache is to be asked anew. */
  again(): void;
  /** A 1xx answer, which is for the client that the service was asked for, and never kept. */
  informational(status: number, fields: Fields): void;
}

/** How one exchange gets what its cache does not have: from the service, or from another exchange that asks for the same already. */
export class CollapsedFetch implements Asker {
  readonly #cache: RouteCache;
  readonly #query: CacheQuery;
  readonly #plan: FetchPlan;
  readonly #owner: FetchOwner;
  /** Why it was needed; `null`: it was not. */
  reason: ForwardReason | null = null;
  waited = false;
  fetched: Fetched | null = null;
  record: ExchangeRecord | null = null;
  #downstream: HandlerDownstream | null = null;
  /** What it leads, or waits for, and under which key it came to that. */
  #flight: Flight | null = null;
  #leads = false;
  #key: string | null = null;

  constructor(cache: RouteCache, query: CacheQuery, plan: FetchPlan, owner: FetchOwner) {
    this.#cache = cache;
    this.#query = query;
    this.#plan = plan;
    this.#owner = owner;
  }

  /** @param record of the exchange. */
  begin(fields: FieldMap, handler: Dispatcher.DispatchHandler, record: ExchangeRecord): void {
    // The second one of an exchange: what the service said of what is kept was of no use.
    if (!this.fetched && !this.#leads) {
      const lookup = this.#cache.lookup(this.#query);
      this.reason ??= lookup.reason;
      if (this.#waitsFor(lookup)) return;
    }
    this.#send(fields, handler, record);
  }

  /** Whether another one asks for the same; then `proceed` is called, and the cache asked again. */
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

  proceed(as: 'leader' | 'follower' | 'alone', flight: Flight | null): void {
    this.#flight = flight;
    this.#leads = as === 'leader';
    this.#owner.again();
  }

  #send(fields: FieldMap, handler: Dispatcher.DispatchHandler, record: ExchangeRecord): void {
    const fetched = this.#cache.fetched(this.#query, fields, handler, {
      headCame: (keeping) => {
        if (!keeping) this.end((fetched.status ?? 0) >= 500 ? 'failed' : 'not-kept');
        else if (this.#leads) this.#flight?.headCame();
      },
      ended: (how) => this.end(how),
    });
    this.fetched = fetched;
    this.record = { ...record };
    this.#downstream = new HandlerDownstream(this.#query.method, null, fetched, (status, fields) =>
      this.#owner.informational(status, fields),
    );
    this.#start(fields, this.#downstream, this.record);
  }

  /** For the cache alone: the client has its answer (RFC 5861 §3). */
  refresh(fields: FieldMap, handler: Dispatcher.DispatchHandler, record: ExchangeRecord): void {
    const watcher = this.#cache.refresh(this.#query);
    if (!watcher) return;
    const fetched = this.#cache.fetched(this.#query, fields, handler, watcher);
    this.#start(fields, new HandlerDownstream(this.#query.method, null, fetched), { ...record });
  }

  #start(fields: FieldMap, downstream: HandlerDownstream, record: ExchangeRecord): void {
    downstream.begin();
    try {
      this.#plan.fetch(fields, downstream, record);
    } catch (cause) {
      downstream.fail(cause as Error);
    }
  }

  /** What those who wait for this exchange are told; where nobody does, it means nothing. */
  end(how: FlightEnd): void {
    if (!this.#leads) return;
    this.#leads = false;
    this.#flight?.end(how);
    this.#flight = null;
  }

  /** The client has no need of it any more: whoever waits with it for the same goes on. */
  abandon(cause: GatewayError): void {
    if (!this.#leads) this.#flight?.leave(this);
    this.end('gone');
    this.#downstream?.left(cause);
  }
}
