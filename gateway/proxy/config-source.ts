import type { Logger } from 'pino';
import { unplacedService } from '../config/endpoint.ts';
import { type Environment, loadContent, type Validated } from '../config/load.ts';
import { ConfigError } from '../config/problem.ts';
import type { FileContent } from '../files/content.ts';
import type { GatewayConfig, PlacedService } from '../model/config.ts';
import type { ConfigStatus } from '../model/status.ts';
import { Refusal, Reloader, type ReloadResult } from './reloader.ts';
import type { WorkerContext } from './worker-context.ts';

export interface ConfigSourceOptions {
  readonly configFile: string;
  /** The configuration in place of a file, for good. */
  readonly content: FileContent | undefined;
  /** As of `GatewayOptions`. */
  readonly validated: Validated | undefined;
  readonly env: Environment;
  readonly log: Logger;
  /** The primary provides the configuration; `null`: the file does, and is followed. */
  readonly worker: WorkerContext | null;
  /** As of `GatewayOptions`. Left out: a service whose port is `auto` has none, and its configuration is refused. */
  readonly place: ((config: GatewayConfig) => Promise<GatewayConfig>) | undefined;
  /** Puts a configuration to work. */
  readonly apply: (config: GatewayConfig) => Promise<void>;
  /** As of `ReloaderOptions`, here and below. */
  readonly placed: (services: readonly PlacedService[]) => void;
  readonly portMoves: (config: GatewayConfig) => boolean;
}

/** The source of the configuration: a file, given content, or the primary of a worker. */
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
    const { configFile: file, content, validated, env, log, worker, placed, portMoves } = this.#options;
    const apply = (config: GatewayConfig) => this.#apply(config);
    if (worker) await apply(worker.share(await this.#load(worker.content)));
    else if (content) {
      const config = await this.#load(content);
      await apply(config);
      this.#fixed = { file: config.file, loadedAt: Date.now(), reloads: 0, rejected: null };
    } else this.#reloader = await Reloader.start({ file, env, log, apply, placed, portMoves }, validated);
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

  /** Applies content from the primary. */
  async take(content: FileContent): Promise<ReloadResult> {
    const { worker } = this.#options;
    try {
      await this.#apply(worker!.share(await this.#load(content)));
      return { changed: true, rejected: null };
    } catch (cause) {
      return { changed: false, rejected: cause instanceof Error ? cause.message : String(cause) };
    }
  }

  async #apply(config: GatewayConfig): Promise<void> {
    const { place = refuseFreePorts, apply } = this.#options;
    await apply(await place(config));
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

/** `portway start` runs no services, so it finds no ports for them. @throws Refusal */
async function refuseFreePorts(config: GatewayConfig): Promise<GatewayConfig> {
  const { routes, streams } = config;
  const endpoints = [...routes, ...streams].flatMap(({ upstream }) => upstream.endpoints);
  const name = endpoints.map(({ address }) => unplacedService(address)).find((one) => one !== null);
  if (name === undefined) return config;
  throw new Refusal(
    `the port of the service ${name} is auto: \`portway dev\` finds one, \`portway start\` runs no services; write the port that ${name} listens on`,
  );
}
