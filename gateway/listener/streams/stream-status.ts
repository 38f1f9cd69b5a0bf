import type { ServiceStatus, StreamStatus } from '../../model/status.ts';
import { endpointStatus, endpointStatusUnasked, serviceBehind } from '../../upstream/endpoint-status.ts';
import { upstreamStatus } from '../../upstream/upstream-status.ts';
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
  const status = config.protocol === 'tcp' ? endpointStatus : endpointStatusUnasked;
  return {
    id: config.id,
    protocol: config.protocol,
    listen: config.listen,
    line: config.source.line,
    problem,
    connections: stream.connections,
    refused: stream.refused,
    endpoints: await upstreamStatus(upstream, status),
    service: serviceBehind(config.upstream.endpoints, services),
  };
}
