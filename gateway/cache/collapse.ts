import { TransientMap } from '../exchange/transient.ts';
import type { Fetched } from './fetched.ts';

/** A request for an answer that is being fetched already. */
export interface Asker {
  /** A fetch delivers already. @returns whether this asker takes part in it; then nothing else is called */
  offered(fetched: Fetched): boolean;
  /**
   * The wait is over. `leader`: fetch in place of a leader that left. `follower`: the answer is kept. `alone`: the answer is not kept, so
   * fetch for yourself.
   */
  proceed(as: 'leader' | 'follower' | 'alone', flight: Flight | null): void;
}

/** How a fetch ended. `gone`: its client left, and nobody else needs the whole answer. */
export type FlightEnd = 'kept' | 'not-kept' | 'failed' | 'gone';

/** One fetch and its followers. The leader must end it. */
export interface Flight {
  /** The head has arrived and the answer is being kept: only the body is missing. */
  headCame(): void;
  /** The answer is being kept and its first bytes have arrived: followers that can use it stop waiting. */
  flows(fetched: Fetched): void;
  /** Called once by each leader. */
  end(how: FlightEnd): void;
  /** A client that waited has left. */
  leave(asker: Asker): void;
}

/**
 * Collapses simultaneous misses into one request (RFC 9111 §4). The first asker leads; the others wait until the answer is kept, and find
 * it in the cache. No wait is endless, neither for a hanging service nor for a slow leader. After an answer that was not kept, requests do
 * not wait for a while, so that private answers are never queued behind each other.
 */
export class CollapsedMisses {
  readonly #flights = new TransientMap<string, OpenFlight>();
  readonly #unkeptUntil = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * @param key the cache key of the request
   * @param patienceMs how long to wait for the head of an answer
   * @returns the flight that the asker leads or waits for; `null`: it is on its own
   */
  join(
    key: string,
    asker: Asker,
    patienceMs: number,
  ): { readonly leads: boolean; readonly flight: Flight } | null {
    if (this.#isUnkept(key)) return null;
    const open = this.#flights.get(key);
    if (open) return open.takes(asker) ? { leads: false, flight: open } : null;
    const flight = new OpenFlight(patienceMs, (how) => this.#ended(key, how));
    this.#flights.set(key, flight);
    return { leads: true, flight };
  }

  #ended(key: string, how: FlightEnd | 'late'): void {
    this.#flights.delete(key);
    if (how !== 'not-kept') return;
    const [oldest] = this.#unkeptUntil.keys();
    if (this.#unkeptUntil.size >= REMEMBERED_MAX) this.#unkeptUntil.delete(oldest!);
    this.#unkeptUntil.set(key, this.#now() + UNKEPT_MS);
  }

  #isUnkept(key: string): boolean {
    const until = this.#unkeptUntil.get(key);
    if (until === undefined) return false;
    if (until > this.#now()) return true;
    this.#unkeptUntil.delete(key);
    return false;
  }
}

class OpenFlight implements Flight {
  readonly #waiting = new Set<Asker>();
  readonly #closed: (how: FlightEnd | 'late') => void;
  #fetched: Fetched | null = null;
  /** No more askers may wait for its end. */
  #late = false;
  #over = false;
  #timer: NodeJS.Timeout;

  constructor(patienceMs: number, closed: (how: FlightEnd | 'late') => void) {
    this.#closed = closed;
    this.#timer = this.#expireIn(patienceMs);
  }

  #expireIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#expire(), ms).unref();
  }

  /** Its body may still be shared; only waiting for its end takes too long. */
  #expire(): void {
    if (this.#fetched === null) return this.#close('late', 'alone');
    this.#late = true;
    this.#tell('alone');
  }

  /** @returns whether the asker takes part, or waits */
  takes(asker: Asker): boolean {
    if (this.#fetched !== null && asker.offered(this.#fetched)) return true;
    if (!this.#late) this.#waiting.add(asker);
    return !this.#late;
  }

  flows(fetched: Fetched): void {
    this.#fetched = fetched;
    for (const asker of [...this.#waiting]) if (asker.offered(fetched)) this.#waiting.delete(asker);
  }

  headCame(): void {
    clearTimeout(this.#timer);
    if (!this.#over) this.#timer = this.#expireIn(BODY_PATIENCE_MS);
  }

  end(how: FlightEnd): void {
    if (this.#over) return;
    const [next] = this.#waiting;
    if (how !== 'gone' || next === undefined) return this.#close(how, how === 'kept' ? 'follower' : 'alone');
    // Its place goes to the one that has waited longest; the rest waits on.
    this.#waiting.delete(next);
    this.#fetched = null;
    next.proceed('leader', this);
  }

  #close(how: FlightEnd | 'late', as: 'follower' | 'alone'): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#closed(how);
    this.#tell(as);
  }

  #tell(as: 'follower' | 'alone'): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const asker of waiting) asker.proceed(as, null);
  }

  leave(asker: Asker): void {
    this.#waiting.delete(asker);
  }
}

/** The wait for the rest once the head has arrived: a leader's client may read slowly. */
const BODY_PATIENCE_MS = 5_000;
const UNKEPT_MS = 10_000;
const REMEMBERED_MAX = 1_000;
