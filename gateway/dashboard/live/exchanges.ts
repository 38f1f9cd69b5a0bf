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
/** Exchanges that arrive within this time are drawn together. */
const TOGETHER_MS = 100;
/** Where the gateway does not say when it may be asked again. */
const RETRY_S = 2;

type Told = ExchangeSummary & { readonly missed: number };

/** Exchanges as they end, newest first: those kept before, and then each that the gateway reports. */
export class Exchanges {
  readonly filter = signal<ExchangeFilter>(NO_FILTER);
  readonly list = signal<readonly ExchangeSummary[]>([]);
  readonly chosen = new Chosen();
  /** Exchanges that were not reported, because there were too many or this reader was slow. */
  readonly missed = signal(0);
  readonly paused = signal(false);
  /** Ended while it was paused. */
  readonly waiting = signal(0);
  readonly problem = signal<string | null>(null);
  readonly #status: (status: GatewayStatus) => void;
  #came: ExchangeSummary[] = [];
  /** When the newest cleared exchange ended: the gateway still has these, but they are not shown. */
  #clearedTo = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param status receives the gateway's status from the stream */
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
      // From the second status on, the stream reports every exchange that ends; earlier ones are in the list.
      if (++looks === 2) void this.#begin(query, signal);
    });
    source.addEventListener('exchange', ({ data }) => this.#take(JSON.parse(data) as Told));
    source.addEventListener('open', () => {
      this.problem.value = null;
    });
    source.addEventListener('error', () => {
      // After a broken connection the browser reconnects by itself; after an answer that is no stream it does not.
      if (source.readyState === EventSource.CLOSED) void this.#refused(query, signal);
    });
  }

  async #begin(query: URLSearchParams, signal: AbortSignal): Promise<void> {
    try {
      const answer = await fetch(`/exchanges?${query}&limit=${KEPT}`, { signal });
      if (!answer.ok) return;
      this.#came.unshift(...((await answer.json()) as ExchangeList).exchanges.toReversed());
      // A pause keeps the exchanges that were shown when it began.
      if (!this.paused.peek() || this.list.peek().length === 0) this.#show();
    } catch {
      // The page was left, or the gateway is gone, which the header shows.
    }
  }

  /** An EventSource gives no reason, so the request is repeated to get its answer. */
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
      // The page was left, or the gateway is gone, which the header shows.
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
    // List and stream may both contain an exchange.
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
    // Exchanges that are not drawn yet wait, too: nothing moves during a pause.
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.waiting.value = paused ? this.#came.length : 0;
    if (!paused) this.#show();
  }

  /** Clears the shown exchanges; waiting ones stay. */
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
