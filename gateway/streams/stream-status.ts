import type { StreamConfig } from '../config/model.ts';
import type { EndpointStatus, ServiceStatus, StreamStatus } from '../observe/status.ts';
import { serviceBehind } from '../snapshot/route-status.ts';
import type { Endpoint } from '../upstream/endpoint.ts';
import type { LiveStream, Stream } from './stream.ts';

interface Running {
  readonly stream: Stream;
  readonly live: LiveStream;
  readonly problem: string | null;
}

/** Asks the endpoints of a TCP stream whether they accept connections, and finds the process behind it. */
export async function streamStatus(
  { stream, live, problem }: Running,
  services: readonly ServiceStatus[],
): Promise<StreamStatus> {
  const { config, upstream } = live;
  const endpoints = upstream.endpoints.map((endpoint) => endpointStatus(endpoint, config));
  return {
    id: config.id,
    protocol: config.protocol,
    listen: config.listen,
    line: config.source.line,
    problem,
    connections: stream.connections,
    refused: stream.refused,
    endpoints: await Promise.all(endpoints),
    service: serviceBehind(config.upstream.endpoints, services),
  };
}

function endpointStatus(endpoint: Endpoint, { protocol }: StreamConfig): Promise<EndpointStatus> {
  if (protocol === 'tcp') return endpoint.probe.status();
  // Only the service's own protocol could ask it; a datagram that is no question is simply lost.
  return Promise.resolve({ address: endpoint.key, state: 'unknown', reason: null });
}
