import type { Downstream, DownstreamListener, Fields } from '../exchange/contract.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import { CLIENT_LEFT_STATUS, type ExchangeRecord, noteError } from '../exchange/record.ts';
import { rescue } from '../exchange/rescue.ts';
import type { CodedHead } from '../policy/compress/coded-head.ts';
import { ageOfKept, grouped, isEventStream, keptFields, withAge } from './answer-fields.ts';
import { useOf } from './cache-lookup.ts';
import { cacheStatus, type Outcome } from './cache-status.ts';
import { CollapsedFetch, type FetchOwner, type FetchPlan } from './collapsed-fetch.ts';
import { isOnlyIfCached, matchesCondition, withoutConditions } from './conditional.ts';
import { Directives } from './directives.ts';
import type { AnswerHead, CacheUrl, Entry, FieldMap, KeptAnswer, KeptHead } from './entry.ts';
import { Feed, type FeedReader, type FeedTaker, PIECE_BYTES } from './feed.ts';
import { hitHeadOf } from './hit-head.ts';
import { partOf } from './part.ts';
import type { RouteCache } from './route-cache.ts';
import type { CacheQuery } from './storable.ts';

export interface CachedPlan extends FetchPlan {
  readonly url: CacheUrl;
  readonly fields: FieldMap;
  /** Without progress of the client's reading, and the same for event streams, in milliseconds. */
  readonly idleMs: number;
  readonly streamIdleMs: number;
  answerFields(fields: Fields): Fields;
  /** Fields of this answer beside those common to all hits; `null`: the common ones change, too. */
  readonly ownFields: Fields | null;
  informationalFields(fields: Fields): Fields;
  /** How a whole answer is compressed for this client; `null`: not at all, or not before others have seen it. */
  readonly coded: ((status: number, fields: Fields) => CodedHead) | null;
}

export interface CachedOwner {
  /** Nothing has been answered. */
  failed(error: GatewayError): void;
  /** The exchange is over, one way or another, and the record complete. */
  closed(lasted: null): void;
}

