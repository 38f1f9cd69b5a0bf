import type { UpstreamConfig } from '../config/model.ts';
import { GatewayError } from '../error/catalog.ts';
import { CanaryShare } from './canary.ts';
import { Candidate } from './candidate.ts';
import type { Choice } from './choice.ts';
import type { Endpoint, EndpointWatcher } from './endpoint.ts';
import type { EndpointSource } from './endpoint-registry.ts';
import { RetryBudget } from './retry.ts';
import { type CookieScope, Sticky } from './sticky.ts';
import { Tier } from './tier.ts';

/** How an attempt ended. `neutral` says nothing of the endpoint: the client left, or asked for what can't be. */
export type Outcome = 'success' | 'failure' | 'neutral';

/**
 * The endpoints of one route, and the choice among them: where the client was before, else the canary's share to the canary, else the primary
 * ones as the policy says, else the backups. It outlives reloads that leave it as it is.
 */
export class Upstream implements EndpointWatcher {
  readonly config: UpstreamConfig;
  readonly budget = new RetryBudget();
  readonly #source: EndpointSource;
  readonly #primary: Tier;
  readonly #backup: Tier;
  readonly #canary: Tier;
  readonly #canaryShare: CanaryShare | null;
  readonly #sticky: Sticky | null;
  #candidates: readonly Candidate[] = [];
  #endpoints: readonly Endpoint[] = [];

  /** @param stickyKey of the hashes in sticky cookies. */
  constructor(config: UpstreamConfig, source: EndpointSource, stickyKey: string) {
    const { balance, canary, sticky } = config;
    this.config = config;
    this.#source = source;
    this.#primary = new Tier(balance);
    this.#backup = new Tier(balance);
    this.#canary = new Tier(balance);
    this.#canaryShare = canary && new CanaryShare(canary.share);
    this.#sticky = sticky && new Sticky(sticky, stickyKey);
    this.#join();
  }

  /** As they are now, in the order of the file, the canary's last. Names come and go with what DNS says of them. */
  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  /** @throws GatewayError `no_endpoint` where none may be used now. */
  pick(choice: Choice, tried: readonly Endpoint[]): Endpoint {
    const endpoint = tried.length === 0 ? this.#first(choice) : this.#again(choice, tried);
    if (endpoint === null) throw new GatewayError('no_endpoint', 'no endpoint of the route can be used now');
    return endpoint;
  }

  #first(choice: Choice): Endpoint | null {
    const kept = this.#sticky === null ? null : this.#sticky.endpointOf(choice);
    if (kept !== null) return kept;
    const tried = NONE;
    if (this.#canaryShare !== null && this.#canary.usable.length > 0 && this.#canaryShare.takes())
      return this.#canary.pick(choice, tried);
    return this.#primary.pick(choice, tried) ?? this.#backup.pick(choice, tried);
  }

  /** Who met a dead canary is served by the others, and nobody is sent to the canary a second time. */
  #again(choice: Choice, tried: readonly Endpoint[]): Endpoint | null {
    return this.#primary.pick(choice, tried) ?? this.#backup.pick(choice, tried) ?? this.#first(choice);
  }

  /** Whether another endpoint is there that this exchange has not tried. */
  elsewhere(tried: readonly Endpoint[]): boolean {
    return this.#primary.hasUntried(tried) || this.#backup.hasUntried(tried);
  }

  /** The endpoint is given an attempt. @returns a ticket, to be given back to `ended`. */
  begun(endpoint: Endpoint): number {
    endpoint.active++;
    return 0;
  }

  /** Once for each `begun`, whatever became of it. */
  ended(endpoint: Endpoint, _outcome: Outcome, _ticket: number): void {
    endpoint.active--;
  }

  /** `Set-Cookie` for an answer of this endpoint; `null`: the route is not sticky, or the client has the cookie. */
  stickyCookie(choice: Choice, endpoint: Endpoint, scope: CookieScope): string | null {
    return this.#sticky === null ? null : this.#sticky.setCookie(choice, endpoint, scope);
  }

  /** Takes in who is there now. */
  #join(): void {
    const { endpoints, canary } = this.config;
    const main = this.#candidatesOf(endpoints);
    const other = canary ? this.#candidatesOf(canary.endpoints) : [];
    this.#candidates = [...main, ...other];
    this.#endpoints = this.#candidates.map(({ endpoint }) => endpoint);
    this.#primary.replace(main.filter(({ backup }) => !backup));
    this.#backup.replace(main.filter(({ backup }) => backup));
    this.#canary.replace(other);
    this.#replaceSticky();
  }

  #candidatesOf(endpoints: UpstreamConfig['endpoints']): Candidate[] {
    return endpoints.flatMap(({ address, weight, backup }) => {
      if (address.kind === 'srv') return [];
      const endpoint = this.#source.acquire(address);
      endpoint.watch(this);
      return [new Candidate(endpoint, weight, backup)];
    });
  }

  /** An endpoint is available again, or no more, or its share has changed. */
  endpointChanged(): void {
    for (const tier of [this.#primary, this.#backup, this.#canary]) tier.refresh();
    this.#replaceSticky();
  }

  /** Backups keep nobody: when a primary one is back, everybody goes there. */
  #replaceSticky(): void {
    const backup = this.#primary.usable.length === 0 ? this.#backup.usable : [];
    this.#sticky?.replace([...this.#primary.usable, ...this.#canary.usable, ...backup]);
  }

  close(): void {
    for (const { endpoint } of this.#candidates) {
      endpoint.unwatch(this);
      this.#source.release(endpoint);
    }
  }
}

const NONE: readonly Endpoint[] = [];
