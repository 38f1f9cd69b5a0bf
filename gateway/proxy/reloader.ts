import { hash } from 'node:crypto';
import type { Logger } from 'pino';
import { type Environment, type LoadResult, loadContent, type Validated } from '../config/load.ts';
import { ConfigError, formatProblems, type Problem } from '../config/problem.ts';
import { Discovery } from '../discover/discovery.ts';
import { type FileContent, withOrigins } from '../files/content.ts';
import { firstContent, keepForStart, readSource, sourceText, watchSource } from '../files/source.ts';
import type { FileWatch } from '../files/watch.ts';
import type { GatewayConfig, PlacedService } from '../model/config.ts';
import type { UnservedOrigin } from '../model/labels.ts';
import type { ConfigStatus } from '../model/status.ts';
import { type ConfigDiff, diffConfigs, hasMoved, isEmpty } from './diff.ts';
import { ExtensionError } from './extension.ts';

export interface ReloaderOptions {
  readonly file: string;
  readonly env: Environment;
  readonly log: Logger;
  /**
   * Applies a configuration; resolves when it serves.
   * @param content the text that it was compiled from
   * @throws ExtensionError or Refusal if it can't serve; then nothing has changed
   */
  readonly apply: (config: GatewayConfig, content: FileContent) => Promise<void>;
  /** Called with where the services are that a cluster names, before they are put to work, and whenever that changes; left out: the caller needs none. */
  readonly placed?: (services: readonly PlacedService[]) => void;
  /** Whether `apply` moves the gateway to the port of this configuration; left out: it never does. */
  readonly portMoves?: (config: GatewayConfig) => boolean;
  /** A reload that takes longer is warned of; default 5000. */
  readonly slowMs?: number;
  /** How often a refusal that may pass is tried again; default: each second of a minute. */
  readonly again?: { readonly everyMs: number; readonly times: number };
}

export interface ReloadResult {
  readonly changed: boolean;
  /** The problems of a file that was refused, as a person reads them. */
  readonly rejected: string | null;
}

/** A configuration can't be applied. The message says why. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  /** Whether the same configuration may be taken a moment later. */
  readonly mayPass: boolean;

  constructor(message: string, { mayPass = false } = {}) {
    super(message);
    this.mayPass = mayPass;
  }
}

/**
 * Follows the file: each change is validated, then applied or refused, and reported in the log once. A file that can't be used changes
 * nothing.
 */
export class Reloader {
  readonly #options: ReloaderOptions;
  #config: GatewayConfig;
  /** The configuration at the start: keys that take effect at the start only are compared with it (diff.ts). */
  readonly #started: GatewayConfig;
  /** The hash of the content that serves. */
  #hash: string;
  #status: ConfigStatus;
  /** The newest content of the file, valid or not. */
  #content: FileContent;
  readonly #watch: FileWatch;
  readonly #discovery: Discovery;
  /** As of `ConfigStatus`. */
  #unserved: string | null = null;
  /** How many newer configurations were refused, or the same one again. */
  refusals = 0;
  /** The content that was refused for something that may pass, and how often it will be tried. */
  #again = { hash: '', left: 0 };
  #nextTry: NodeJS.Timeout | undefined;
  /** Reloads happen one after the other. */
  #queue: Promise<unknown> = Promise.resolve();

  /**
   * @param validated the result of validating the file earlier, used if the file is unchanged
   * @throws ConfigError, ExtensionError, and errors of `apply`
   */
  static async start(options: ReloaderOptions, validated?: Validated): Promise<Reloader> {
    const { file, env, log } = options;
    const { content, instead } = await firstContent(file, env);
    if (instead !== null)
      log.error(
        { reason: instead },
        'the configuration can not be fetched; what served last is served again',
      );
    const discovery = new Discovery(options.log, options.placed ?? (() => {}));
    const loaded = await loadDiscovered(content, options, discovery, validated);
    try {
      if (!loaded.ok) throw new ConfigError(loaded.problems);
      await options.apply(loaded.config, loaded.content);
    } catch (cause) {
      discovery.close();
      throw cause;
    }
    return new Reloader(options, loaded, content, discovery);
  }

