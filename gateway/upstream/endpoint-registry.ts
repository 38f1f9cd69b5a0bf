import type { DialAddress } from '../model/config.ts';
import { ConnectionBudget } from './connection-budget.ts';
import { Endpoint, type EndpointSettings } from './endpoint.ts';
import { HealthChecks, type HealthLog, SILENT } from './health-checks.ts';
import { ConnectionPool } from './pool.ts';
import { Shared } from './shared.ts';

/** Where an upstream gets its endpoints from. */
export interface EndpointSource {
  acquire(address: DialAddress): Endpoint;
  /** Once for each `acquire`. */
  release(endpoint: Endpoint): void;
}

/**
 * Endpoints by address and settings, shared by all upstreams that name them. A reload keeps their state; an endpoint is closed when the
 * last upstream that names it is gone. Connections are keyed by fewer settings, so that a change of the checks keeps them warm.
 */
export class EndpointRegistry {
  readonly #endpoints = new Shared<Endpoint>((endpoint) => {
    this.#open.delete(endpoint);
    endpoint.close();
  });
  readonly #open = new Set<Endpoint>();
  /** Drained addresses, kept over reloads. */
  #drained: ReadonlySet<string> = new Set();
  /** Closed, a pool lets the exchanges end that it has. */
  readonly #pools = new Shared<ConnectionPool>((pool) => pool.close());
  readonly #checks: HealthChecks;
  readonly budget = new ConnectionBudget();

  constructor(log: HealthLog = SILENT) {
    this.#checks = new HealthChecks(log);
  }

  source(settings: EndpointSettings): EndpointSource {
    const { connectTimeoutMs, limits } = settings;
    const [all, ofPool] = [JSON.stringify(settings), JSON.stringify({ connectTimeoutMs, limits })];
    return {
      acquire: (address) => {
        const key = addressKey(address);
        const makePool = () => new ConnectionPool(address, connectTimeoutMs, limits, this.budget);
        const pool = this.#pools.acquire(`${key} ${ofPool}`, makePool);
        const make = () => this.#make(address, settings, pool);
        return this.#endpoints.acquire(`${key} ${all}`, make);
      },
      release: ({ address }) => {
        const key = addressKey(address);
        this.#endpoints.release(`${key} ${all}`);
        this.#pools.release(`${key} ${ofPool}`);
      },
    };
  }

  /** These, and no others, get no new exchanges from now on. @param addresses as `Endpoint.key` */
  drain(addresses: readonly string[]): void {
    this.#drained = new Set(addresses);
    for (const endpoint of this.#open) endpoint.drained = this.#drained.has(endpoint.key);
  }

  #make(address: DialAddress, settings: EndpointSettings, pool: ConnectionPool): Endpoint {
    const endpoint = new Endpoint(address, settingsOf(address, settings), this.#checks, pool);
    endpoint.drained = this.#drained.has(endpoint.key);
    this.#open.add(endpoint);
    return endpoint;
  }
}

/** A fallback is asked when no other endpoint can be: its health is never in question. */
function settingsOf(address: DialAddress, settings: EndpointSettings): EndpointSettings {
  if (address.kind !== 'tcp' || !address.fallback) return settings;
  return { ...settings, health: null, ejection: null, slowStartMs: null };
}

function addressKey(address: DialAddress): string {
  if (address.kind !== 'tcp') return address.key;
  const { tls, http2 = false, key, trust = null, fallback = false } = address;
  return JSON.stringify([tls, http2, key, trust, fallback]);
}
