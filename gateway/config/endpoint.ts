/** From a target as written to the addresses that it means here. */

import { isIP } from 'node:net';
import { withBrackets } from '../keys/host.ts';
import { CLUSTER, CLUSTER_HTTP2, type Target } from '../keys/target.ts';
import type {
  EndpointAddress,
  EndpointConfig,
  GatewayConfig,
  Port,
  RouteConfig,
  StreamConfig,
} from '../model/config.ts';
import { schemePrefix } from '../route/authority.ts';
import type { GatewayHosts } from './gateway-hosts.ts';

/** The meaning of a bare port, and of the name of a service. */
export interface Places {
  readonly hosts: GatewayHosts;
  /** The port of each service that has one. */
  readonly services: ReadonlyMap<string, Port | 'auto'>;
}

/**
 * A bare port is that port on this machine, whichever of its two loopback addresses the service listens on, or on the host that
 * `GATEWAY_HOSTS` names for it.
 */
export function endpointOf(target: Target, places: Places): EndpointAddress {
  const { hosts, services } = places;
  if (target.kind === 'service') {
    const port = services.get(target.name ?? '');
    return typeof port === 'number'
      ? endpointOf({ kind: 'port', port }, places)
      : unplacedEndpoint(target.name ?? '');
  }
  if (target.kind === 'unix') return { kind: 'unix', key: `unix:${target.path}`, path: target.path };
  if (target.kind === 'srv')
    return target.cluster
      ? { ...target, key: `${target.http2 ? CLUSTER_HTTP2 : CLUSTER}${target.name}` }
      : { ...target, key: `srv:${target.name}` };
  if (target.kind === 'tcp') return tcpEndpoint(target, target.host, target.port);
  const spoken = { tls: false, ...(target.http2 && { http2: target.http2 }) };
  const elsewhere = hosts.get(target.port);
  return elsewhere === undefined
    ? loopbackEndpoint(spoken, target.port)
    : tcpEndpoint(spoken, elsewhere, target.port);
}

interface Spoken {
  readonly tls: boolean;
  readonly http2?: true;
}

function tcpEndpoint(spoken: Spoken, host: string, port: Port): EndpointAddress {
  if (host === 'localhost') return loopbackEndpoint(spoken, port);
  return placed(spoken, host, { host, port, addresses: isIP(host) === 0 ? null : [host] });
}

/** Its key is not that of `127.0.0.1:3001`, which is tried on this one address alone. */
function loopbackEndpoint(spoken: Spoken, port: Port): EndpointAddress {
  const addresses = ['127.0.0.1', '::1'];
  return placed(spoken, 'localhost', { host: spoken.tls ? 'localhost' : '127.0.0.1', port, addresses });
}

type TcpAddress = Extract<EndpointAddress, { kind: 'tcp' }>;

function placed(
  { tls, http2 }: Spoken,
  name: string,
  place: Pick<TcpAddress, 'host' | 'port' | 'addresses'>,
): EndpointAddress {
  const spoken = { tls, ...(http2 && { http2 }) };
  const key = `${schemePrefix(spoken)}${withBrackets(name)}:${place.port}`;
  return { kind: 'tcp', key, ...spoken, ...place };
}

/** Where a service will listen whose port is not known yet: `placeServices` replaces it. */
function unplacedEndpoint(name: string): EndpointAddress {
  const addresses = ['127.0.0.1', '::1'];
  return { kind: 'tcp', key: `service:${name}`, tls: false, host: '127.0.0.1', port: 0 as Port, addresses };
}

/** The service that an endpoint waits for; `null`: it is known where it listens. */
export function unplacedService(address: EndpointAddress): string | null {
  return address.kind === 'tcp' && address.port === 0 ? address.key.slice('service:'.length) : null;
}

/** The same configuration with the ports that were found for services whose port is `auto`. */
export function placeServices(config: GatewayConfig, ports: ReadonlyMap<string, Port>): GatewayConfig {
  const place = (one: EndpointConfig): EndpointConfig => {
    const port = ports.get(unplacedService(one.address) ?? '');
    return port === undefined ? one : { ...one, address: loopbackEndpoint({ tls: false }, port) };
  };
  const placed = <One extends RouteConfig | StreamConfig>(one: One): One => {
    const { endpoints, canary } = one.upstream;
    const copies = 'mirror' in one ? one.mirror : null;
    const all = [...endpoints, ...(canary?.endpoints ?? []), ...(copies === null ? [] : [copies.endpoint])];
    if (!all.some(({ address }) => unplacedService(address) !== null)) return one;
    const canaryPlaced = canary && { ...canary, endpoints: canary.endpoints.map(place) };
    const upstream = { ...one.upstream, endpoints: endpoints.map(place), canary: canaryPlaced };
    const mirror = copies && { ...copies, endpoint: place(copies.endpoint) };
    return { ...one, upstream, ...('mirror' in one && { mirror }) };
  };
  return {
    ...config,
    routes: config.routes.map(placed),
    streams: config.streams.map(placed),
    services: config.services.map((service) => ({
      ...service,
      port: service.freePort ? (ports.get(service.name) ?? null) : service.port,
    })),
  };
}

/** Keys of the sockets that an endpoint can reach: endpoints that share one may be the same socket, as `3001` and `127.0.0.1:3001` may. */
export function socketsOf(endpoint: EndpointAddress): readonly string[] {
  if (endpoint.kind !== 'tcp') return [endpoint.key];
  const hosts = endpoint.addresses ?? [endpoint.host];
  return hosts.map((host) => `${withBrackets(host)}:${endpoint.port}`);
}
