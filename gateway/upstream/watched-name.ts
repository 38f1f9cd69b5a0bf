import type { NameAnswer } from './name-resolver.ts';

/** Why a name is not known, or not known anew. */
export interface NameFailure {
  /** The resolver's code: `ENOTFOUND`. */
  readonly code: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** Asks about one name, and is told what an operator would want to know. */
export interface NameAsker<T> {
  /** Rejects with the resolver's error. */
  ask(): Promise<NameAnswer<T>>;
  /** It stands for something else than before, or is known again. */
  found(records: readonly T[]): void;
  /** It is known no more: told once until it is known again. @param known whether it was before. */
  failed(code: string, known: boolean): void;
  /** It is asked about no more. */
  close(): void;
}

export interface NameWatcher {
  /** The name stands for something else now. */
  nameChanged(): void;
}

/**
 * A name that is asked about again when its answer has grown old, for as long as anybody watches it. An answer that there is nothing, or no
 * answer, changes nothing: what was known serves on, for a service that still runs is lost oftener to a broken DNS than to its own end.
 */
export class WatchedName<T> {
  readonly #asker: NameAsker<T>;
  readonly #longestMs: number;
  readonly #watchers = new Set<NameWatcher>();
  readonly #first = Promise.withResolvers<void>();
  #known: readonly T[] = [];
  #failure: NameFailure | null = null;
  #askedAt = 0;
  #asking = false;
  #closed = false;
  #timer: NodeJS.Timeout;

  /** @param longestMs after which it is asked about again, however long its answer holds */
  constructor(asker: NameAsker<T>, longestMs = LONGEST_MS) {
    this.#asker = asker;
    this.#longestMs = longestMs;
    // Requests that wait for the first answer do not wait for a resolver that is gone.
    this.#timer = setTimeout(() => this.#first.resolve(), PATIENCE_MS).unref();
    void this.#renew();
  }

  /** What it stands for as far as is known; empty: nothing was ever found. */
  get known(): readonly T[] {
    return this.#known;
  }

  /** Of the newest answer; `null`: it was a good one. */
  get failure(): NameFailure | null {
    return this.#failure;
  }

  /** Resolves with the first answer, whatever it says, or after two seconds. */
  get answered(): Promise<void> {
    return this.#first.promise;
  }

  watch(watcher: NameWatcher): void {
    this.#watchers.add(watcher);
  }

  leave(watcher: NameWatcher): void {
    this.#watchers.delete(watcher);
  }

  /** What it stands for seems to be wrong: nobody could be reached there. It is asked about as soon as a second has passed since the last time. */
  refreshSoon(): void {
    if (this.#asking || this.#closed) return;
    const sinceMs = performance.now() - this.#askedAt;
    if (sinceMs >= SHORTEST_MS) void this.#renew();
    else this.#renewIn(SHORTEST_MS - sinceMs);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#first.resolve();
    this.#watchers.clear();
    this.#asker.close();
  }

  async #renew(): Promise<void> {
    this.#asking = true;
    this.#askedAt = performance.now();
    const nextMs = await this.#answer();
    this.#asking = false;
    this.#first.resolve();
    if (!this.#closed) this.#renewIn(nextMs);
  }

  /** @returns when to ask again, in milliseconds. */
  async #answer(): Promise<number> {
    try {
      const { records, ttlMs } = await this.#asker.ask();
      if (records.length === 0) return this.#failed('ENODATA');
      this.#take(records);
      this.#first.resolve();
      return Math.min(Math.max((await ttlMs) ?? UNKNOWN_MS, SHORTEST_MS), this.#longestMs);
    } catch (cause) {
      return this.#failed((cause as NodeJS.ErrnoException).code ?? 'EUNKNOWN');
    }
  }

  #take(records: readonly T[]): void {
    const known = this.#known;
    const changed = textOf(records) !== textOf(known);
    if (this.#failure !== null || (changed && known.length > 0)) this.#asker.found(records);
    this.#failure = null;
    if (changed) this.#known = records;
    if (changed && !this.#closed) for (const watcher of this.#watchers) watcher.nameChanged();
  }

  /** A service that is just being started gets its name in a moment. */
  #failed(code: string): number {
    if (this.#failure === null && !this.#closed) this.#asker.failed(code, this.#known.length > 0);
    this.#failure = { code, since: this.#failure?.since ?? Date.now() };
    return this.#known.length === 0 ? SHORTEST_MS : UNKNOWN_MS;
  }

  #renewIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#renew(), ms).unref();
  }
}

/** Servers shuffle their answers, which is no change. */
function textOf(records: readonly unknown[]): string {
  return records
    .map((record) => JSON.stringify(record))
    .sort()
    .join();
}

const PATIENCE_MS = 2_000;
/** However short its TTL is. */
const SHORTEST_MS = 1_000;
/** Where nobody says how long an answer holds. */
const UNKNOWN_MS = 5_000;
/** A TTL is how long one may believe it, not how long one must: Docker's DNS says ten minutes of containers that live for two. */
const LONGEST_MS = 30_000;
