import type { EndpointConfig } from '../model/config.ts';
import type { EndpointStatus, ServiceStatus } from '../model/status.ts';
import type { Endpoint } from './endpoint.ts';

/** The status of an endpoint for people. Without any evidence, a connection is tried. */
export function endpointStatus(endpoint: Endpoint): Promise<EndpointStatus> {
  return knownStatus(endpoint) ?? endpoint.probe.status();
}

/** The same where it can't be asked, as over UDP. */
export function endpointStatusUnasked(endpoint: Endpoint): Promise<EndpointStatus> {
  const { key: address } = endpoint;
  return knownStatus(endpoint) ?? Promise.resolve({ address, state: 'unknown', reason: null });
}

function knownStatus({ key: address, health, drained, active }: Endpoint): Promise<EndpointStatus> | null {
  if (drained)
    return Promise.resolve({ address, state: 'down', reason: drainedReason(active), drained: active });
  if (!health.available) return Promise.resolve({ address, state: 'down', reason: health.reason });
  if (health.checked !== 'healthy') return null;
  // One failed check is no illness yet, and worth knowing.
  return Promise.resolve({ address, state: 'up', reason: health.reason });
}

/** @param active exchanges, tunnels and streams that it still has */
export function drainedReason(active: number): string {
  return active === 0 ? 'drained' : `drained, ${active} under way`;
}

/** The process that `services:` runs on the port of one of these addresses on this machine. */
export function serviceBehind(
  endpoints: readonly EndpointConfig[],
  services: readonly ServiceStatus[],
): ServiceStatus | null {
  const ports = new Set(
    endpoints.map(({ address }) => (address.kind === 'tcp' && isHere(address) ? address.port : null)),
  );
  return services.find(({ port }) => port !== null && (ports as Set<number | null>).has(port)) ?? null;
}

function isHere({
  host,
  addresses,
}: {
  readonly host: string;
  readonly addresses: readonly string[] | null;
}): boolean {
  return (
    host === 'localhost' ||
    (addresses?.some((address) => address === '127.0.0.1' || address === '::1') ?? false)
  );
}
