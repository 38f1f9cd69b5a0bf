import type { NameAnswer } from './name-resolver.ts';

/** Why a name is not known, or not known anew. */
export interface NameFailure {
  /** The resolver's code: `ENOTFOUND`. */
  readonly code: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** Asks about one name, and gets notices for the operator. */
export interface NameAsker<T> {
  /** Rejects with the resolver's error. */
  ask(): Promise<NameAnswer<T>>;
  /** It stands for something else than before, or is known again. */
  found(records: readonly T[]): void;
  /** It stopped resolving. Called once until it resolves again. @param known whether it had resolved before */
  failed(code: string, known: boolean): void;
  /** It is not watched any more. */
  close(): void;
}

export interface NameWatcher {
  /** The name stands for something else now. */
  nameChanged(): void;
}

/**
 * A name that is resolved again when its answer expires, for as long as it is watched. Empty answers and failures change nothing: the last
 * known records stay, because DNS fails more often than a running service disappears.
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

  /** The last known records; empty: it has never resolved. */
  get known(): readonly T[] {
    return this.#known;
  }

  /** Of the newest answer; `null`: it was a good one. */
  get failure(): NameFailure | null {
    return this.#failure;
  }

  /** Resolves with the first answer, or after two seconds. */
  get answered(): Promise<void> {
    return this.#first.promise;
  }

  watch(watcher: NameWatcher): void {
    this.#watchers.add(watcher);
  }

  leave(watcher: NameWatcher): void {
    this.#watchers.delete(watcher);
  }

  /** Its addresses could not be reached. It is resolved again, at most once a second. */
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
/** For answers without a TTL. */
const UNKNOWN_MS = 5_000;
/** The upper bound: a TTL allows caching and does not demand it. Docker's DNS says ten minutes for containers that live for two. */
const LONGEST_MS = 30_000;
