import type { Dispatcher } from 'undici';
import type { Downstream, DownstreamListener, Fields } from '../exchange/contract.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import { CLIENT_LEFT_STATUS, type ExchangeRecord, noteError } from '../exchange/record.ts';
import { rescue } from '../exchange/rescue.ts';
import { isEventStream, keptFields, STALE_WARNING } from './answer-fields.ts';
import { cacheStatus, type Outcome } from './cache-status.ts';
import { CollapsedFetch, type FetchPlan } from './collapsed-fetch.ts';
import { isOnlyIfCached, matchesCondition, withoutConditions } from './conditional.ts';
import type { CacheUrl, Entry, FieldMap } from './entry.ts';
import { KeptBody } from './kept-body.ts';
import { partOf } from './part.ts';
import type { CacheQuery, RouteCache } from './route-cache.ts';

export interface CachedPlan extends FetchPlan {
  readonly url: CacheUrl;
  readonly fields: FieldMap;
  /** Without progress of the client's reading, and the same for event streams, in milliseconds. */
  readonly idleMs: number;
  readonly streamIdleMs: number;
  answerFields(fields: Fields): Fields;
  informationalFields(fields: Fields): Fields;
}

export interface CachedOwner {
  /** Nothing has been answered. */
  failed(error: GatewayError): void;
  /** The exchange is over, one way or another, and the record complete. */
  closed(lasted: null): void;
}

type Controller = Dispatcher.DispatchController;
type AnswerHeaders = Record<string, string | string[] | undefined>;

