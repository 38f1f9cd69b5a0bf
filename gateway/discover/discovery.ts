import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { DiscoverConfig, PlacedService } from '../model/config.ts';
import type { Origin, UnservedOrigin } from '../model/labels.ts';

/** @param services that the origins name and do not place */
type Take = (origins: readonly Origin[], services?: readonly PlacedService[]) => void;

/** A source of routes beside the file. */
interface OriginSource {
  /** Rejects where it can't be asked. */
  now(signal: AbortSignal): Promise<readonly Origin[]>;
  /** Reports its origins at first and whenever they may have changed, until it becomes unavailable. */
  ask(take: Take, signal: AbortSignal): Promise<never>;
  /** Called with the result of applying its origins. */
  validated?(
    origins: readonly Origin[],
    unserved: readonly UnservedOrigin[],
    attached: ReadonlyMap<string, number>,
    signal: AbortSignal,
  ): void;
}

/** Loaded where it is asked for: most gateways look for nothing. */
async function sourceOf(settings: DiscoverConfig, log: Logger | null): Promise<OriginSource> {
  if (settings.kind === 'docker') return new (await import('./docker-source.ts')).DockerSource(settings);
  return new (await import('./kubernetes-source.ts')).KubernetesSource(settings, log);
}

/** Where it is asked, for people. */
export function addressOf(settings: DiscoverConfig): string {
  return settings.kind === 'docker' ? settings.engine : settings.server;
}

/** Asks once. Rejects where that fails. */
export async function originsNow(settings: DiscoverConfig, deadlineMs: number): Promise<readonly Origin[]> {
  return (await sourceOf(settings, null)).now(AbortSignal.timeout(deadlineMs));
}

/** Follows the containers, or the cluster, that the configuration names. While it is unavailable, its last report stays. */
export class Discovery {
  readonly #log: Logger;
  readonly #placed: (services: readonly PlacedService[]) => void;
  #changed: () => void = () => {};
  #settings: DiscoverConfig | null = null;
  #source: OriginSource | null = null;
  #origins: readonly Origin[] = [];
  #services: readonly PlacedService[] = [];
  #failure: string | null = null;
  #end = new AbortController();
  #first: PromiseWithResolvers<void> = Promise.withResolvers();

  /** @param placed called with the addresses of all services that origins name, before the origins themselves, and whenever they change */
  constructor(log: Logger, placed: (services: readonly PlacedService[]) => void) {
    this.#log = log;
    this.#placed = placed;
  }

  /** @param changed called when others ask for routes, or for other ones */
  onChange(changed: () => void): void {
    this.#changed = changed;
  }

  get origins(): readonly Origin[] {
    return this.#origins;
  }

  /** The source, and why it is unavailable; `null`: there is none. */
  get state(): { readonly source: string; readonly failure: string | null } | null {
    return this.#settings && { source: addressOf(this.#settings), failure: this.#failure };
  }

  /** A configuration with these origins was validated. @param attached as of `Verdict` */
  validated(
    origins: readonly Origin[],
    unserved: readonly UnservedOrigin[],
    attached: ReadonlyMap<string, number> = new Map(),
  ): void {
    this.#source?.validated?.(origins, unserved, attached, this.#end.signal);
  }

  /**
   * Follows this source from now on, `null`: none. Resolves when its origins are known, or when that takes too long.
   * @returns whether the source is another one than before
   */
  async follow(settings: DiscoverConfig | null): Promise<boolean> {
    if (isDeepStrictEqual(settings, this.#settings)) return false;
    this.close();
    this.#end = new AbortController();
    this.#first = Promise.withResolvers();
    this.#settings = settings;
    this.#source = settings && (await sourceOf(settings, this.#log));
    this.#failure = null;
    this.#origins = [];
    this.#services = [];
    if (settings === null) return true;
    void this.#run(this.#source!, settings, this.#end.signal);
    await Promise.race([this.#first.promise, sleep(FIRST_MS, undefined, { ref: false })]);
    return true;
  }

  close(): void {
    this.#end.abort();
  }

  async #run(source: OriginSource, settings: DiscoverConfig, end: AbortSignal): Promise<void> {
    for (let failures = 0; !end.aborted; failures++) {
      const began = performance.now();
      await source
        .ask((origins, services = []) => this.#take(origins, services, settings, end), end)
        .catch((cause: unknown) => this.#fail(cause, settings, end));
      if (performance.now() - began > STABLE_MS) failures = 0;
      const delayMs = Math.min(FIRST_DELAY_MS * 2 ** failures, LONGEST_DELAY_MS) * (0.5 + Math.random() / 2);
      await sleep(delayMs, undefined, { ref: false, signal: end }).catch(() => {});
    }
  }

  #take(
    origins: readonly Origin[],
    services: readonly PlacedService[],
    settings: DiscoverConfig,
    end: AbortSignal,
  ): void {
    if (end.aborted) return;
    if (this.#failure !== null) this.#log.info(...logged(settings, 'again'));
    this.#failure = null;
    if (!isDeepStrictEqual(services, this.#services)) this.#placed(services);
    this.#services = services;
    this.#first.resolve();
    if (isDeepStrictEqual(origins, this.#origins)) return;
    this.#origins = origins;
    this.#changed();
  }

  #fail(cause: unknown, settings: DiscoverConfig, end: AbortSignal): void {
    if (end.aborted) return;
    const failure = cause instanceof Error ? cause.message : String(cause);
    this.#first.resolve();
    if (this.#failure === failure) return;
    this.#failure = failure;
    this.#log.error(...logged(settings, 'failed', failure));
  }
}

function logged(settings: DiscoverConfig, what: 'again' | 'failed', reason?: string): [object, string] {
  const [who, asked] =
    settings.kind === 'docker'
      ? ['engine', 'the engine can']
      : ['server', 'the API server of the cluster can'];
  const fields = { [who]: addressOf(settings), ...(reason === undefined ? {} : { reason }) };
  const things = settings.kind === 'docker' ? 'containers' : 'routes';
  return what === 'again'
    ? [fields, `${asked} be asked for ${things} again`]
    : [fields, `${asked} not be asked for ${things}; those that are known are served on`];
}

/** How long a start or a reload waits for the first answer. */
const FIRST_MS = 3_000;
/** A connection that lasted so long was no failed attempt. */
const STABLE_MS = 30_000;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;
