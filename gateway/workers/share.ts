import type { GatewayConfig, RouteConfig, StreamConfig } from '../model/config.ts';

/**
 * The configuration for one of several workers: each bound on connections is divided, rounded up, so that all together keep it. Connections
 * are dealt out in turn, so that no worker has many more than the others.
 */
export function shareOf(config: GatewayConfig, workers: number): GatewayConfig {
  return {
    ...config,
    maxConnections: part(config.maxConnections, workers),
    routes: config.routes.map((route) => routeShare(route, workers)),
    streams: config.streams.map((stream) => streamShare(stream, workers)),
  };
}

function routeShare(route: RouteConfig, workers: number): RouteConfig {
  const { limits } = route.upstream;
  const connections = part(limits.connections, workers);
  const waiting = part(limits.waiting, workers);
  return { ...route, upstream: { ...route.upstream, limits: { ...limits, connections, waiting } } };
}

/** Datagrams are carried by one worker alone, which has all that is meant for them. */
function streamShare(stream: StreamConfig, workers: number): StreamConfig {
  if (stream.protocol === 'udp') return stream;
  return { ...stream, maxConnections: part(stream.maxConnections, workers) };
}

function part(whole: number, workers: number): number {
  return Math.ceil(whole / workers);
}
