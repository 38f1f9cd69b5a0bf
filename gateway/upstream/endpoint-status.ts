import type { EndpointConfig } from '../model/config.ts';
import type { EndpointStatus, ServiceStatus } from '../model/status.ts';
import type { Endpoint } from './endpoint.ts';

/** What is known of an endpoint, for a person; where nothing is, it is asked whether it accepts connections. */
export function endpointStatus({ key: address, health, probe }: Endpoint): Promise<EndpointStatus> {
  return knownStatus(address, health) ?? probe.status();
}

/** The same where it can't be asked, as over UDP. */
export function endpointStatusUnasked({ key: address, health }: Endpoint): Promise<EndpointStatus> {
  return knownStatus(address, health) ?? Promise.resolve({ address, state: 'unknown', reason: null });
}

function knownStatus(address: string, health: Endpoint['health']): Promise<EndpointStatus> | null {
  if (!health.available) return Promise.resolve({ address, state: 'down', reason: health.reason });
  if (health.checked !== 'healthy') return null;
  // One failed check is no illness yet, and worth knowing.
  return Promise.resolve({ address, state: 'up', reason: health.reason });
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
