import type { Endpoint } from '../../upstream/endpoint.ts';
import type { PoolCount } from '../../upstream/pool.ts';
import type { Upstream } from '../../upstream/upstream.ts';
import type { ReadingBuilder } from './reading.ts';

/** A route, or a stream, and where it leads. */
export interface NamedUpstream {
  readonly id: string;
  readonly upstream: Upstream;
}

/**
 * How endpoints, breakers and connections are at this moment. An endpoint that was never asked, is not checked, and has nothing against it is left out, as all
 * is that never had traffic.
 */
export function readUpstreams(reading: ReadingBuilder, all: readonly NamedUpstream[]): void {
  const pools = new Map<string, Set<PoolCount>>();
  for (const { id, upstream } of all) {
    for (const [endpoint, addresses] of endpointsOf(upstream)) {
      if (!isKnown(upstream, endpoint, addresses)) continue;
      const labels = { http_route: id, endpoint };
      reading.add('portway_endpoint_addresses', addresses.length, labels);
      reading.add('portway_endpoint_available', addresses.filter((one) => one.available).length, labels);
      reading.add('portway_endpoint_drained', addresses.filter((one) => one.drained).length, labels);
      const ofEndpoint = pools.get(endpoint) ?? new Set();
      pools.set(endpoint, ofEndpoint);
      for (const { connections } of addresses) ofEndpoint.add(connections);
    }
    const { breaker } = upstream;
    if (breaker)
      reading.add('portway_breaker_state', BREAKER_STATES.indexOf(breaker.state), { http_route: id });
  }
  for (const [endpoint, ofEndpoint] of pools) readPools(reading, endpoint, [...ofEndpoint]);
}

/** By the names that the configuration has for them, also where nothing is behind the name. */
function endpointsOf({ candidates, missing }: Upstream): Map<string, Endpoint[]> {
  const byKey = new Map<string, Endpoint[]>(missing.map(({ key }) => [key, []]));
  for (const { key, endpoint } of candidates) {
    const others = byKey.get(key);
    if (others) others.push(endpoint);
    else byKey.set(key, [endpoint]);
  }
  return byKey;
}

function isKnown({ traffic, config }: Upstream, key: string, addresses: readonly Endpoint[]): boolean {
  if (config.health !== null || addresses.length === 0) return true;
  const asked = (traffic.endpoints.get(key)?.attempts.size ?? 0) > 0 || traffic.isStream;
  return asked || addresses.some(({ available, active }) => !available || active > 0);
}

/** Two routes to the same endpoint may share its connections: they are counted once. */
function readPools(reading: ReadingBuilder, endpoint: string, pools: readonly PoolCount[]): void {
  const total = (count: (pool: PoolCount) => number) => pools.reduce((sum, pool) => sum + count(pool), 0);
  const connections = { idle: total(({ idle }) => idle), busy: total(({ busy }) => busy) };
  for (const [state, count] of Object.entries(connections))
    reading.add('http_client_open_connections', count, { endpoint, state });
  reading.add(
    'portway_queue_waiting',
    total(({ waiting }) => waiting),
    { endpoint },
  );
}

const BREAKER_STATES = ['closed', 'half-open', 'open'];
