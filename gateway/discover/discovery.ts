import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { DiscoverConfig } from '../model/config.ts';
import type { LabelledOrigin } from '../model/labels.ts';
import { DockerEngine, EngineError } from './docker-engine.ts';
import { originsOf } from './docker-origins.ts';

/** Asks once. @throws EngineError */
export async function originsNow(settings: DiscoverConfig, deadlineMs: number): Promise<LabelledOrigin[]> {
  const engine = new DockerEngine(settings.engine);
  return originsOf(await engine.containers(AbortSignal.timeout(deadlineMs)), settings);
}

/** Follows the containers of the engine that the configuration names. While it can't be asked, what it said last is true. */
export class Discovery {
  readonly #log: Logger;
  #changed: () => void = () => {};
  #settings: DiscoverConfig | null = null;
  #origins: readonly LabelledOrigin[] = [];
  #failure: string | null = null;
  #end = new AbortController();
  #first: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** @param changed called when other containers ask for routes, or they have other labels */
  onChange(changed: () => void): void {
    this.#changed = changed;
  }

  get origins(): readonly LabelledOrigin[] {
    return this.#origins;
  }

  /** Where it asks, and why it can't; `null`: it asks nobody. */
  get state(): { readonly source: string; readonly failure: string | null } | null {
    return this.#settings && { source: this.#settings.engine, failure: this.#failure };
  }

  /**
   * Follows this engine from now on, `null`: none. Resolves when its containers are known, or when it is clear that this takes longer.
   * @returns whether something else is followed than before
   */
  async follow(settings: DiscoverConfig | null): Promise<boolean> {
    if (isDeepStrictEqual(settings, this.#settings)) return false;
    this.close();
    this.#end = new AbortController();
    this.#first = Promise.withResolvers();
    this.#settings = settings;
    this.#failure = null;
    this.#origins = [];
    if (settings === null) return true;
    void this.#run(settings, this.#end.signal);
    await Promise.race([this.#first.promise, sleep(FIRST_MS, undefined, { ref: false })]);
    return true;
  }

  close(): void {
    this.#end.abort();
  }

  async #run(settings: DiscoverConfig, end: AbortSignal): Promise<void> {
    const engine = new DockerEngine(settings.engine);
    for (let failures = 0; !end.aborted; failures++) {
      const began = performance.now();
      await this.#ask(engine, settings, end).catch((cause: unknown) => this.#fail(cause, settings, end));
      if (performance.now() - began > ASK_MS) failures = 0;
      const delayMs = Math.min(FIRST_DELAY_MS * 2 ** failures, LONGEST_DELAY_MS) * (0.5 + Math.random() / 2);
      await sleep(delayMs, undefined, { ref: false, signal: end }).catch(() => {});
    }
  }

  /** Asks whenever something happened, and now and then besides: news may get lost. @throws EngineError when it can't be asked any more */
  async #ask(engine: DockerEngine, settings: DiscoverConfig, end: AbortSignal): Promise<never> {
    const done = new AbortController();
    const signal = AbortSignal.any([end, done.signal]);
    let wake = Promise.withResolvers<void>();
    const broken = engine
      .follow(() => wake.resolve(), signal)
      .then(() => {
        throw new EngineError('it has ended the connection');
      });
    try {
      for (;;) {
        wake = Promise.withResolvers();
        this.#take(
          originsOf(await Promise.race([engine.containers(signal), broken]), settings),
          settings,
          end,
        );
        const timer = setTimeout(wake.resolve, ASK_MS).unref();
        await Promise.race([wake.promise, broken]).finally(() => clearTimeout(timer));
        // One `docker-compose up` is a burst of events.
        await Promise.race([sleep(SETTLE_MS, undefined, { ref: false }), broken]);
      }
    } finally {
      done.abort();
    }
  }

  #take(origins: readonly LabelledOrigin[], { engine }: DiscoverConfig, end: AbortSignal): void {
    if (end.aborted) return;
    if (this.#failure !== null) this.#log.info({ engine }, 'the engine can be asked for containers again');
    this.#failure = null;
    this.#first.resolve();
    if (isDeepStrictEqual(origins, this.#origins)) return;
    this.#origins = origins;
    this.#changed();
  }

  #fail(cause: unknown, { engine }: DiscoverConfig, end: AbortSignal): void {
    if (end.aborted) return;
    const failure = cause instanceof Error ? cause.message : String(cause);
    this.#first.resolve();
    if (this.#failure === failure) return;
    this.#failure = failure;
    this.#log.error(
      { engine, reason: failure },
      'the engine can not be asked for containers; those that are known are served on',
    );
  }
}

/** How long a start or a reload waits for the first answer. */
const FIRST_MS = 3_000;
const ASK_MS = 30_000;
const SETTLE_MS = 100;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;
