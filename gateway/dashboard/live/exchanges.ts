import { signal } from '@preact/signals';
import type { ExchangeList, ExchangeSummary } from '../../model/exchanges.ts';
import type { GatewayStatus } from '../../model/status.ts';
import { Chosen } from './chosen.ts';

/** Which exchanges are shown; an empty text excludes none. */
export interface ExchangeFilter {
  readonly text: string;
  readonly route: string;
  readonly status: string;
  readonly since: string;
}

export const NO_FILTER: ExchangeFilter = { text: '', route: '', status: '', since: '' };

const KEPT = 200;
/** What comes within this time is drawn at once. */
const TOGETHER_MS = 100;
/** Where the gateway does not say when it may be asked again. */
const RETRY_S = 2;

type Told = ExchangeSummary & { readonly missed: number };

/** Exchanges as they end: those that were kept before, and from then on each as the gateway tells it. The newest stand first. */
export class Exchanges {
  readonly filter = signal<ExchangeFilter>(NO_FILTER);
  readonly list = signal<readonly ExchangeSummary[]>([]);
  readonly chosen = new Chosen();
  /** Not told, because there were too many or this reader was slow. */
  readonly missed = signal(0);
  readonly paused = signal(false);
  /** Ended while it was paused. */
  readonly waiting = signal(0);
  readonly problem = signal<string | null>(null);
  readonly #status: (status: GatewayStatus) => void;
  #came: ExchangeSummary[] = [];
  /** What ended by then was cleared away, though the gateway keeps it: when the newest of that ended. */
  #clearedTo = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param status is told what the stream says of the gateway */
  constructor(status: (status: GatewayStatus) => void) {
    this.#status = status;
  }

  /** @returns ends it. */
  open(): () => void {
    const query = queryOf(this.filter.peek());
    this.list.value = [];
    this.missed.value = 0;
    this.waiting.value = 0;
    this.#came = [];
    this.#clearedTo = 0;
    this.chosen.clear();
    let leave: (() => void) | null = null;
    // So many may follow: a page out of sight leaves its place to others.
    const look = () => {
      leave?.();
      leave = document.hidden ? null : this.#follow(query);
    };
    document.addEventListener('visibilitychange', look);
    look();
    return () => {
      document.removeEventListener('visibilitychange', look);
      leave?.();
    };
  }

  /** @returns ends it. */
  #follow(query: URLSearchParams): () => void {
    const ended = new AbortController();
    this.#connect(query, ended.signal);
    void this.#begin(query, ended.signal);
    return () => {
      ended.abort();
      clearTimeout(this.#timer);
      this.#timer = undefined;
    };
  }

  #connect(query: URLSearchParams, signal: AbortSignal): void {
    if (signal.aborted) return;
    const source = new EventSource(`/events?${query}`);
    signal.addEventListener('abort', () => source.close());
    let looks = 0;
    source.addEventListener('status', ({ data }) => {
      this.#status(JSON.parse(data) as GatewayStatus);
      // By the second one the stream tells whatever ends: what ended between the list and that is in the list of now.
      if (++looks === 2) void this.#begin(query, signal);
    });
    source.addEventListener('exchange', ({ data }) => this.#take(JSON.parse(data) as Told));
    source.addEventListener('open', () => {
      this.problem.value = null;
    });
    source.addEventListener('error', () => {
      // Where the connection broke, the browser asks again by itself; after an answer that is no stream, nobody does.
      if (source.readyState === EventSource.CLOSED) void this.#refused(query, signal);
    });
  }

  async #begin(query: URLSearchParams, signal: AbortSignal): Promise<void> {
    try {
      const answer = await fetch(`/exchanges?${query}&limit=${KEPT}`, { signal });
      if (!answer.ok) return;
      this.#came.unshift(...((await answer.json()) as ExchangeList).exchanges.toReversed());
      // What is held is what was there when it began to be.
      if (!this.paused.peek() || this.list.peek().length === 0) this.#show();
    } catch {
      // Whoever left the page asks no more; a gateway that is gone is said of at the top.
    }
  }

  /** A stream of events tells no reason: asked for once more, its answer does. */
  async #refused(query: URLSearchParams, signal: AbortSignal): Promise<void> {
    let retryS = RETRY_S;
    try {
      const answer = await fetch(`/events?${query}`, { signal });
      if (answer.ok) await answer.body?.cancel();
      else {
        const { detail } = (await answer.json()) as { readonly detail?: string };
        this.problem.value = detail ?? answer.statusText;
        if (answer.status !== 503) return;
        retryS = Number(answer.headers.get('retry-after')) || RETRY_S;
      }
    } catch {
      // Whoever left the page asks no more; a gateway that is gone is said of at the top.
    }
    setTimeout(() => this.#connect(query, signal), retryS * 1_000);
  }

  #take({ missed, ...exchange }: Told): void {
    this.missed.value += missed;
    this.#came.push(exchange);
    // In a tab out of sight the browser may let a timer wait for a minute.
    if (this.#came.length > 2 * KEPT) this.#came = this.#came.slice(-KEPT);
    if (this.paused.peek()) this.waiting.value++;
    else this.#timer ??= setTimeout(() => this.#show(), TOGETHER_MS);
  }

  #show(): void {
    this.#timer = undefined;
    const known = new Set(this.list.peek().map(({ id }) => id));
    // The list and the stream may both tell of one.
    const came = new Map(this.#came.map((exchange) => [exchange.id, exchange]));
    const fresh = [...came.values()]
      .filter((one) => !known.has(one.id) && one.endedAt > this.#clearedTo)
      .toReversed();
    this.#came = [];
    if (fresh.length === 0) return;
    const all = [...fresh, ...this.list.peek()];
    this.list.value = all.sort((a, b) => b.endedAt - a.endedAt).slice(0, KEPT);
  }

  pause(paused: boolean): void {
    this.paused.value = paused;
    // What has come and is not drawn yet waits, too: nothing moves any more.
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.waiting.value = paused ? this.#came.length : 0;
    if (!paused) this.#show();
  }

  /** What was shown goes, and what waits stays. */
  clear(): void {
    this.#clearedTo = this.list.peek()[0]?.endedAt ?? this.#clearedTo;
    this.list.value = [];
    this.missed.value = 0;
    this.chosen.clear();
  }
}

function queryOf(filter: ExchangeFilter): URLSearchParams {
  return new URLSearchParams(Object.entries(filter).filter(([, value]) => value.trim() !== ''));
}
