import type { EndpointStatus, RouteStatus, ServiceStatus, StreamStatus } from '../../model/status.ts';

/** The status of a service that is ready; what a test says about it. */
export function serviceStatus(changes: Partial<ServiceStatus> = {}): ServiceStatus {
  const none = { restarts: 0, lastExit: null, lastOutput: [] };
  return { name: 'db', port: 3001, state: 'ready', pid: 7, ...none, ...changes };
}

export function endpointStatus(
  address: string,
  state: EndpointStatus['state'] = 'up',
  reason: string | null = null,
): EndpointStatus {
  return { address, state, reason };
}

/** The status of a route with one endpoint that is up. */
export function routeStatus(path: string, changes: Partial<RouteStatus> = {}): RouteStatus {
  const endpoints = [endpointStatus('127.0.0.1:3001')];
  return { id: path, label: path, host: null, path, line: 7, endpoints, service: null, ...changes };
}

/** The status of a raw port that is open, with one endpoint that is up. @param id `tcp 7000` */
export function streamStatus(id: string, changes: Partial<StreamStatus> = {}): StreamStatus {
  const [protocol, port] = id.split(' ') as ['tcp' | 'udp', string];
  return {
    ...{ id, protocol, listen: { host: '127.0.0.1', port: Number(port) }, line: 21, problem: null },
    ...{ connections: 0, refused: 0, endpoints: [endpointStatus('localhost:7001')], service: null },
    ...changes,
  };
}
