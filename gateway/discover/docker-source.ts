import { setTimeout as sleep } from 'node:timers/promises';
import type { DockerDiscovery } from '../model/config.ts';
import type { LabelledOrigin } from '../model/labels.ts';
import { DockerEngine, EngineError } from './docker-engine.ts';
import { originsOf } from './docker-origins.ts';

/** Containers of an engine. Asks whenever something happened, a moment later once more, and now and then besides: news may get lost. */
export class DockerSource {
  readonly #settings: DockerDiscovery;
  readonly #engine: DockerEngine;

  constructor(settings: DockerDiscovery) {
    this.#settings = settings;
    this.#engine = new DockerEngine(settings.engine);
  }

  /** @throws EngineError */
  async now(signal: AbortSignal): Promise<readonly LabelledOrigin[]> {
    return originsOf(await this.#engine.containers(signal), this.#settings);
  }

  /** @throws EngineError when it can't be asked any more */
  async ask(take: (origins: readonly LabelledOrigin[]) => void, end: AbortSignal): Promise<never> {
    const done = new AbortController();
    const signal = AbortSignal.any([end, done.signal]);
    let wake = Promise.withResolvers<boolean>();
    const broken = this.#engine
      .follow(() => wake.resolve(true), signal)
      .then(() => {
        throw new EngineError('it has ended the connection');
      });
    let news = true;
    try {
      for (;;) {
        wake = Promise.withResolvers();
        take(await Promise.race([this.now(signal), broken]));
        // The list may be older than the event that caused the look.
        const timer = setTimeout(wake.resolve, news ? LATE_MS : ASK_MS, false).unref();
        news = await Promise.race([wake.promise, broken]).finally(() => clearTimeout(timer));
        // One `docker-compose up` is a burst of events.
        await Promise.race([sleep(SETTLE_MS, undefined, { ref: false }), broken]);
      }
    } finally {
      done.abort();
    }
  }
}

const ASK_MS = 30_000;
const LATE_MS = 1_000;
const SETTLE_MS = 100;
