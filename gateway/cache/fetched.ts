import { randomInt } from 'node:crypto';
import type { Downstream, DownstreamListener, Fields } from '../exchange/contract.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import { grouped } from './answer-fields.ts';
import { isFresh, standsIn } from './cache-lookup.ts';
import type { AnswerHead, Entry, FieldMap, KeptAnswer } from './entry.ts';
import { Feed, type FeedOwner, PIECE_OVERHEAD_BYTES } from './feed.ts';
import { isOn, type Purge } from './purge.ts';
import { type CacheQuery, type Keepable, keepable, type NotKept } from './storable.ts';
import type { CacheStore } from './store.ts';
import { freshened, validates } from './validation.ts';
import { Selecting } from './vary.ts';

/** How a fetch ended for the cache. `gone`: all readers have left. */
export type FetchEnd = 'kept' | 'not-kept' | 'failed' | 'gone';

/** The exchange that needs the fetch; it hears of its results. */
export interface FetchWatcher {
  /** A 1xx answer, which is for the client that the service was asked for, and never kept. */
  informational(status: number, fields: Fields): void;
  /** The head of a new answer. A watcher that wants the body reads the feed before this returns. */
  answered(head: AnswerHead, feed: Feed): void;
  /** The kept answer is given: validated, or `stale` in place of an error. */
  standsFor(entry: KeptAnswer, stale: boolean): void;
  /** The 304 does not match the kept answer: ask again without conditions. */
  again(): void;
  /** No answer at all. */
  failed(cause: Error): void;
  /** The first bytes are here, and others may have them. */
  flows(): void;
  /** Once, at the very end. */
  ended(how: FetchEnd): void;
}

/** The cache in the role of a client of the forwarding: receives the service's answer, keeps it and feeds its readers. */
export class Fetched implements Downstream, FeedOwner {
  readonly method: string;
  readonly fields: Fields = [];
  readonly body = null;
  /** Of the service's own answer; `null`: none has come yet. */
  status: number | null = null;
  /** Why the answer is not kept; `null`: it is, or nothing is known yet. */
  notKept: NotKept | null = null;
  readonly #query: CacheQuery;
  readonly #store: CacheStore;
  /** The entry to be validated. */
  readonly #asked: Entry | undefined;
  readonly #watcher: FetchWatcher;
  readonly #settled: () => void;
  #listener: DownstreamListener | null = null;
  #feed: Feed | null = null;
  #keeping: Keepable | null = null;
  #bodyBytes = 0;
  /** Bytes reserved in the store, and how many of them are in use. */
  #heldBytes = 0;
  #usedBytes = 0;
  #flows = false;
  /** Bytes of a dropped body. */
  #ignoredBytes = 0;
  #outdated = false;
  /** It is, if it is in one of these. */
  readonly #outdatedGroups = new Set<string>();
  /** The watcher has its result. */
  #informed = false;
  #over = false;

  /** @param settled called when nothing can be kept of it any more. */
  constructor(
    query: CacheQuery,
    store: CacheStore,
    asked: Entry | undefined,
    watcher: FetchWatcher,
    settled: () => void,
  ) {
    this.method = query.method;
    this.#query = query;
    this.#store = store;
    this.#asked = asked;
    this.#watcher = watcher;
    this.#settled = settled;
  }

  /** Whether the answer is being kept, or has been. */
  get keeping(): boolean {
    return this.#keeping !== null;
  }

  get hasReaders(): boolean {
    return this.#feed !== null && this.#feed.readers > 0;
  }

