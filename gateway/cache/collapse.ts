/** Who asks for an answer that is being fetched already. */
export interface Asker {
  /** Goes on: in the place of a leader who left, with what the leader has stored, or by itself. */
  proceed(as: 'leader' | 'follower' | 'alone'): void;
}

export type LeaderEnd = 'stored' | 'not-stored' | 'gone';

/**
 * Collapses simultaneous misses of one URL into one request (RFC 9111 §4). The first asker leads; the others wait until its answer is
 * stored and then find it in the cache. What turns out not to be storable is not waited for again for a while,
 * so that private answers are never queued behind each other.
 */
export class CollapsedMisses {
  readonly #leading = new Map<string, Asker[]>();
  readonly #unstorableUntil = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** @returns whether the asker leads; then `done` must be called, once. Otherwise it has been made to wait, or told to proceed. */
  ask(url: string, asker: Asker): boolean {
    if (this.#isUnstorable(url)) {
      asker.proceed('alone');
      return false;
    }
    const waiting = this.#leading.get(url);
    if (waiting) {
      waiting.push(asker);
      return false;
    }
    this.#leading.set(url, []);
    return true;
  }

  done(url: string, end: LeaderEnd): void {
    const waiting = this.#leading.get(url) ?? [];
    this.#leading.delete(url);
    if (end === 'not-stored') this.#remember(url);
    // The leader's client left: its place goes to the next one, and the rest waits on.
    if (end === 'gone' && waiting.length > 0) return this.#handOver(url, waiting);
    for (const asker of waiting) asker.proceed(end === 'stored' ? 'follower' : 'alone');
  }

  #handOver(url: string, [next, ...rest]: Asker[]): void {
    this.#leading.set(url, rest);
    next!.proceed('leader');
  }

  /** A client that waited has left. */
  leave(url: string, asker: Asker): void {
    const waiting = this.#leading.get(url);
    const at = waiting?.indexOf(asker) ?? -1;
    if (at >= 0) waiting!.splice(at, 1);
  }

  #isUnstorable(url: string): boolean {
    const until = this.#unstorableUntil.get(url);
    if (until === undefined) return false;
    if (until > this.#now()) return true;
    this.#unstorableUntil.delete(url);
    return false;
  }

  #remember(url: string): void {
    if (this.#unstorableUntil.size >= REMEMBERED_MAX)
      this.#unstorableUntil.delete(this.#unstorableUntil.keys().next().value!);
    this.#unstorableUntil.set(url, this.#now() + UNSTORABLE_MS);
  }
}

const UNSTORABLE_MS = 10_000;
const REMEMBERED_MAX = 10_000;
