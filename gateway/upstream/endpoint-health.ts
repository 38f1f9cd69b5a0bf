import type { DialAddress, EjectionConfig, HealthConfig } from '../model/config.ts';
import { Ejection, seconds } from './ejection.ts';
import type { HealthCheck } from './health-check.ts';
import type { HealthChecks, HealthLog, HealthWatcher } from './health-checks.ts';
import type { Failure } from './outcome.ts';
import type { OutcomeWindow } from './outcome-window.ts';

/** Configured health settings of an endpoint. */
export interface EndpointHealthConfig {
  readonly health: HealthConfig | null;
  readonly ejection: EjectionConfig | null;
  readonly slowStartMs: number | null;
}

/** Whose health it is. */
export interface EndpointHealthOwner {
  /** Something of it has changed. */
  endpointHealthChanged(): void;
  /** Whether the upstreams that use the endpoint can spare it for a while. @param dead it can't be reached */
  mayEject(dead: boolean): boolean;
  /** It is ejected because of its outcomes. */
  ejected(): void;
}

/**
 * Whether an endpoint may get exchanges now, and why not: active checks, outcomes of exchanges, and slow start. Events keep all of it up to
 * date, so that choosing an endpoint only reads fields.
 */
export class EndpointHealth implements HealthWatcher {
  readonly #address: DialAddress;
  readonly #config: EndpointHealthConfig;
  readonly #checks: HealthChecks;
  readonly #log: HealthLog;
  readonly #owner: EndpointHealthOwner;
  readonly #check: HealthCheck | null;
  readonly #ejection: Ejection | null;
  /** Of attempts, which their maker counts where they succeed; `null`: it is not judged by them. */
  readonly outcomes: OutcomeWindow | null;
  /** How often it was ejected. */
  ejections = 0;
  #available = true;
  #dead = false;
  #warmth = 1;
  /** Of the newest failure: whether nothing of the request got there. */
  #unsent = false;
  /** Why it is ejected, as a person reads it; `null`: it is not. */
  #ejected: string | null = null;
  #readmission: NodeJS.Timeout | undefined;
  #warming: NodeJS.Timeout | undefined;

  constructor(
    address: DialAddress,
    config: EndpointHealthConfig,
    checks: HealthChecks,
    owner: EndpointHealthOwner,
  ) {
    this.#address = address;
    this.#config = config;
    this.#checks = checks;
    this.#log = checks.log;
    this.#owner = owner;
    this.#ejection = config.ejection && new Ejection(config.ejection);
    this.outcomes = this.#ejection?.outcomes ?? null;
    this.#check = config.health && checks.watch(address, config.health, this);
    this.#assess();
    if (this.#available) this.#warmUp();
  }

  /** Healthy as far as anybody knows, and not ejected. */
  get available(): boolean {
    return this.#available;
  }

  /** Not available, and worse than failing: nothing gets there. */
  get dead(): boolean {
    return this.#dead;
  }

  /** The share of its weight that it may have, above 0 and up to 1. */
  get warmth(): number {
    return this.#warmth;
  }

  get ejected(): boolean {
    return this.#ejected !== null;
  }

  /** The state by active checks; `null`: it has none. */
  get checked(): HealthCheck['state'] | null {
    return this.#check === null ? null : this.#check.state;
  }

  /** The evidence against it, even if it is not enough to eject it: `GET /healthz 503 ×3 since 14:01:07`. */
  get reason(): string | null {
    return this.#ejected ?? this.#check?.reason ?? null;
  }

  close(): void {
    clearTimeout(this.#readmission);
    clearInterval(this.#warming);
    if (this.#check) this.#checks.leave(this.#address, this.#config.health!, this);
  }

  // Called with outcomes of exchanges.

  /** An attempt at it has. @param now `performance.now()`. */
  failed({ cause, unsent }: Failure, now: number): void {
    const ejection = this.#ejection;
    if (ejection === null) return;
    ejection.outcomes.add(true, now);
    this.#unsent = unsent;
    if (this.#ejected !== null) return;
    const reason = ejection.reason(now);
    if (reason !== null && this.#owner.mayEject(unsent)) this.#eject(ejection, `${reason} (${cause})`, now);
  }

  #eject(ejection: Ejection, reason: string, now: number): void {
    const ms = ejection.eject(now);
    this.ejections++;
    this.#ejected = `ejected for ${seconds(ms)} after ${reason}`;
    this.#log.warn({ endpoint: this.#address.key }, `the endpoint is ${this.#ejected}`);
    this.#owner.ejected();
    this.#readmission = setTimeout(() => this.#readmit(ejection), ms).unref();
    this.#update();
  }

  #readmit(ejection: Ejection): void {
    ejection.readmit();
    this.#ejected = null;
    this.#log.info({ endpoint: this.#address.key }, 'the endpoint is readmitted');
    this.#update();
  }

  // Called by timers and checks.

  healthChanged(): void {
    this.#update();
  }

  #update(): void {
    const before = this.#available;
    this.#assess();
    if (this.#available && !before) this.#warmUp();
    this.#owner.endpointHealthChanged();
  }

  #assess(): void {
    const ill = this.#check?.state === 'unhealthy';
    const ejected = this.#ejected !== null;
    this.#available = !ill && !ejected;
    this.#dead = (ill && !this.#check.reached) || (ejected && this.#unsent);
  }

  /** In steps, so that no choice computes a weight. */
  #warmUp(): void {
    const { slowStartMs } = this.#config;
    if (slowStartMs === null) return;
    const begunAt = performance.now();
    const warm = () => {
      this.#warmth = warmth(performance.now() - begunAt, slowStartMs);
      if (this.#warmth === 1) clearInterval(this.#warming);
      this.#owner.endpointHealthChanged();
    };
    clearInterval(this.#warming);
    this.#warming = setInterval(warm, slowStartMs / WARMING_STEPS).unref();
    this.#warmth = warmth(0, slowStartMs);
  }
}

const WARMING_STEPS = 20;

/**
 * The share of its weight that an endpoint has so long after it began: from a tenth, evenly, to the whole. A cold service gets time to fill
 * its caches and its pools, and at least the tenth, because nothing warms up without requests.
 */
export function warmth(sinceMs: number, slowStartMs: number): number {
  return Math.min(1, Math.max(COLDEST, sinceMs / slowStartMs));
}

const COLDEST = 0.1;