/** One exchange on a cached route: asks the cache, which asks the service where it must, and answers the client. */
export class CachedExchange implements Dispatcher.DispatchHandler, DownstreamListener {
  readonly #cache: RouteCache;
  readonly #downstream: Downstream;
  readonly #plan: CachedPlan;
  readonly #query: CacheQuery;
  readonly #record: ExchangeRecord;
  readonly #owner: CachedOwner;
  readonly #fetching: CollapsedFetch;
  #controller: Controller | null = null;
  #answering = false;
  /** The client gets a head alone: it asked for no more, or its condition held. */
  #bodiless = false;
  #blocked = false;
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
    this.#query = { ...plan.url, method: downstream.method, fields: withoutConditions(plan.fields) };
    this.#fetching = new CollapsedFetch(cache, this.#query, plan, {
      again: () => this.#look(),
      informational: (status, fields) => this.#inform(status, fields),
    });
  }

  start(): void {
    this.#downstream.listen(this);
    this.#look();
  }

  #look(): void {
    const entry = this.#cache.fresh(this.#query);
    if (entry) this.#give(entry);
    else this.#ask();
  }

  /** A condition that holds comes before a part (RFC 9110 §13.2.2). */
  #give(entry: Entry): void {
    const { fields } = this.#plan;
    const unchanged = matchesCondition(fields, entry.headers, true);
    this.#giveAll(unchanged ? entry : (partOf(entry, fields) ?? entry));
  }

  #giveAll({ statusCode, statusMessage, headers, cachedAt, body }: Entry): void {
    const age = String(Math.round((Date.now() - cachedAt) / 1_000));
    const kept = new KeptBody(body, this);
    try {
      this.onResponseStart(kept, statusCode, { ...headers, age }, statusMessage);
    } catch (cause) {
      return this.onResponseError(kept, cause as Error);
    }
    this.#controller = kept;
    kept.flow();
  }

  #ask(): void {
    try {
      this.#cache.answer(this.#query, (fields, handler) => this.#fetch(fields, handler), this);
    } catch (cause) {
      this.onResponseError(null, cause as Error);
    }
  }

  // What the cache wants to have fetched.

  #fetch(fields: FieldMap, handler: Dispatcher.DispatchHandler): void {
    if (this.#answering) this.#fetching.refresh(fields, handler, this.#record);
    else if (isOnlyIfCached(this.#plan.fields)) this.#refuse();
    else if (!this.#over) this.#fetching.begin(fields, handler, this.#record);
  }

  #inform(status: number, fields: Fields): void {
    if (!this.#over && !this.#answering)
      this.#downstream.informational(status, this.#plan.informationalFields(fields));
  }

  // What the cache answers.

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#over) controller.abort(new GatewayError('client_left', 'the client left'));
  }

  onResponseStart(_controller: Controller, status: number, headers: AnswerHeaders, reason?: string): void {
    if (this.#over) return;
    const unchanged = status === 200 && matchesCondition(this.#plan.fields, headers, !this.#fetching.fetched);
    const outcome = this.#outcome(status, headers);
    const fields = [...keptFields(headers, unchanged), 'Cache-Status', cacheStatus(outcome)];
    const idleMs = isEventStream(headers) ? this.#plan.streamIdleMs : this.#plan.idleMs;
    if (unchanged) this.#head(304, 'Not Modified', fields, idleMs);
    else this.#head(status, reason ?? '', fields, idleMs);
    this.#bodiless = unchanged || this.#query.method === 'HEAD';
    this.#record.cache = outcome.kind === 'hit' ? 'hit' : 'miss';
    this.#cache.counts[outcome.kind === 'hit' ? 'hits' : 'misses']++;
    if (!this.#fetching.fetched) this.#fetching.end('kept');
    // What is still to come is for the cache: the client has all that it gets.
    if (unchanged) this.#downstream.end([]);
  }

  #head(status: number, reason: string, fields: Fields, idleMs = this.#plan.idleMs): void {
    this.#noteFetch();
    this.#downstream.head(status, reason, this.#plan.answerFields(fields));
    this.#answering = true;
    this.#record.status = status;
    this.#record.headAt = performance.now();
    this.#timer = setTimeout(() => this.#late(idleMs), idleMs);
  }

  #outcome(status: number, headers: AnswerHeaders): Outcome {
    const isStale = headers.warning === STALE_WARNING;
    const { fetched, waited } = this.#fetching;
    const reason = this.#fetching.reason ?? 'uri-miss';
    if (!fetched && waited) return { kind: 'collapsed', reason };
    if (!fetched) return { kind: 'hit', ttlS: isStale ? this.#cache.ttl(this.#query) : null };
    return {
      kind: 'forwarded',
      reason,
      status: fetched.status,
      kept: fetched.keeping,
      waited,
      staleIfError: isStale && fetched.status !== 304 && fetched.status !== status,
    };
  }

  onResponseData(controller: Controller, chunk: Buffer | string): void {
    if (this.#over || this.#bodiless) return;
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    this.#record.bytesOut += bytes.length;
    this.#timer?.refresh();
    if (this.#downstream.write(bytes)) return;
    this.#blocked = true;
    controller.pause();
  }

  onResponseEnd(): void {
    if (this.#over) return;
    // The timer runs on until the client has taken the rest.
    this.#blocked = true;
    this.#downstream.end([]);
  }

  onResponseError(_controller: Controller | null, cause: Error): void {
    this.#fetching.end('failed');
    if (this.#over) return;
    this.#noteFetch();
    if (this.#answering) return this.#cutShort(this.#causeOf(cause));
    this.#finish();
    this.#owner.failed(rescue(cause, 'head'));
  }

  /** Who asked the service knows best why it broke off. */
  #causeOf(cause: Error): GatewayError {
    const { errorCode, cause: text } = this.#fetching.record ?? { errorCode: null, cause: null };
    return errorCode === null ? rescue(cause, 'body') : new GatewayError(errorCode, text ?? '');
  }

  /** RFC 9111 §5.2.1.7: what is not at hand is not to be had. */
  #refuse(): void {
    const status = cacheStatus({ kind: 'only-if-cached' });
    this.#head(504, 'Gateway Timeout', ['Content-Length', '0', 'Cache-Status', status]);
    this.#downstream.end([]);
  }

  // What the client does.

  drained(): void {
    this.#blocked = false;
    this.#timer?.refresh();
    this.#controller?.resume();
  }

  closed(completed: boolean): void {
    if (this.#over) return;
    this.#finish();
    if (!completed) this.#clientLeft(new GatewayError('client_left', 'the client closed its connection'));
    this.#owner.closed(null);
  }

  #clientLeft(error: GatewayError): void {
    noteError(this.#record, error);
    this.#record.status = CLIENT_LEFT_STATUS;
    this.#letGo(error);
  }

  // How it ends.

  #late(ms: number): void {
    this.#cutShort(
      new GatewayError(this.#blocked ? 'reader_timeout' : 'idle_timeout', `nothing moved for ${ms} ms`),
    );
  }

  /** The head is out, so the only honest end is one that shows: the connection breaks off. */
  #cutShort(error: GatewayError): void {
    noteError(this.#record, error);
    this.#finish();
    this.#letGo(error);
    this.#downstream.abort();
    this.#owner.closed(null);
  }

  #letGo(error: GatewayError): void {
    this.#fetching.abandon(error);
    this.#controller?.abort(error);
  }

  #finish(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  #noteFetch(): void {
    const { record } = this.#fetching;
    if (!record) return;
    this.#record.endpoint = record.endpoint;
    this.#record.attempts = record.attempts;
  }
}
