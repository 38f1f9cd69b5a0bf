import { type EndpointTraffic, Traffic } from '../exchange/counters/traffic.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import { CountedShare } from '../exchange/share.ts';
import type { EndpointConfig, UpstreamConfig } from '../model/config.ts';
import type { CookieScope } from '../policy/sticky-cookie/sticky-cookie.ts';
import type { Breaker } from './breaker.ts';
import { Candidate, type Role } from './candidate.ts';
import type { Choice } from './choice.ts';
import type { NameSource } from './discovery.ts';
import { ejectableOf } from './ejection.ts';
import type { Endpoint, EndpointWatcher } from './endpoint.ts';
import type { EndpointSource } from './endpoint-registry.ts';
import type { Expansion } from './expansion.ts';
import type { Outcome } from './outcome.ts';
import { RetryBudget } from './retry.ts';
import { Sticky } from './sticky.ts';
import { Tier } from './tier.ts';

/** The parts of an upstream. */
export interface UpstreamParts {
  readonly config: UpstreamConfig;
  readonly endpoints: EndpointSource;
  readonly names: NameSource;
  /** Of the hashes in sticky cookies. */
  readonly stickyKey: string;
  readonly breaker: Breaker | null;
  /** Its counters; default: not counted. */
  readonly traffic?: Traffic;
}

/**
 * The endpoints of one route and the choice among them: first the client's sticky endpoint, then the canary for its share, then the primary
 * ones by the balancing policy, then the backups. It outlives reloads that leave its configuration as it is.
 */
export class Upstream implements EndpointWatcher {
  readonly config: UpstreamConfig;
  readonly budget = new RetryBudget();
  /** `null`: it has none. */
  readonly breaker: Breaker | null;
  /** The counters of its route, or stream. */
  readonly traffic: Traffic;
  readonly #source: EndpointSource;
  /** The configured endpoints and their resolved addresses. */
  readonly #main: readonly Expansion[];
  readonly #other: readonly Expansion[];
  readonly #last: readonly Expansion[];
  readonly #primary: Tier;
  readonly #backup: Tier;
  readonly #canary: Tier;
  readonly #canaryShare: CountedShare | null;
  readonly #sticky: Sticky | null;
  #candidates: readonly Candidate[] = [];
  #joined = false;
  /** The one that is picked, where nothing is to be chosen; `null`: see `#first`. */
  #only: Endpoint | null = null;
  #endpoints: readonly Endpoint[] = [];
  /** The counters of each endpoint, under its configured name. */
  #counted: ReadonlyMap<Endpoint, EndpointTraffic> = new Map();

