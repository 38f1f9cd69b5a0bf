import { signal } from '@preact/signals';
import type { GatewayStatus } from '../../model/status.ts';

/** A text that was the file before another was written from here. */
export interface Past {
  readonly text: string;
  /** When it was replaced. */
  readonly at: number;
}

interface Counts {
  readonly requests: number;
  readonly failed: number;
}

const PAST_MAX = 20;
/** For so long a change is watched, and from so many requests on its failures say something. */
const WATCHED_MS = 5 * 60_000;
const ENOUGH = 10;
const WORSE_BY = 0.05;

/** Texts written from this page: earlier ones, newest first, and whether requests have failed since. It outlives the Config page. */
export class Applied {
  readonly past = signal<readonly Past[]>([]);
  #at = 0;
  #share = 0;
  #then: Counts | null = null;

  /** @param share of requests that failed lately */
  note(text: string, status: GatewayStatus, share: number): void {
    this.past.value = [{ text, at: status.at }, ...this.past.peek()].slice(0, PAST_MAX);
    this.#at = status.at;
    this.#share = share;
    this.#then = countsOf(status);
  }

  /** The share that fails since, where that is more than before; `null`: all is as it was, or too little is known. */
  worse(status: GatewayStatus): { readonly before: number; readonly since: number } | null {
    if (this.#then === null || status.at - this.#at > WATCHED_MS) return null;
    const now = countsOf(status);
    const requests = now.requests - this.#then.requests;
    const failed = Math.max(0, now.failed - this.#then.failed);
    // Counters of removed routes have gone with them.
    if (requests < ENOUGH || failed / requests < this.#share + WORSE_BY) return null;
    return { before: this.#share, since: failed / requests };
  }

  /** The newest of the texts before is the file again. */
  takenBack(): void {
    this.past.value = this.past.peek().slice(1);
    this.settle();
  }

  /** It is well as it is. */
  settle(): void {
    this.#then = null;
  }
}

export function countsOf({ routes, unrouted }: GatewayStatus): Counts {
  const all = [...routes.map(({ traffic }) => traffic), unrouted].filter((one) => one !== null);
  return {
    requests: all.reduce((sum, one) => sum + one.requests, 0),
    failed: all.reduce((sum, one) => sum + one.failed, 0),
  };
}
