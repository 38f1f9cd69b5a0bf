import type { Dispatcher } from 'undici';
import type { Downstream, DownstreamListener, Fields } from '../forward/exchange.ts';
import { HandlerDownstream } from '../forward/extend.ts';
import type { ExchangeRecord } from '../observe/exchange-record.ts';
import type { Asker } from './collapse.ts';
import { matchesCondition, withoutConditions } from './conditional.ts';
import type { FieldMap, RouteCache, Stored } from './route-cache.ts';

export interface CachedPlan {
  readonly origin: string;
  readonly path: string;
  readonly fields: FieldMap;
  /** Without progress of the client's reading, in milliseconds. */
  readonly idleMs: number;
  /** Sends it to the service. `background`: nobody waits for the answer but the cache. */
  fetch(fields: FieldMap, downstream: HandlerDownstream, background: boolean): void;
  answerFields(fields: Fields): Fields;
}

export interface CachedOwner {
  /** Nothing has been answered. */
  failed(cause: Error): void;
  closed(completed: boolean): void;
}

/** How an answer came about, for `Cache-Status` (RFC 9211). */
interface Outcome {
  stored: Stored;
  fetched: boolean;
  collapsed: boolean;
  fetchedStatus: number | null;
}

/** One exchange on a cached route: asks the cache, which asks the service where it must, and answers the client. */
export class CachedExchange implements Dispatcher.DispatchHandler, DownstreamListener, Asker {
  readonly #cache: RouteCache;
  readonly #downstream: Downstream;
  readonly #plan: CachedPlan;
  readonly #record: ExchangeRecord;
  readonly #owner: CachedOwner;
  readonly #outcome: Outcome = { stored: 'none', fetched: false, collapsed: false, fetchedStatus: null };
  #controller: Dispatcher.DispatchController | null = null;
  #leads = false;
  #storing = false;
  #answering = false;
  /** The client's condition held, so the stored body stays here. */
  #bodiless = false;
  #over = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    cache: RouteCache,
    downstream: Downstream,
    plan: CachedPlan,
    record: ExchangeRecord,
    owner: CachedOwner,
  ) {
    this.#cache = cache;
    this.#downstream = downstream;
    this.#plan = plan;
    this.#record = record;
    this.#owner = owner;
  }

  async start(): Promise<void> {
    this.#downstream.listen(this);
    this.#outcome.stored = await this.#cache.stored({ ...this.#query() });
    if (this.#over) return;
    if (this.#outcome.stored === 'fresh' || this.#downstream.method !== 'GET') return this.#dispatch();
    this.#leads = this.#cache.misses.ask(this.#url, this);
    if (this.#leads) this.#dispatch();
  }

  get #url(): string {
    return this.#plan.origin + this.#plan.path;
  }

  #query() {
    const { origin, path, fields } = this.#plan;
    return { origin, path, method: this.#downstream.method, fields: withoutConditions(fields) };
  }

  proceed(as: 'leader' | 'follower' | 'alone'): void {
    this.#leads = as === 'leader';
    this.#outcome.collapsed = as === 'follower';
    if (!this.#over) this.#dispatch();
    else if (this.#leads) this.#cache.misses.done(this.#url, 'gone');
  }

  #dispatch(): void {
    const fetch = (fields: FieldMap, handler: Dispatcher.DispatchHandler) => {
      // Once this client has its answer, what the cache still fetches is for the cache alone (stale-while-revalidate).
      const background = this.#answering || this.#over;
      this.#outcome.fetched = true;
      const downstream = new HandlerDownstream(
        this.#downstream.method,
        this.#downstream.body,
        this.#noted(handler),
      );
      downstream.begin();
      this.#plan.fetch(fields, downstream, background);
    };
    this.#cache.answer({ ...this.#query(), fetch }, this);
  }

  /** Looks at the status of what was fetched, before the cache makes something else of it. */
  #noted(handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
    return {
      onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
      onResponseStart: (controller, status, headers, reason) => {
        this.#outcome.fetchedStatus = status;
        handler.onResponseStart?.(controller, status, headers, reason);
      },
      onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
      onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
      onResponseError: (controller, cause) => handler.onResponseError?.(controller, cause),
    };
  }

  // What the cache answers.

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) controller.abort(new Error('the client left'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    reason?: string,
  ): void {
    if (this.#over) return;
    this.#storing = this.#cache.isStoring(this.#url);
    const unchanged = status === 200 && matchesCondition(this.#plan.fields, headers);
    this.#bodiless = unchanged;
    const fields = [...flat(headers, unchanged), 'Cache-Status', this.#status()];
    this.#downstream.head(
      unchanged ? 304 : status,
      unchanged ? 'Not Modified' : (reason ?? ''),
      this.#plan.answerFields(fields),
    );
    this.#answering = true;
    this.#record.status = unchanged ? 304 : status;
    this.#record.headAt = performance.now();
    this.#timer = setTimeout(() => this.#cutShort(), this.#plan.idleMs);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer | string): void {
    if (this.#over || this.#bodiless) return;
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    if (!this.#outcome.fetched) this.#record.bytesOut += bytes.length;
    this.#timer?.refresh();
    if (!this.#downstream.write(bytes)) controller.pause();
  }

  onResponseEnd(): void {
    this.#leave(this.#storing ? 'stored' : 'not-stored');
    if (!this.#over) this.#downstream.end([]);
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, cause: Error): void {
    this.#leave(this.#over ? 'gone' : 'not-stored');
    if (this.#over) return;
    if (this.#answering) return this.#cutShort();
    this.#finish();
    this.#owner.failed(cause);
  }

  // What the client does.

  drained(): void {
    this.#timer?.refresh();
    this.#controller?.resume();
  }

  closed(completed: boolean): void {
    if (this.#over) return;
    this.#finish();
    if (!completed) {
      this.#cache.misses.leave(this.#url, this);
      this.#controller?.abort(new Error('the client left'));
      this.#leave('gone');
    }
    this.#owner.closed(completed);
  }

  #cutShort(): void {
    this.#finish();
    this.#controller?.abort(new Error('broken off'));
    this.#downstream.abort();
    this.#owner.closed(false);
  }

  #leave(end: 'stored' | 'not-stored' | 'gone'): void {
    if (!this.#leads) return;
    this.#leads = false;
    // The entry becomes readable when its last byte has gone through the store's stream, which is a turn later.
    setImmediate(() => this.#cache.misses.done(this.#url, end));
  }

  #finish(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  /** RFC 9211 §2. */
  #status(): string {
    const { stored, fetched, collapsed, fetchedStatus } = this.#outcome;
    if (!fetched) return collapsed ? 'portway; fwd=uri-miss; collapsed' : 'portway; hit';
    if (this.#downstream.method !== 'GET') return 'portway; fwd=method';
    const status = fetchedStatus === null ? '' : `; fwd-status=${fetchedStatus}`;
    return `portway; fwd=${stored === 'none' ? 'uri-miss' : 'stale'}${status}${this.#storing ? '; stored' : ''}`;
  }
}

const STALE_WARNING = '110 - "response is stale"';

/** Names and values in turn. RFC 9110 §15.4.5: a 304 has no field that describes a body which is not there. */
function flat(headers: Record<string, string | string[] | undefined>, unchanged: boolean): string[] {
  const fields: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || (unchanged && name === 'content-length')) continue;
    // undici's own note, which is obsolete (RFC 9111 §5.5) and wrong after a revalidation. `Cache-Status` tells.
    if (name === 'warning' && value === STALE_WARNING) continue;
    for (const one of [value].flat()) fields.push(name, one);
  }
  return fields;
}
