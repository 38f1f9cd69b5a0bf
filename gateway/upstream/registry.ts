import { TrafficStore } from '../exchange/counters/traffic-store.ts';
import type { PlacedService, UpstreamConfig } from '../model/config.ts';
import { Breaker, type BreakerState } from './breaker.ts';
import { Discovery } from './discovery.ts';
import { EndpointRegistry } from './endpoint-registry.ts';
import { type HealthLog, SILENT } from './health-checks.ts';
import { Shared } from './shared.ts';
import { Upstream } from './upstream.ts';

/** An upstream as a route or a stream wants it. */
export interface UpstreamSpec {
  /** Whose it is: two routes have each their own, however alike they are. */
  readonly scope: string;
  readonly config: UpstreamConfig;
  readonly connectTimeoutMs: number;
  /** DNS servers to ask for its names; `null`: as the system does it. */
  readonly resolver: readonly string[] | null;
}

/**
 * State that outlives snapshots: upstreams by scope and configuration, with their balancers and breakers, and below them endpoints by
 * address. A reload that does not change a route keeps its upstream; one that adds an endpoint keeps the others and the route's breaker.
 */
export class UpstreamRegistry {
  readonly #stickySecret: string;
  readonly #traffic: TrafficStore;
  readonly #log: HealthLog;
  readonly #endpoints: EndpointRegistry;
  readonly #discovery: Discovery;
  readonly #breakers = new Shared<Breaker>(() => {});
  readonly #upstreams = new Shared<Upstream>((upstream) => upstream.close());

  /** @param stickySecret goes into the hashes of sticky cookies; replicas that share clients need the same one. */
  constructor(log: HealthLog = SILENT, stickySecret = '', traffic = new TrafficStore()) {
    this.#traffic = traffic;
    this.#log = log;
    this.#endpoints = new EndpointRegistry(log);
    this.#discovery = new Discovery(log);
    this.#stickySecret = stickySecret;
  }

  /** HTTP connections to services; idle ones give way. */
  set connectionsMax(max: number) {
    this.#endpoints.budget.max = max;
  }

  /** Sets the drained addresses, which get no new exchanges until changed again. */
  drain(addresses: readonly string[]): void {
    this.#endpoints.drain(addresses);
  }

  /** The services that a cluster names are there from now on; those that are not among them are where they were. */
  place(services: readonly PlacedService[]): void {
    this.#discovery.place(services);
  }

  acquire(spec: UpstreamSpec): Upstream {
    const breaker = this.#breakerOf(spec);
    return this.#upstreams.acquire(keyOf(spec), () => this.#make(spec, breaker));
  }

  /** Once for each `acquire`. */
  release(spec: UpstreamSpec): void {
    if (spec.config.breaker !== null) this.#breakers.release(breakerKey(spec));
    this.#upstreams.release(keyOf(spec));
  }

  #breakerOf(spec: UpstreamSpec): Breaker | null {
    const { breaker } = spec.config;
    if (breaker === null) return null;
    return this.#breakers.acquire(breakerKey(spec), () => new Breaker(breaker, this.#tell(spec.scope)));
  }

  #tell(route: string): (state: BreakerState, reason: string) => void {
    return (state, reason) => {
      const text = `the breaker is ${state}: ${reason}`;
      if (state === 'open') this.#log.warn({ route }, text);
      else this.#log.info({ route }, text);
    };
  }

  #make({ scope, config, connectTimeoutMs, resolver }: UpstreamSpec, breaker: Breaker | null): Upstream {
    const { limits, health, ejection, slowStartMs } = config;
    return new Upstream({
      config,
      endpoints: this.#endpoints.source({ connectTimeoutMs, limits, health, ejection, slowStartMs }),
      names: this.#discovery.source(resolver),
      stickyKey: `${this.#stickySecret} ${scope}`,
      breaker,
      traffic: this.#traffic.of(scope),
    });
  }
}

function keyOf({ scope, config, connectTimeoutMs, resolver }: UpstreamSpec): string {
  return JSON.stringify([scope, config, connectTimeoutMs, resolver]);
}

/** The breaker stays when a route's endpoints change. */
function breakerKey({ scope, config }: UpstreamSpec): string {
  return JSON.stringify([scope, config.breaker]);
}
