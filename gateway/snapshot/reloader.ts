import type { Logger } from 'pino';
import { type ConfigContent, readContent } from '../config/content.ts';
import { type Environment, type LoadResult, loadContent } from '../config/load.ts';
import type { GatewayConfig } from '../config/model.ts';
import { ConfigError } from '../config/problem.ts';
import { type ConfigWatch, watchConfig } from '../config/watch.ts';
import type { LastingExchanges } from '../forward/lasting.ts';
import type { ConfigStatus } from '../observe/status.ts';
import type { EndpointRegistry } from '../upstream/registry.ts';
import { type ConfigDiff, diffConfigs, isEmpty } from './diff.ts';
import { ExtensionError } from './extension.ts';
import type { RouterHandlers } from './router.ts';
import { Snapshot } from './snapshot.ts';

export interface ReloaderOptions {
  readonly file: string;
  readonly env: Environment;
  readonly log: Logger;
  readonly registry: EndpointRegistry;
  readonly lasting: LastingExchanges;
  /** Whether a raw stream of this very meaning is served. */
  readonly servesStream: (signature: string) => boolean;
  readonly handlers: RouterHandlers;
  /** Told of each configuration that takes effect, the first among them. Resolves when all of it has. */
  readonly taken: (config: GatewayConfig) => Promise<void>;
}

export interface ReloadResult {
  readonly changed: boolean;
  /** The problems of a file that was refused, as a person reads them. */
  readonly rejected: string | null;
}

/**
 * Holds the snapshot that serves, and replaces it: the next one is built beside it, one reference is swapped, and the old one finishes
 * what it has. A file that can't be used changes nothing.
 */
export class Reloader {
  readonly #options: ReloaderOptions;
  #current: Snapshot;
  #status: ConfigStatus;
  #watch: ConfigWatch | null = null;
  /** Reloads happen one after the other. */
  #queue: Promise<unknown> = Promise.resolve();
  readonly #drains = new Set<NodeJS.Timeout>();

  /** @throws ConfigError, ExtensionError */
  static async start(options: ReloaderOptions): Promise<Reloader> {
    const { file, env, registry, handlers } = options;
    const loaded = await loadContent(await readContent(file), file, env);
    if (!loaded.ok) throw new ConfigError(loaded.problems);
    const snapshot = await Snapshot.build(loaded.config, registry, handlers);
    await options.taken(snapshot.config);
    return new Reloader(options, snapshot, loaded.hash);
  }

  private constructor(options: ReloaderOptions, snapshot: Snapshot, hash: string) {
    this.#options = options;
    this.#current = snapshot;
    this.#status = { file: snapshot.config.file, loadedAt: Date.now(), reloads: 0, rejected: null };
    this.#watch = watchConfig(options.file, (content) => void this.#enqueue(content, false), {
      knownHash: hash,
    });
  }

  get current(): Snapshot {
    return this.#current;
  }

  get status(): ConfigStatus {
    return this.#status;
  }

  /** Reads the file again, and extension modules with it, whether it changed or not. */
  async reload(): Promise<ReloadResult> {
    return this.#enqueue(await readContent(this.#options.file), true);
  }

  #enqueue(content: ConfigContent, asked: boolean): Promise<ReloadResult> {
    const result = this.#queue.then(async () =>
      this.#take(await loadContent(content, this.#options.file, this.#options.env), asked),
    );
    this.#queue = result.catch(() => {});
    return result;
  }

  async #take(loaded: LoadResult, asked: boolean): Promise<ReloadResult> {
    if (!loaded.ok) return this.#reject(loaded.formatted);
    const diff = diffConfigs(this.#current.config, loaded.config);
    const extended = asked && loaded.config.routes.some((route) => route.extend !== null);
    if (isEmpty(diff) && !extended) return this.#unchanged();
    try {
      const { registry, handlers } = this.#options;
      await this.#swap(await Snapshot.build(loaded.config, registry, handlers), diff);
      return { changed: true, rejected: null };
    } catch (cause) {
      if (cause instanceof ExtensionError) return this.#reject(cause.message);
      // A bug, and nobody waits for a watched file's reload: without a word the new file would just not take effect.
      this.#options.log.error({ err: cause }, 'the changed configuration could not be put to work');
      return this.#reject(cause instanceof Error ? cause.message : String(cause));
    }
  }

  #reject(formatted: string): ReloadResult {
    if (this.#status.rejected !== formatted) {
      this.#options.log.error(
        { problems: formatted },
        'the changed configuration was refused; the one before it keeps serving',
      );
    }
    this.#status = { ...this.#status, rejected: formatted };
    return { changed: false, rejected: formatted };
  }

  /** The file says again what serves already, where its routes stand aside. */
  #unchanged(): ReloadResult {
    if (this.#status.rejected !== null)
      this.#options.log.info('the configuration file says again what is served');
    this.#status = { ...this.#status, rejected: null };
    return { changed: false, rejected: null };
  }

  async #swap(next: Snapshot, diff: ConfigDiff): Promise<void> {
    const { log, taken } = this.#options;
    const previous = this.#current;
    this.#current = next;
    this.#status = {
      ...this.#status,
      loadedAt: Date.now(),
      reloads: this.#status.reloads + 1,
      rejected: null,
    };
    previous.retire();
    await taken(next.config);
    log.info({ ...diff }, 'configuration reloaded');
    if (diff.needsRestart.length > 0)
      log.warn({ settings: diff.needsRestart }, 'these settings take effect at the next start');
    this.#drainChanged();
  }

  /** What lasts on routes that are no more gets some time to come to an end by itself. */
  #drainChanged(): void {
    const timer = setTimeout(() => {
      this.#drains.delete(timer);
      const ended = this.#options.lasting.closeUnless(
        (signature) => this.#current.serves(signature) || this.#options.servesStream(signature),
      );
      if (ended > 0) this.#options.log.info({ ended }, 'ended tunnels and event streams of changed routes');
    }, CHANGED_ROUTE_DRAIN_MS);
    timer.unref();
    this.#drains.add(timer);
  }

  stopWatching(): void {
    this.#watch?.close();
    for (const timer of this.#drains) clearTimeout(timer);
  }
}

const CHANGED_ROUTE_DRAIN_MS = 10_000;
