import { signal } from '@preact/signals';
import type { GatewayStatus } from '../../model/status.ts';
import { ask } from './ask.ts';
import { Rates } from './rates.ts';

/** How the gateway is reached: `lost` and `out`, where the session is over, keep what it said last. */
export type Link = 'connecting' | 'live' | 'paused' | 'lost' | 'out';

/** Who looks, and what may be done from here. */
export interface Access {
  /** Whose key it is; `null`: none was asked for. */
  readonly user: string | null;
  readonly readOnly: boolean;
}

/** What was told as lately as this need not be asked for. */
const LATELY_MS = 1_500;
const EVERY_MS = 1_000;
const PATIENCE_MS = 5_000;

/** What the gateway says of itself, once a second while the page is in sight. */
export class Feed {
  readonly status = signal<GatewayStatus | null>(null);
  readonly link = signal<Link>('connecting');
  readonly access = signal<Access>({ user: null, readOnly: false });
  readonly lostSince = signal(0);
  readonly rates = new Rates();
  #toldAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @returns when the gateway has said something, or nothing. */
  start(): Promise<void> {
    document.addEventListener('visibilitychange', () => {
      clearTimeout(this.#timer);
      if (document.hidden) this.link.value = 'paused';
      else void this.refresh();
    });
    return this.refresh();
  }

  async refresh(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#ask();
    this.#again();
  }

  #again(): void {
    if (document.hidden) return;
    this.#timer = setTimeout(() => {
      if (Date.now() - this.#toldAt < LATELY_MS) this.#again();
      else void this.refresh();
    }, EVERY_MS);
  }

  async #ask(): Promise<void> {
    try {
      const answer = await fetch('/status', { signal: AbortSignal.timeout(PATIENCE_MS) });
      if (answer.status === 401) {
        this.link.value = 'out';
        return;
      }
      if (!answer.ok) throw new Error(answer.statusText);
      this.#take((await answer.json()) as GatewayStatus);
    } catch {
      if (this.link.value !== 'lost') this.lostSince.value = Date.now();
      this.link.value = 'lost';
    }
  }

  /** Whoever is told meanwhile hands it on: then it need not be asked for. */
  told(status: GatewayStatus): void {
    this.#toldAt = Date.now();
    this.#take(status);
  }

  /** Why nothing can be changed from here; `undefined`: it can. */
  get locked(): string | undefined {
    return this.access.value.readOnly ? 'The configuration says `admin: { readOnly: true }`.' : undefined;
  }

  async #askAccess(): Promise<void> {
    const told = await ask<Access>('/session');
    if (told.ok) this.access.value = told.value;
  }

  #take(status: GatewayStatus): void {
    // Another configuration may allow more, or less.
    if (status.config.loadedAt !== this.status.peek()?.config.loadedAt) void this.#askAccess();
    this.rates.add(status);
    this.status.value = status;
    this.link.value = 'live';
  }
}