  constructor({ config, endpoints, names, stickyKey, breaker, traffic }: UpstreamParts) {
    const { balance, canary, sticky, fallback } = config;
    this.config = config;
    this.breaker = breaker;
    this.traffic = traffic ?? new Traffic('');
    this.#source = endpoints;
    this.#primary = new Tier(balance);
    this.#backup = new Tier(balance);
    this.#canary = new Tier(balance);
    this.#canaryShare = canary && new CountedShare(canary.share);
    this.#sticky = sticky && new Sticky(sticky, stickyKey);
    const expand = (endpoint: EndpointConfig) => names.expand(endpoint, () => this.#join());
    this.#main = config.endpoints.map(expand);
    this.#other = (canary?.endpoints ?? []).map(expand);
    this.#last = fallback === undefined ? [] : [expand(fallback)];
    this.#joined = true;
    this.#join();
  }

  /** Resolves when every name of it was answered for the first time, or after two seconds. */
  get answered(): Promise<unknown> {
    return Promise.all(this.#names.map(({ answered }) => answered));
  }

  /** Names that stand for nothing, as far as is known, and why. */
  get missing(): readonly { readonly key: string; readonly problem: string }[] {
    return this.#names.flatMap(({ key, problem, endpoints }) =>
      problem !== null && endpoints.length === 0 ? { key, problem } : [],
    );
  }

  /** Names that are not known, or not known anew, in words. */
  get problems(): readonly string[] {
    return this.#names.flatMap(({ problem }) => problem ?? []);
  }

  get #names(): readonly Expansion[] {
    return [...this.#main, ...this.#other, ...this.#last];
  }

  /** Whether the configuration has an endpoint of that name. */
  has(key: string): boolean {
    return this.#names.some((name) => name.key === key);
  }

  /** With their weight and role. */
  get candidates(): readonly Candidate[] {
    return this.#candidates;
  }

  /** The current endpoints in the order of the file, the canary's last. DNS may add and remove some. */
  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  /** @throws GatewayError `dns_error` where no name is known, `no_endpoint`, `breaker_open`. */
  pick(choice: Choice, tried: readonly Endpoint[]): Endpoint {
    // Almost always it is closed, and then the clock need not be read.
    if (this.breaker !== null && this.breaker.state !== 'closed') this.breaker.admit(performance.now());
    const endpoint = tried.length === 0 ? (this.#only ?? this.#first(choice)) : this.#again(choice, tried);
    return endpoint ?? this.#nobody();
  }

  /** The fallback; `null`: there is none, or its name does not resolve. */
  get fallback(): Endpoint | null {
    if (this.#last.length === 0) return null;
    const [last] = this.#candidates.filter(({ role, endpoint }) => role === 'fallback' && !endpoint.drained);
    return last?.endpoint ?? null;
  }

  #nobody(): never {
    const [problem] = this.problems;
    if (problem !== undefined && this.#primary.candidates.length === 0)
      throw new GatewayError('dns_error', problem);
    const drained = this.#endpoints.length > 0 && this.#endpoints.every((endpoint) => endpoint.drained);
    throw new GatewayError(
      'no_endpoint',
      drained ? 'every endpoint of the route is drained' : 'no endpoint of the route can be used now',
    );
  }

  #first(choice: Choice): Endpoint | null {
    const kept = this.#sticky === null ? null : this.#sticky.endpointOf(choice);
    if (kept !== null) return kept;
    const tried = NONE;
    if (this.#canaryShare !== null && this.#canary.usable.length > 0 && this.#canaryShare.takes())
      return this.#canary.pick(choice, tried);
    return this.#primary.pick(choice, tried) ?? this.#backup.pick(choice, tried);
  }

  /** A request that met a dead canary is served by the others, and goes to the canary no second time. */
  #again(choice: Choice, tried: readonly Endpoint[]): Endpoint | null {
    return this.#primary.pick(choice, tried) ?? this.#backup.pick(choice, tried) ?? this.#first(choice);
  }

  /** The counters of attempts at the endpoint. */
  trafficOf(endpoint: Endpoint): EndpointTraffic {
    return this.#counted.get(endpoint) ?? this.traffic.endpoint(endpoint.key);
  }

  /** Whether another endpoint is there that this exchange has not tried. */
  elsewhere(tried: readonly Endpoint[]): boolean {
    if (this.breaker !== null && !this.breaker.admits(performance.now())) return false;
    return this.#primary.hasUntried(tried) || this.#backup.hasUntried(tried);
  }

  /** The endpoint is given an attempt. @returns a ticket, to be given back to `recordOutcome`. */
  begun(endpoint: Endpoint): number {
    endpoint.active++;
    return this.breaker === null ? 0 : this.breaker.begun();
  }

  /** How the attempt goes is known: when the head of its answer is there, or it failed. Once for each `begun`. */
  recordOutcome(endpoint: Endpoint, outcome: Outcome, ticket: number, now: number): void {
    if (this.breaker !== null) this.breaker.recordOutcome(outcome, ticket, now);
    if (outcome === 'success') endpoint.outcomes?.add(false, now);
    else if (outcome !== 'neutral') {
      endpoint.health.failed(outcome, now);
      if (outcome.unsent) this.#refreshNames();
    }
  }

  /** No endpoint can be reached: the name may stand for another address by now. */
  #refreshNames(): void {
    for (const name of this.#main) name.refreshSoon();
    for (const name of this.#other) name.refreshSoon();
  }

  /** The attempt is over and done with. Once for each `begun`. */
  ended(endpoint: Endpoint): void {
    endpoint.active--;
  }

  mayEject(dead: boolean): boolean {
    const ejected = this.#endpoints.filter(({ health }) => health.ejected).length;
    // A port where nothing listens is noticed at once, and so is a service that starts there: a fallback is no reason to wait.
    const count = this.#candidates.filter(({ role }) => role !== 'fallback').length;
    return ejected < ejectableOf(count, this.config.ejection?.maxShare ?? 0, dead);
  }

  ejected(endpoint: Endpoint): void {
    this.trafficOf(endpoint).ejections++;
  }

  /** `Set-Cookie` for an answer of this endpoint; `null`: the route is not sticky, or the client has the cookie. */
  stickyCookie(choice: Choice, endpoint: Endpoint, scope: CookieScope): string | null {
    if (endpoint.isFallback) return null;
    return this.#sticky === null ? null : this.#sticky.setCookie(choice, endpoint, scope);
  }

  /** Takes in the endpoints of now. Removed ones get no new exchanges, and end those that they have. */
  #join(): void {
    // A name that is already resolved may call this before all are joined.
    if (!this.#joined) return;
    const before = this.#candidates;
    const main = this.#candidatesOf(this.#main, 'primary');
    const other = this.#candidatesOf(this.#other, 'canary');
    this.#candidates = [...main, ...other, ...this.#candidatesOf(this.#last, 'fallback')];
    this.#endpoints = this.#candidates.map(({ endpoint }) => endpoint);
    this.#counted = new Map(
      this.#candidates.map(({ endpoint, key }) => [endpoint, this.traffic.endpoint(key)]),
    );
    // The canary's requests are the others' where it can't take them, and the backups are the last resort: neither panics.
    this.#canary.replace(
      other.filter(({ role }) => role === 'canary'),
      true,
    );
    this.#backup.replace(
      main.filter(({ role }) => role === 'backup'),
      true,
    );
    this.#primary.replace(
      main.filter(({ role }) => role === 'primary'),
      this.#backup.usable.length > 0,
    );
    this.#settle();
    this.#leave(before);
  }

  /** Endpoints that stay keep their turn. */
  #candidatesOf(expansions: readonly Expansion[], mainRole: Role): Candidate[] {
    const resolved = expansions.flatMap(({ key, endpoints }) => endpoints.map((one) => ({ ...one, key })));
    return resolved.map(({ address, weight, backup, key }) => {
      const endpoint = this.#source.acquire(address);
      endpoint.watch(this);
      const role = backup ? 'backup' : mainRole;
      const same = (one: Candidate) =>
        one.endpoint === endpoint && one.weight === weight && one.role === role && one.key === key;
      return this.#candidates.find(same) ?? new Candidate(endpoint, weight, role, key);
    });
  }

  #leave(candidates: readonly Candidate[]): void {
    for (const { endpoint } of candidates) {
      if (!this.#endpoints.includes(endpoint)) endpoint.unwatch(this);
      this.#source.release(endpoint);
    }
  }

  /** An endpoint's availability or share has changed. */
  endpointChanged(): void {
    if (this.#endpoints.some(({ available }) => !available)) this.#refreshNames();
    this.#canary.refresh(true);
    this.#backup.refresh(true);
    this.#primary.refresh(this.#backup.usable.length > 0);
    this.#settle();
  }

  /** No client sticks to a backup: when a primary endpoint is back, all go there. */
  #settle(): void {
    const { usable } = this.#primary;
    const backup = usable.length === 0 ? this.#backup.usable : [];
    this.#sticky?.replace([...usable, ...this.#canary.usable, ...backup]);
    this.#only = usable.length === 1 && this.#canaryShare === null ? usable[0]!.endpoint : null;
  }

  close(): void {
    for (const name of this.#names) name.close();
    const before = this.#candidates;
    this.#candidates = [];
    this.#endpoints = [];
    this.#leave(before);
  }
}

const NONE: readonly Endpoint[] = [];
