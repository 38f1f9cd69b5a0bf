import type { DialAddress } from '../config/model.ts';
import { Endpoint, type EndpointSettings } from './endpoint.ts';
import { HealthChecks, type HealthLog, SILENT } from './health-checks.ts';
import { Shared } from './shared.ts';

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
  readonly #checks: HealthChecks;

  constructor(log: HealthLog = SILENT) {
    this.#checks = new HealthChecks(log);
  }

  source(settings: EndpointSettings): EndpointSource {
    const agreed = JSON.stringify(settings);
    const keyOf = (address: DialAddress) => `${addressKey(address)} ${agreed}`;
    return {
      acquire: (address) =>
        this.#endpoints.acquire(keyOf(address), () => new Endpoint(address, settings, this.#checks)),
      release: ({ address }) => this.#endpoints.release(keyOf(address)),
    };
  }
}

function addressKey(address: DialAddress): string {
  const scheme = address.kind === 'tcp' && address.tls ? 'https' : 'http';
  return `${scheme} ${address.key}`;
}