  private constructor(
    options: ReloaderOptions,
    loaded: LoadResult & { ok: true },
    content: FileContent,
    discovery: Discovery,
  ) {
    const { config, hash } = loaded;
    this.#options = options;
    this.#config = this.#started = config;
    this.#hash = hash;
    const version = versionOf(loaded.content);
    this.#status = { file: config.file, loadedAt: Date.now(), reloads: 0, rejected: null, version };
    this.#discovery = discovery;
    this.#tellUnserved(loaded);
    this.#content = content;
    // The file is the same, but files beside it have changed since they were read.
    const again = () => void this.#enqueue(this.#content, false);
    discovery.onChange(again);
    if (withOrigins(content, discovery.origins).hash !== hash) again();
    void this.#keep(loaded.content);
    this.#watch = watchSource(options.file, (changed) => void this.#enqueue(changed, false), content.hash);
  }

  /** The configuration that serves. */
  get config(): GatewayConfig {
    return this.#config;
  }

  get status(): ConfigStatus {
    const { state, origins } = this.#discovery;
    const discovery = state && { ...state, containers: origins.length };
    return { ...this.#status, unserved: this.#unserved, discovery };
  }

  /** Reads the file again, and extension modules with it, whether it changed or not. */
  async reload(): Promise<ReloadResult> {
    return this.#enqueue(await readSource(this.#options.file), true);
  }

  /** Looks at once whether the file has changed, instead of when the watch does. */
  async look(): Promise<ReloadResult> {
    return this.#enqueue(await readSource(this.#options.file), false);
  }

  #enqueue(content: FileContent, asked: boolean): Promise<ReloadResult> {
    const result = this.#queue.then(async () => {
      this.#content = content;
      // A signal and the watch report the same change: ten thousand routes are not validated twice.
      if (!asked && withOrigins(content, this.#discovery.origins).hash === this.#hash)
        return this.#unchanged();
      return this.#take(await loadDiscovered(content, this.#options, this.#discovery), asked);
    });
    this.#queue = result.catch(() => {});
    return result;
  }

  async #take(loaded: LoadResult, asked: boolean): Promise<ReloadResult> {
    if (!loaded.ok) return this.#reject(loaded.formatted);
    this.#tellUnserved(loaded);
    const diff = await diffConfigs(
      this.#config,
      loaded.config,
      this.#started,
      this.#options.portMoves?.(loaded.config),
    );
    const extended = asked && loaded.config.routes.some((route) => route.extend !== null);
    const same = isEmpty(diff) && !extended;
    if (same && !hasMoved(this.#config, loaded.config)) {
      this.#hash = loaded.hash;
      return this.#unchanged();
    }
    const slow = setTimeout(() => this.#slow(), this.#options.slowMs ?? SLOW_MS);
    try {
      await this.#options.apply(loaded.config, loaded.content);
      this.#config = loaded.config;
      this.#hash = loaded.hash;
      this.#status = { ...this.#status, version: versionOf(loaded.content) };
      void this.#keep(loaded.content);
      // Line numbers may have moved: exchanges do not depend on them, but shown configurations do.
      if (same) return this.#unchanged();
      this.#taken(diff);
      return { changed: true, rejected: null };
    } catch (cause) {
      if (cause instanceof Refusal && cause.mayPass) this.#tryAgain(loaded.hash);
      if (cause instanceof ExtensionError || cause instanceof Refusal) return this.#reject(cause.message);
      // A bug. Nobody awaits the reload of a watched file, so without this line the new file would silently not take effect.
      this.#options.log.error({ err: cause }, 'the changed configuration could not be put to work');
      return this.#reject(cause instanceof Error ? cause.message : String(cause));
    } finally {
      clearTimeout(slow);
    }
  }

  /** For the next start, where the configuration is fetched. */
  async #keep(content: FileContent): Promise<void> {
    const { file, env, log } = this.#options;
    await keepForStart(file, content, env).catch((cause: Error) =>
      log.warn({ reason: cause.message }, 'the configuration can not be kept for a start without its source'),
    );
  }

