import type { Logger } from 'pino';
import type { ConfigContent } from '../config/content.ts';
import { type Environment, loadContent } from '../config/load.ts';
import { ConfigError } from '../config/problem.ts';
import type { GatewayConfig } from '../model/config.ts';
import type { ConfigStatus } from '../model/status.ts';
import { Reloader, type ReloadResult } from './reloader.ts';
import type { WorkerContext } from './worker-context.ts';

export interface ConfigSourceOptions {
  readonly configFile: string;
  readonly env: Environment;
  readonly log: Logger;
  /** Who else says what the configuration is; `null`: the file, which is followed. */
  readonly worker: WorkerContext | null;
  /** Puts a configuration to work. */
  readonly apply: (config: GatewayConfig) => Promise<void>;
}

/** Where a gateway has its configuration from: its file, or, as one worker of several, its primary. */
export class ConfigSource {
  readonly #options: ConfigSourceOptions;
  #reloader: Reloader | null = null;

  constructor(options: ConfigSourceOptions) {
    this.#options = options;
  }

  /** Puts the first configuration to work. @throws ConfigError, ExtensionError */
  async start(): Promise<void> {
    const { configFile: file, env, log, worker, apply } = this.#options;
    if (worker) await apply(await this.#load(worker, worker.content));
    else this.#reloader = await Reloader.start({ file, env, log, apply });
  }

  get status(): ConfigStatus {
    return this.#options.worker?.configStatus() ?? this.#reloader!.status;
  }

  /** How many newer ones were refused. */
  get refusals(): number {
    return this.#reloader?.refusals ?? 0;
  }

  reload(): Promise<ReloadResult> {
    return this.#reloader!.reload();
  }

  /** What the primary says. */
  async take(content: ConfigContent): Promise<ReloadResult> {
    const { worker, apply } = this.#options;
    try {
      await apply(await this.#load(worker!, content));
      return { changed: true, rejected: null };
    } catch (cause) {
      return { changed: false, rejected: cause instanceof Error ? cause.message : String(cause) };
    }
  }

  /** @throws ConfigError */
  async #load(worker: WorkerContext, content: ConfigContent): Promise<GatewayConfig> {
    const { configFile, env } = this.#options;
    const loaded = await loadContent(content, configFile, env);
    if (!loaded.ok) throw new ConfigError(loaded.problems);
    return worker.share(loaded.config);
  }

  /** The file may change as it will. */
  stop(): void {
    this.#reloader?.stopWatching();
  }
}