/** One exchange on a cached route: asks the cache, which asks the service where it must, and answers the client. */
export class CachedExchange implements FetchOwner, FeedTaker, DownstreamListener {
  readonly #cache: RouteCache;
  readonly #downstream: Downstream;
  readonly #plan: CachedPlan;
  readonly #query: CacheQuery;
  readonly #record: ExchangeRecord;
  readonly #owner: CachedOwner;
  /** `null`: nothing had to be fetched. */
  #fetching: CollapsedFetch | null = null;
  #reader: FeedReader | null = null;
  #answering = false;
  #blocked = false;
  #over = false;
  #idleMs: number;
  /** Not set if the client accepts everything at once. */
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
    this.#idleMs = plan.idleMs;
    this.#record = record;
    this.#owner = owner;
    const { origin, path } = plan.url;
    const fields = withoutConditions(plan.fields);
    this.#query = cache.keyed({ origin, path, method: downstream.method, fields });
  }

  start(): void {
    this.#downstream.listen(this);
    this.lookAgain();
  }

  lookAgain(): void {
    if (this.#over) return;
    const entry = this.#cache.find(this.#query);
    const use = entry ? useOf(entry, this.#query.fields) : 'ask';
    if (!entry || use === 'ask') return this.#ask(entry);
    if (!this.#giveAgain(entry)) this.#giveKept(entry);
    if (use === 'stale') this.#fetch().refresh(entry, this.#record);
  }

  /** Writes a head whose text was written for an earlier hit. @returns whether that was possible */
  #giveAgain(entry: Entry): boolean {
    const { fields } = this.#plan;
    // A condition makes `fields` another object.
    const isPlain =
      this.#fetching === null &&
      this.#query.fields === fields &&
      this.#query.method === 'GET' &&
      fields.range === undefined;
    if (!isPlain || entry.staleAt <= Date.now() || entry.body.length > PIECE_BYTES) return false;
    const own = this.#downstream.headAgain ? this.#plan.ownFields : null;
    const head = own && hitHeadOf(entry).at(ageOfKept(entry));
    if (!head) return false;
    const { statusCode, statusMessage, body } = entry;
    this.#downstream.headAgain!(statusCode, statusMessage, head, own);
    this.#begun(statusCode, HIT);
    this.#giveWhole(body);
    return true;
  }

  #giveKept(entry: Entry): void {
    const reason = this.#fetching?.waited ? this.#fetching.reason : null;
    const ttlS = Math.ceil((entry.staleAt - Date.now()) / 1_000);
    const given = this.#coded(entry) ?? entry;
    this.#give(given, reason ? { kind: 'collapsed', reason } : { kind: 'hit', ttlS: ttlS > 0 ? null : ttlS });
    this.#fetching?.settled();
  }

  /** The kept answer in a coding that the client accepts, compressed once for all. */
  #coded(entry: Entry): KeptAnswer | null {
    const { coded, fields } = this.#plan;
    if (coded === null || this.#query.method !== 'GET' || fields.range !== undefined) return null;
    const head = coded(entry.statusCode, keptFields(entry.headers, false));
    const body = head.coding && this.#cache.coded(entry, this.#query.fields, head.coding);
    if (!body) return null;
    const headers = grouped([...head.fields, 'content-length', String(body.length)]);
    return { ...entry, headers, body };
  }

  #ask(entry: Entry | undefined): void {
    if (isOnlyIfCached(this.#plan.fields)) return this.#refuse();
    const anew = Directives.ofRequest(this.#query.fields).has('no-store');
    this.#fetch().begin(anew ? undefined : entry, this.#record);
  }

  #fetch(): CollapsedFetch {
    this.#fetching ??= new CollapsedFetch(this.#cache, this.#query, this.#plan, this);
    return this.#fetching;
  }

  // Called by the fetch.

  informational(status: number, fields: Fields): void {
    if (!this.#over && !this.#answering)
      this.#downstream.informational(status, this.#plan.informationalFields(fields));
  }

  standsFor(entry: KeptAnswer, stale: boolean): void {
    if (!this.#over) this.#give(entry, this.#forwarded(stale));
  }

  answered(head: AnswerHead, feed: Feed): void {
    if (!this.#over) this.#answer(head, head.headers, feed, this.#forwarded(false));
  }

  joined(head: KeptHead, feed: Feed): void {
    const { reason } = this.#fetch();
    try {
      this.#answer(head, withAge(head), feed, { kind: 'collapsed', reason: reason ?? 'uri-miss' });
    } catch (cause) {
      this.failed(cause as Error);
    }
  }

  #forwarded(stale: boolean): Outcome {
    const { fetched, waited, reason } = this.#fetch();
    return {
      kind: 'forwarded',
      reason: reason ?? 'uri-miss',
      status: fetched?.status ?? null,
      kept: fetched?.keeping ?? false,
      notKept: fetched?.notKept ?? null,
      waited,
      staleIfError: stale,
    };
  }

  failed(cause: Error): void {
    if (this.#over) return;
    this.#noteFetch();
    this.#finish();
    this.#owner.failed(rescue(cause, 'head'));
  }

  // Answers to the client.

  /** A condition that holds comes before a part (RFC 9110 §13.2.2). */
  #give(entry: KeptAnswer, outcome: Outcome): void {
    const { fields } = this.#plan;
    const unchanged = matchesCondition(fields, entry.headers, true);
    const given = unchanged ? entry : (partOf(entry, fields) ?? entry);
    try {
      this.#answer(given, withAge(given), given.body, outcome);
    } catch (cause) {
      this.failed(cause as Error);
    }
  }

  #answer(
    { statusCode, statusMessage }: AnswerHead,
    headers: FieldMap,
    body: Feed | Buffer,
    outcome: Outcome,
  ): void {
    const kept = outcome.kind !== 'forwarded';
    const unchanged = statusCode === 200 && matchesCondition(this.#plan.fields, headers, kept);
    const fields = [...keptFields(headers, unchanged), 'Cache-Status', cacheStatus(outcome)];
    if (isEventStream(headers)) this.#idleMs = this.#plan.streamIdleMs;
    if (unchanged) this.#head(304, 'Not Modified', fields);
    else this.#head(statusCode, statusMessage, fields);
    this.#begun(unchanged ? 304 : statusCode, outcome);
    // The exchange may have ended during the call.
    if (this.#over) return;
    // The client has its answer; the rest of the body is for the cache only.
    if (unchanged || this.#query.method === 'HEAD') this.#giveWhole(NO_BODY);
    else if (Buffer.isBuffer(body)) this.#giveWhole(body);
    else this.#read(body);
  }

  /** A whole body in one piece needs no reader, unless the client is slow. */
  #giveWhole(body: Buffer): void {
    if (body.length > PIECE_BYTES) return this.#read(Feed.of(body));
    if (body.length > 0) this.data(body);
    this.end();
    if (!this.#over) this.#minded();
  }

  #read(feed: Feed): void {
    this.#minded();
    this.#reader = feed.read(this);
    this.#reader.resume();
  }

  #head(status: number, reason: string, fields: Fields): void {
    this.#noteFetch();
    this.#downstream.head(status, reason, this.#plan.answerFields(fields));
  }

  #begun(status: number, outcome: Outcome): void {
    this.#answering = true;
    this.#record.status = status;
    this.#record.headAt = performance.now();
    this.#record.cache = outcome.kind === 'hit' ? 'hit' : 'miss';
    this.#cache.count(outcome);
  }

  #minded(heldMs = 0): void {
    const ms = this.#idleMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#late(ms), ms + heldMs);
  }

  data(piece: Buffer): boolean {
    if (this.#over) return true;
    this.#record.bytesOut += piece.length;
    this.#timer?.refresh();
    this.#blocked = !this.#downstream.write(piece);
    return !this.#blocked;
  }

  heldUp(ms: number): void {
    if (this.#timer) this.#minded(ms);
  }

  end(): void {
    if (this.#over) return;
    // The timer runs on until the client has taken the rest.
    this.#blocked = true;
    this.#downstream.end([]);
  }

  fail(cause: Error): void {
    if (!this.#over) this.#cutShort(this.#causeOf(cause));
  }

  /** The fetch knows best why the service broke off. */
  #causeOf(cause: Error): GatewayError {
    const { errorCode, cause: text } = this.#fetching?.record ?? { errorCode: null, cause: null };
    return errorCode === null ? rescue(cause, 'body') : new GatewayError(errorCode, text ?? '');
  }

  /** RFC 9111 §5.2.1.7: only-if-cached, and nothing usable is kept. */
  #refuse(): void {
    const outcome = { kind: 'only-if-cached' } as const;
    this.#head(504, 'Gateway Timeout', ['Content-Length', '0', 'Cache-Status', cacheStatus(outcome)]);
    this.#answering = true;
    this.#record.status = 504;
    this.#record.headAt = performance.now();
    this.#giveWhole(NO_BODY);
  }

  // Called by the client's side.

  drained(): void {
    this.#blocked = false;
    if (this.#timer) this.#minded();
    this.#reader?.resume();
  }

  held(ms: number): void {
    if (this.#timer) this.#minded(ms);
    this.#reader?.held(ms);
  }

  closed(completed: boolean): void {
    if (this.#over) return;
    this.#finish();
    // What stands in the client's place may have ended before the service has.
    this.#reader?.leave();
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

  /** The head is out, so the connection must break off to show that the answer is incomplete. */
  #cutShort(error: GatewayError): void {
    noteError(this.#record, error);
    this.#finish();
    this.#letGo(error);
    this.#downstream.abort();
    this.#owner.closed(null);
  }

  #letGo(error: GatewayError): void {
    this.#reader?.leave();
    this.#fetching?.abandon(error);
  }

  #finish(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  #noteFetch(): void {
    const record = this.#fetching?.record;
    if (!record) return;
    this.#record.endpoint = record.endpoint;
    this.#record.attempts = record.attempts;
  }
}

const HIT: Outcome = { kind: 'hit', ttlS: null };
const NO_BODY = Buffer.alloc(0);
