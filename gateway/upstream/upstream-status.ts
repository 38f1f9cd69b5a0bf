import type { EndpointStatus } from '../model/status.ts';
import type { Endpoint } from './endpoint.ts';
import type { Upstream } from './upstream.ts';

/** Every endpoint with its weight and role, and names that stand for none, which are down. */
export async function upstreamStatus(
  { candidates, missing }: Upstream,
  statusOf: (endpoint: Endpoint) => Promise<EndpointStatus>,
): Promise<EndpointStatus[]> {
  const found = candidates.map(async ({ endpoint, weight, role }) => ({
    ...(await statusOf(endpoint)),
    role,
    weight,
  }));
  const lost = missing.map(({ key, problem }) => ({ address: key, state: 'down' as const, reason: problem }));
  return [...(await Promise.all(found)), ...lost];
}