  /** Something changed or was purged after this was asked for: it may be older than that. */
  outdate(purge: Purge): void {
    this.#outdated ||= this.#isOutdatedBy(purge);
    // Requests that wait for it, and new ones, need not wait for an answer that is of no use to them.
    if (this.#outdated) this.#end('gone');
  }

  #isOutdatedBy(purge: Purge): boolean {
    if (!('group' in purge)) return this.#store.searches.purges(purge, this.#query);
    if (!isOn(purge, this.#query)) return false;
    this.#outdatedGroups.add(purge.group);
    return this.#outdatedGroups.size > GROUPS_MAX || (this.#keeping?.groups.includes(purge.group) ?? false);
  }

  /** @returns the answer for another request, as it arrives; `null`: it does not match, or that is not known yet */
  feedFor(fields: FieldMap): { readonly head: Keepable; readonly feed: Feed } | null {
    const [keeping, feed] = [this.#keeping, this.#feed];
    if (!keeping || !feed || !this.#flows || this.#outdated || this.#over || !isFresh(keeping)) return null;
    return new Selecting(fields).fits(keeping.vary) ? { head: keeping, feed } : null;
  }

  // Called by the forwarding.

  listen(listener: DownstreamListener): void {
    this.#listener = listener;
  }

  informational(status: number, fields: Fields): void {
    this.#watcher.informational(status, fields);
  }

  head(status: number, reason: string, fields: Fields): void {
    this.status = status;
    const answer = { statusCode: status, statusMessage: reason, headers: grouped(fields) };
    if (status === 304 && this.#asked) this.#validated(this.#asked, answer.headers);
    else if (status >= 500 && status <= 504 && this.#standIn()) this.#end('failed');
    else this.#answered(answer);
  }

  /** A 304 becomes the answer that it stands for. */
  #validated(asked: Entry, directives: FieldMap): void {
    if (!validates(directives, asked)) return this.#askAgain();
    const head = freshened(asked, directives);
    const verdict = this.#storable(head);
    const entry = {
      ...head,
      cachedAt: Date.now(),
      ...(typeof verdict === 'string' ? {} : verdict),
      body: asked.body,
    };
    if (typeof verdict === 'string') this.#refuse(verdict);
    else if (this.#keepAgain(asked, verdict)) this.#keeping = verdict;
    // Fields that are for this client alone are still on it.
    this.#watcher.standsFor({ ...entry, headers: head.headers }, false);
    this.#informed = true;
    this.#end(this.keeping ? 'kept' : 'not-kept');
  }

  #keepAgain({ body, bodyId }: Entry, verdict: Keepable): boolean {
    return this.#store.keep({ ...verdict, body, bodyId }, this.#query.fields);
  }

  #askAgain(): void {
    this.#informed = this.#over = true;
    this.#settled();
    this.#watcher.again();
  }

  #storable(head: AnswerHead): Keepable | NotKept {
    if (this.#outdated) return 'purged';
    const verdict = keepable(this.#query, head, this.#store.rules);
    if (typeof verdict === 'string') return verdict;
    if (verdict.groups.some((group) => this.#outdatedGroups.has(group))) return 'purged';
    return this.#store.searches.learn(verdict, head.headers);
  }

  /** An answer that must not be kept also withdraws the kept one. */
  #refuse(reason: NotKept): void {
    this.notKept = reason;
    if (this.#asked && TAKING_BACK.has(reason)) this.#store.delete(this.#query);
  }

  #standIn(): boolean {
    if (!this.#asked || !standsIn(this.#asked, this.#query.fields)) return false;
    this.#watcher.standsFor(this.#asked, true);
    this.#informed = true;
    return true;
  }

  #answered(answer: AnswerHead): void {
    const verdict = this.method === 'GET' ? this.#storable(answer) : null;
    if (typeof verdict === 'string') this.#refuse(verdict);
    else if (verdict !== null) this.#begin(verdict, answer.headers['content-length']);
    const feed = this.#feedOf(Number(answer.headers['content-length'] ?? 0));
    this.#watcher.answered(answer, feed);
    this.#informed = true;
    this.#feed = feed;
    if (feed.readers === 0 && !this.keeping) this.abandoned();
  }

  /** Where its length is known, whether there is room for all of it is known before others begin to read along. */
  #begin(verdict: Keepable, length: FieldMap[string] | undefined): void {
    const bytes = Number(length ?? Number.NaN);
    const held = bytes + Math.ceil(bytes / PIECE_USUAL_BYTES) * PIECE_OVERHEAD_BYTES;
    if (bytes > 0 && !this.#hold(held)) return this.#refuse('no-room');
    this.#keeping = verdict;
  }

  #feedOf(bytes: number): Feed {
    if (!this.keeping) return new Feed(this, false);
    try {
      return new Feed(this, true, bytes);
    } catch {
      // The system has less memory than the configuration gives away: that costs the cache its copy, not the client its answer.
      this.#release();
      this.#keeping = null;
      this.#refuse('no-room');
      return new Feed(this, false);
    }
  }

  write(chunk: Buffer): boolean {
    if (!this.#feed) return this.#ignore(chunk.length);
    if (this.#keeping) this.#reserve(chunk.length);
    const goesOn = this.#feed.push(chunk);
    if (this.#keeping && !this.#flows) {
      this.#flows = true;
      this.#watcher.flows();
    }
    return goesOn;
  }

  /** Reads the rest of an error page that is not given: a short one ends by itself, so that its connection can be reused. */
  #ignore(bytes: number): boolean {
    this.#ignoredBytes += bytes;
    if (this.#ignoredBytes > IGNORED_MAX_BYTES)
      this.giveUp(new GatewayError('client_left', 'nobody wants the rest of it'));
    return true;
  }

  #reserve(bytes: number): void {
    this.#bodyBytes += bytes;
    if (this.#bodyBytes > this.#store.rules.entryMaxBytes) return this.#stopKeeping('too-large');
    this.#usedBytes += bytes + PIECE_OVERHEAD_BYTES;
    const lacking = this.#usedBytes - this.#heldBytes;
    if (lacking > 0 && !this.#hold(lacking)) this.#stopKeeping('no-room');
  }

  #hold(bytes: number): boolean {
    const isThere = this.#store.reserve(bytes);
    if (isThere) this.#heldBytes += bytes;
    return isThere;
  }

  /** The reserved bytes become the readers' window, and may still hold everything that has arrived. */
  #stopKeeping(reason: NotKept): void {
    this.notKept = reason;
    this.#keeping = null;
    this.#feed!.letGo(this.#heldBytes);
    this.#end('not-kept');
    if (!this.#feed!.isLarge) this.#release();
    // The service may never end it.
    if (this.#feed!.readers === 0) this.abandoned();
  }

  #release(): void {
    this.#store.release(this.#heldBytes);
    this.#heldBytes = 0;
  }

  end(): void {
    this.#listener?.closed(true);
    this.#listener = null;
    const kept = this.#keep();
    this.#end(kept ? 'kept' : 'not-kept');
  }

  #keep(): boolean {
    const [keeping, feed] = [this.#keeping, this.#feed];
    if (!keeping || !feed) {
      this.#release();
      feed?.finish(null);
      return this.keeping;
    }
    const body = feed.whole();
    const kept =
      !this.#outdated &&
      this.#store.keep(
        { ...keeping, body, bodyId: randomInt(BODY_IDS) },
        this.#query.fields,
        this.#heldBytes,
      );
    this.#release();
    feed.finish(body);
    return kept;
  }

  abort(): void {
    this.fail(new Error('the answer broke off'));
  }

  fail(cause: Error): void {
    if (this.#listener === null && this.#over) return;
    this.#listener = null;
    this.#release();
    if (this.#informed) this.#feed?.fail(cause);
    else if (!this.#standIn()) this.#watcher.failed(cause);
    this.#end('failed');
  }

  // Called by readers.

  drained(): void {
    this.#listener?.drained();
  }

  held(ms: number): void {
    this.#listener?.held?.(ms);
  }

  abandoned(): void {
    this.giveUp(new GatewayError('client_left', 'the client closed its connection'));
  }

  /** The last reader has left. */
  giveUp(cause: GatewayError): void {
    const listener = this.#listener;
    this.#listener = null;
    this.#release();
    this.#end('gone');
    this.#feed?.fail(cause);
    listener?.closed(false);
  }

  #end(how: FetchEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#settled();
    this.#watcher.ended(how);
  }
}

/** As many as `randomInt` can choose from: a file of a cache outlives the process, so they are not counted. */
const BODY_IDS = 2 ** 48 - 1;

/** Reasons that also withdraw the kept answer. */
const TAKING_BACK: ReadonlySet<NotKept> = new Set([
  ...(['no-store', 'private', 'set-cookie', 'no-lifetime', 'already-stale', 'vary', 'event-stream'] as const),
]);

/** Remembered while an answer is on its way; beyond, it is taken to be in one of them. */
const GROUPS_MAX = 1_000;

/** Smaller ones on the average may need more room than was reserved. */
const PIECE_USUAL_BYTES = 16 * 1024;

const IGNORED_MAX_BYTES = 64 * 1024;
