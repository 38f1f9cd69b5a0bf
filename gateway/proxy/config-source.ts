import type { Logger } from 'pino';
import { type Environment, type Judged, loadContent } from '../config/load.ts';
import { ConfigError } from '../config/problem.ts';
import type { FileContent } from '../files/content.ts';
import type { GatewayConfig, PlacedService } from '../model/config.ts';
import type { ConfigStatus } from '../model/status.ts';
import { Reloader, type ReloadResult } from './reloader.ts';
import type { WorkerContext } from './worker-context.ts';

export interface ConfigSourceOptions {
  readonly configFile: string;
  /** Instead of what the file says, for ever. */
  readonly content: FileContent | undefined;
  /** As of `GatewayOptions`. */
  readonly judged: Judged | undefined;
  readonly env: Environment;
  readonly log: Logger;
  /** Who else says what the configuration is; `null`: the file, which is followed. */
  readonly worker: WorkerContext | null;
  /** Puts a configuration to work. */
  readonly apply: (config: GatewayConfig) => Promise<void>;
  /** As of `ReloaderOptions`, here and below. */
  readonly placed: (services: readonly PlacedService[]) => void;
  readonly portMoves: (config: GatewayConfig) => boolean;
}

/** Where a gateway has its configuration from: its file; what it was given; or, as one worker of several, its primary. */
export class ConfigSource {
  readonly #options: ConfigSourceOptions;
  #reloader: Reloader | null = null;
  /** Of the one configuration that there will ever be. */
  #fixed: ConfigStatus | null = null;

  constructor(options: ConfigSourceOptions) {
    this.#options = options;
  }

  /** Puts the first configuration to work. @throws ConfigError, ExtensionError */
  async start(): Promise<void> {
    const { configFile: file, content, judged, env, log, worker, apply, placed, portMoves } = this.#options;
    if (worker) await apply(worker.share(await this.#load(worker.content)));
    else if (content) {
      const config = await this.#load(content);
      await apply(config);
      this.#fixed = { file: config.file, loadedAt: Date.now(), reloads: 0, rejected: null };
    } else this.#reloader = await Reloader.start({ file, env, log, apply, placed, portMoves }, judged);
  }

  get status(): ConfigStatus {
    return this.#options.worker?.configStatus() ?? this.#fixed ?? this.#reloader!.status;
  }

  /** How many newer ones were refused. */
  get refusals(): number {
    return this.#reloader?.refusals ?? 0;
  }

  async reload(): Promise<ReloadResult> {
    return this.#reloader?.reload() ?? { changed: false, rejected: null };
  }

  /** What the primary says. */
  async take(content: FileContent): Promise<ReloadResult> {
    const { worker, apply } = this.#options;
    try {
      await apply(worker!.share(await this.#load(content)));
      return { changed: true, rejected: null };
    } catch (cause) {
      return { changed: false, rejected: cause instanceof Error ? cause.message : String(cause) };
    }
  }

  /** @throws ConfigError */
  async #load(content: FileContent): Promise<GatewayConfig> {
    const { configFile, env } = this.#options;
    const loaded = await loadContent(content, configFile, env);
    if (!loaded.ok) throw new ConfigError(loaded.problems);
    return loaded.config;
  }

  /** The file may change as it will. */
  stop(): void {
    this.#reloader?.stopWatching();
  }
}
