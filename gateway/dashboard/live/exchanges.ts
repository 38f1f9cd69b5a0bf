import { signal } from '@preact/signals';
import type { ExchangeList, ExchangeSummary } from '../../model/exchanges.ts';
import type { GatewayStatus } from '../../model/status.ts';

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

type Told = ExchangeSummary & { readonly missed: number };

/** Exchanges as they end: those that were kept before, and from then on each as the gateway tells it. The newest stand first. */
export class Exchanges {
  readonly filter = signal<ExchangeFilter>(NO_FILTER);
  readonly list = signal<readonly ExchangeSummary[]>([]);
  /** Not told, because there were too many or this reader was slow. */
  readonly missed = signal(0);
  readonly paused = signal(false);
  /** Ended while it was paused. */
  readonly waiting = signal(0);
  readonly problem = signal<string | null>(null);
  readonly #status: (status: GatewayStatus) => void;
  #came: ExchangeSummary[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param status is told what the stream says of the gateway */
  constructor(status: (status: GatewayStatus) => void) {
    this.#status = status;
  }

  /** @returns ends it. */
  open(): () => void {
    const query = queryOf(this.filter.peek());
    const ended = new AbortController();
    const source = new EventSource(`/events?${query}`);
    this.list.value = [];
    this.missed.value = 0;
    this.#came = [];
    let looks = 0;
    source.addEventListener('status', ({ data }) => {
      this.#status(JSON.parse(data) as GatewayStatus);
      // By the second one the stream tells whatever ends: what ended between the list and that is in the list of now.
      if (++looks === 2) void this.#begin(query, ended.signal);
    });
    source.addEventListener('exchange', ({ data }) => this.#take(JSON.parse(data) as Told));
    source.addEventListener('open', () => {
      this.problem.value = null;
    });
    source.addEventListener('error', () => void this.#explain(ended.signal));
    void this.#begin(query, ended.signal);
    return () => {
      source.close();
      ended.abort();
      clearTimeout(this.#timer);
      this.#timer = undefined;
    };
  }

  async #begin(query: URLSearchParams, signal: AbortSignal): Promise<void> {
    try {
      const answer = await fetch(`/exchanges?${query}&limit=${KEPT}`, { signal });
      if (!answer.ok) return;
      this.#came.unshift(...((await answer.json()) as ExchangeList).exchanges.toReversed());
      if (!this.paused.peek()) this.#show();
    } catch {
      // Whoever left the page asks no more; a gateway that is gone is said of at the top.
    }
  }

  /** A stream of events tells no reason: the list of the same exchanges does. */
  async #explain(signal: AbortSignal): Promise<void> {
    try {
      const answer = await fetch('/exchanges?limit=1', { signal });
      const { detail } = (await answer.json()) as { readonly detail?: string };
      this.problem.value = answer.ok ? null : (detail ?? answer.statusText);
    } catch {
      // As above.
    }
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
    const fresh = [...came.values()].filter(({ id }) => !known.has(id)).toReversed();
    this.#came = [];
    if (fresh.length === 0) return;
    const all = [...fresh, ...this.list.peek()];
    this.list.value = all.sort((a, b) => b.endedAt - a.endedAt).slice(0, KEPT);
  }

  pause(paused: boolean): void {
    this.paused.value = paused;
    this.waiting.value = 0;
    if (!paused) this.#show();
  }

  clear(): void {
    this.list.value = [];
    this.missed.value = 0;
  }
}

function queryOf(filter: ExchangeFilter): URLSearchParams {
  return new URLSearchParams(Object.entries(filter).filter(([, value]) => value.trim() !== ''));
}
