import type { DialAddress, EndpointConfig } from '../config/model.ts';
import { Endpoint } from './endpoint.ts';

/**
 * Endpoints by address, shared by every snapshot that names them: a reload keeps warm connections, and an endpoint is closed when the
 * last snapshot that names it has been retired.
 */
export class EndpointRegistry {
  readonly #entries = new Map<string, { endpoint: Endpoint; users: number }>();

  acquire(address: DialAddress, connectTimeoutMs: number): Endpoint {
    const key = registryKey(address, connectTimeoutMs);
    const entry = this.#entries.get(key) ?? { endpoint: new Endpoint(address, connectTimeoutMs), users: 0 };
    entry.users++;
    this.#entries.set(key, entry);
    return entry.endpoint;
  }

  release(address: DialAddress, connectTimeoutMs: number): void {
    const key = registryKey(address, connectTimeoutMs);
    const entry = this.#entries.get(key);
    if (!entry || --entry.users > 0) return;
    this.#entries.delete(key);
    entry.endpoint.close();
  }
}

/** What SRV records stand for is known only when they have been looked up: they are no address yet. */
export function dialAddresses(endpoints: readonly EndpointConfig[]): DialAddress[] {
  return endpoints.flatMap(({ address }) => (address.kind === 'srv' ? [] : [address]));
}

/** Connections are opened by the pool, so a different connect timeout needs a different pool. */
function registryKey(address: DialAddress, connectTimeoutMs: number): string {
  const scheme = address.kind === 'tcp' && address.tls ? 'https' : 'http';
  return `${scheme} ${address.key} ${connectTimeoutMs}`;
}