  #tryAgain(hash: string): void {
    const { everyMs, times } = this.#options.again ?? AGAIN;
    if (this.#again.hash !== hash) this.#again = { hash, left: times };
    if (this.#again.left === 0) return;
    this.#again.left--;
    clearTimeout(this.#nextTry);
    this.#nextTry = setTimeout(() => void this.look(), everyMs).unref();
  }

  #slow(): void {
    this.#options.log.warn(
      `the changed configuration is not in use after ${(this.#options.slowMs ?? SLOW_MS) / 1000} s: what \`extend:\` or \`use:\` names is slow to load, or there is very much of it; the one before keeps serving meanwhile`,
    );
  }

  #reject(formatted: string): ReloadResult {
    this.refusals++;
    if (this.#status.rejected !== formatted) {
      this.#options.log.error(
        { problems: formatted },
        'the changed configuration was refused; the one before it keeps serving',
      );
    }
    this.#status = { ...this.#status, rejected: formatted };
    return { changed: false, rejected: formatted };
  }

  /** The file again says what serves already, if routes that stood aside are left out. */
  #unchanged(): ReloadResult {
    if (this.#status.rejected !== null)
      this.#options.log.info('the configuration file says again what is served');
    this.#status = { ...this.#status, rejected: null };
    return { changed: false, rejected: null };
  }

  #taken(diff: ConfigDiff): void {
    const { log } = this.#options;
    const reloads = this.#status.reloads + 1;
    this.#status = { ...this.#status, loadedAt: Date.now(), reloads, rejected: null };
    const { added, removed, changed } = diff;
    const changes = { added: brief(added), removed: brief(removed), changed: brief(changed) };
    log.info({ ...diff, ...changes }, 'configuration reloaded');
    if (diff.needsRestart.length > 0)
      log.warn({ settings: diff.needsRestart }, 'these settings take effect at the next start');
  }

  /** Reports routes that can't be served, once. */
  #tellUnserved({ content, unserved, attached }: LoadResult & { ok: true }): void {
    this.#discovery.validated(content.origins ?? [], unserved.map(ofOrigin), attached);
    const problems = unserved.length === 0 ? null : formatProblems(unserved);
    if (problems !== null && problems !== this.#unserved)
      this.#options.log.error({ problems }, 'this can not be served as it is written; all else is');
    this.#unserved = problems;
  }

  stopWatching(): void {
    clearTimeout(this.#nextTry);
    this.#watch.close();
    this.#discovery.close();
  }
}

function ofOrigin({ file, path, expected, found, hint }: Problem): UnservedOrigin {
  return {
    origin: file,
    path,
    text: `${path} expected ${expected}, got ${found}${hint ? ` (${hint})` : ''}`,
  };
}

/** Loads the file and the routes of the sources that it names. */
async function loadDiscovered(
  content: FileContent,
  { file, env }: ReloaderOptions,
  discovery: Discovery,
  validated?: Validated,
): Promise<LoadResult> {
  const found = withOrigins(content, discovery.origins);
  const loaded = validated?.hash === found.hash ? validated : await loadContent(found, sourceText(file), env);
  const follows = loaded.ok && (await discovery.follow(loaded.config.discover));
  return follows ? loadContent(withOrigins(content, discovery.origins), sourceText(file), env) : loaded;
}

const SLOW_MS = 5_000;
const AGAIN = { everyMs: 1_000, times: 60 };

/** Of the text alone: containers that ask for routes are those of one machine. */
function versionOf(content: FileContent): string {
  return content.ok ? hash('sha256', content.text).slice(0, 12) : '';
}

/** A line of the log is no place for ten thousand routes. */
function brief(ids: readonly string[]): readonly string[] {
  if (ids.length <= IDS_TOLD) return ids;
  return [...ids.slice(0, IDS_TOLD), `and ${ids.length - IDS_TOLD} more`];
}

const IDS_TOLD = 50;
