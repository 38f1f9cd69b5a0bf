import type { Dispatcher } from 'undici';
import { isSameTag } from './conditional.ts';
import type { CacheKey, Entry, FieldMap } from './entry.ts';
import { type Purge, purges } from './purge.ts';
import type { CacheStore, Recording } from './store.ts';
import { varyOfBoth } from './vary.ts';
import type { Writing } from './writing.ts';

/** How a fetch ended for the cache. */
export type FetchEnd = 'kept' | 'not-kept' | 'failed';

export interface FetchWatcher {
  /** The head is there, and has been told to the cache. */
  headCame(keeping: boolean): void;
  /** Once, at the very end. */
  ended(how: FetchEnd): void;
}

type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;
type AnswerHeaders = Record<string, string | string[] | undefined>;

/** An answer of the service on its way to undici's interceptor, which decides what becomes of it. */
export class Fetched implements Handler, Recording {
  /** Of the service's own answer; `null`: none has come yet. */
  status: number | null = null;
  outdated = false;
  readonly #key: CacheKey;
  readonly #store: CacheStore;
  readonly #handler: Handler;
  readonly #watcher: FetchWatcher;
  #writing: Writing | null = null;
  /** What a 304 said to be still right. */
  #validated: Entry | undefined;
  #ended = false;

  /** @param key with the fields that were sent, conditions and all. */
  constructor(key: CacheKey, store: CacheStore, handler: Handler, watcher: FetchWatcher) {
    this.#key = key;
    this.#store = store;
    this.#handler = handler;
    this.#watcher = watcher;
  }

  get keeping(): boolean {
    return this.#writing !== null;
  }

  /** Something changed or was purged after this was asked for: it may be older than that. */
  outdate(purge: Purge): void {
    if (purges(purge, this.#key)) this.outdated = true;
  }

  begun(writing: Writing): void {
    this.#writing = writing;
  }

  settled(kept: boolean): void {
    this.#end(kept ? 'kept' : 'not-kept');
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#handler.onRequestStart?.(controller, context);
  }

  onResponseStart(controller: Controller, status: number, said: AnswerHeaders, reason?: string): void {
    const headers = withOwnWarning(withPlainAge(said));
    this.status = status;
    this.#validated = status === 304 ? this.#validatedBy(headers) : undefined;
    const entry = this.#validated;
    // A 304 becomes the answer that it stands for, so that it is fresh again whichever way undici came to ask for it.
    const head = entry
      ? ([entry.statusCode, freshened(entry.headers, headers), entry.statusMessage] as const)
      : ([status, headers, reason] as const);
    this.#store.recording(this, () => this.#handler.onResponseStart?.(controller, ...head));
    this.#watcher.headCame(this.keeping);
  }

  /** RFC 9111 §4.3.4: it must be what was asked with. What is not is left to undici, which asks again without conditions. */
  #validatedBy(headers: AnswerHeaders): Entry | undefined {
    const { 'if-none-match': sentTag, 'if-modified-since': sentDate } = this.#key.headers ?? {};
    if (sentTag === undefined && sentDate === undefined) return undefined;
    const entry = this.#store.find(this.#key, this.#key.headers ?? {});
    const { etag } = headers;
    if (entry?.etag !== sentTag || Array.isArray(etag)) return undefined;
    return etag === undefined || isSameTag(etag, entry?.etag) ? entry : undefined;
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(controller: Controller, trailers: AnswerHeaders): void {
    const body = this.#validated?.body;
    if (body && body.length > 0) this.#handler.onResponseData?.(controller, body);
    this.#handler.onResponseEnd?.(controller, trailers);
    if (!this.keeping) this.#end('not-kept');
  }

  onResponseError(controller: Controller, cause: Error): void {
    this.#handler.onResponseError?.(controller, cause);
    this.#end('failed');
  }

  #end(how: FetchEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#watcher.ended(how);
  }
}

/** RFC 9111 §5.1: of several values the first one counts, and what is no number of seconds is ignored. */
function withPlainAge(headers: AnswerHeaders): AnswerHeaders {
  const { age, ...rest } = headers;
  if (age === undefined) return headers;
  const first = [age].flat()[0]!.split(',', 1)[0]!.trim();
  return /^\d+$/.test(first) ? { ...rest, age: first } : rest;
}

/** As a list it is not taken for the mark by which undici gives what is stale, however the service words its own. */
function withOwnWarning(headers: AnswerHeaders): AnswerHeaders {
  return typeof headers.warning === 'string' ? { ...headers, warning: [headers.warning] } : headers;
}

/** RFC 9111 §3.2: what a 304 says replaces what was said before, but for the bytes of a body that it does not have. */
function freshened(kept: FieldMap, said: AnswerHeaders): AnswerHeaders {
  // Of the answer that was kept: without a newer one, its age would count on from there.
  const { date: _date, ...rest } = kept;
  const changes = Object.entries(said).filter(([name]) => !OF_THE_BODY.has(name));
  const freshened = { ...rest, ...Object.fromEntries(changes) };
  return said.vary === undefined ? freshened : { ...freshened, vary: varyOfBoth(kept.vary, said.vary) };
}

const OF_THE_BODY: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-length',
  'content-md5',
  'content-range',
]);
