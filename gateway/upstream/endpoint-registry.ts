import type { DialAddress, UpstreamConfig } from '../config/model.ts';
import { Endpoint } from './endpoint.ts';
import { Shared } from './shared.ts';

/** What an endpoint depends on beside its address: where two upstreams agree in these, they share what is known of it. */
export interface EndpointSettings
  extends Pick<UpstreamConfig, 'limits' | 'health' | 'ejection' | 'slowStartMs'> {
  readonly connectTimeoutMs: number;
}

/** Where an upstream gets its endpoints from. */
export interface EndpointSource {
  acquire(address: DialAddress): Endpoint;
  /** Once for each `acquire`. */
  release(endpoint: Endpoint): void;
}

/**
 * Endpoints by address and settings, shared by every upstream that names them: a reload keeps their connections and what is known of them, and
 * an endpoint is closed when the last upstream that names it is gone.
 */
export class EndpointRegistry {
  readonly #endpoints = new Shared<Endpoint>((endpoint) => endpoint.close());

  source(settings: EndpointSettings): EndpointSource {
    const agreed = JSON.stringify(settings);
    const keyOf = (address: DialAddress) => `${addressKey(address)} ${agreed}`;
    return {
      acquire: (address) =>
        this.#endpoints.acquire(keyOf(address), () => new Endpoint(address, settings.connectTimeoutMs)),
      release: ({ address }) => this.#endpoints.release(keyOf(address)),
    };
  }
}

function addressKey(address: DialAddress): string {
  const scheme = address.kind === 'tcp' && address.tls ? 'https' : 'http';
  return `${scheme} ${address.key}`;
}
