import { signal } from '@preact/signals';
import type { GatewayStatus } from '../../model/status.ts';
import { ask } from './ask.ts';
import { Rates } from './rates.ts';

/** The state of the connection: `lost` and `out` (the session has ended) keep the last status. */
export type Link = 'connecting' | 'live' | 'paused' | 'lost' | 'out';

/** The user, and the permitted actions. */
export interface Access {
  /** Whose key it is; `null`: none was asked for. */
  readonly user: string | null;
  readonly readOnly: boolean;
}

/** A status as recent as this need not be requested. */
const LATELY_MS = 1_500;
const EVERY_MS = 1_000;
const PATIENCE_MS = 5_000;

/** The gateway's status, once a second while the page is visible. */
export class Feed {
  readonly status = signal<GatewayStatus | null>(null);
  readonly link = signal<Link>('connecting');
  readonly access = signal<Access>({ user: null, readOnly: false });
  readonly lostSince = signal(0);
  readonly rates = new Rates();
  #toldAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @returns when there is a status, or none */
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

  /** Takes a status that came with the stream, which saves a request. */
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
