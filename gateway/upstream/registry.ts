import type { UpstreamConfig } from '../config/model.ts';
import { EndpointRegistry } from './endpoint-registry.ts';
import { Shared } from './shared.ts';
import { Upstream } from './upstream.ts';

/** An upstream as a route or a stream wants it. */
export interface UpstreamWish {
  /** Whose it is: two routes have each their own, however alike they are. */
  readonly scope: string;
  readonly config: UpstreamConfig;
  readonly connectTimeoutMs: number;
}

/**
 * What outlives a snapshot: upstreams by their scope and configuration, with whose turn it is and what they have learnt, and under them
 * endpoints by address. A reload that leaves a route as it is leaves its upstream as it is, and one that adds an endpoint keeps the others.
 */
export class UpstreamRegistry {
  readonly #endpoints = new EndpointRegistry();
  readonly #upstreams = new Shared<Upstream>((upstream) => upstream.close());

  acquire(wish: UpstreamWish): Upstream {
    return this.#upstreams.acquire(keyOf(wish), () => this.#make(wish));
  }

  /** Once for each `acquire`. */
  release(wish: UpstreamWish): void {
    this.#upstreams.release(keyOf(wish));
  }

  #make({ scope, config, connectTimeoutMs }: UpstreamWish): Upstream {
    const { limits, health, ejection, slowStartMs } = config;
    const source = this.#endpoints.source({ connectTimeoutMs, limits, health, ejection, slowStartMs });
    return new Upstream(config, source, scope);
  }
}

function keyOf({ scope, config, connectTimeoutMs }: UpstreamWish): string {
  return JSON.stringify([scope, config, connectTimeoutMs]);
}
