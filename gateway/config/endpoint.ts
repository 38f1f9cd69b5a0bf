/** From a target as written to the addresses that it means here. */

import { isIP } from 'node:net';
import { withBrackets } from '../keys/host.ts';
import type { Target } from '../keys/target.ts';
import type {
  EndpointAddress,
  EndpointConfig,
  GatewayConfig,
  Port,
  RouteConfig,
  StreamConfig,
} from '../model/config.ts';
import type { GatewayHosts } from './gateway-hosts.ts';

/** What a bare port, and the name of a service, mean here. */
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
    return { kind: 'srv', key: `srv:${target.name}`, name: target.name, tls: target.tls };
  if (target.kind === 'tcp') return tcpEndpoint(target.tls, target.host, target.port);
  const elsewhere = hosts.get(target.port);
  return elsewhere === undefined
    ? loopbackEndpoint(false, target.port)
    : tcpEndpoint(false, elsewhere, target.port);
}

function tcpEndpoint(tls: boolean, host: string, port: Port): EndpointAddress {
  if (host === 'localhost') return loopbackEndpoint(tls, port);
  const addresses = isIP(host) === 0 ? null : [host];
  return { kind: 'tcp', key: keyOf(tls, host, port), tls, host, port, addresses };
}

/** Its key is not that of `127.0.0.1:3001`, which is tried on this one address alone. */
function loopbackEndpoint(tls: boolean, port: Port): EndpointAddress {
  const addresses = ['127.0.0.1', '::1'];
  const host = tls ? 'localhost' : '127.0.0.1';
  return { kind: 'tcp', key: keyOf(tls, 'localhost', port), tls, host, port, addresses };
}

function keyOf(tls: boolean, host: string, port: Port): string {
  return `${tls ? 'https://' : ''}${withBrackets(host)}:${port}`;
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
    return port === undefined ? one : { ...one, address: loopbackEndpoint(false, port) };
  };
  const placed = <One extends RouteConfig | StreamConfig>(one: One): One => {
    const { endpoints, canary } = one.upstream;
    if (
      ![...endpoints, ...(canary?.endpoints ?? [])].some(({ address }) => unplacedService(address) !== null)
    )
      return one;
    const canaryPlaced = canary && { ...canary, endpoints: canary.endpoints.map(place) };
    return { ...one, upstream: { ...one.upstream, endpoints: endpoints.map(place), canary: canaryPlaced } };
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

/** What tells sockets apart: two endpoints that share one of these can be one socket, as `3001` and `127.0.0.1:3001` can. */
export function socketsOf(endpoint: EndpointAddress): readonly string[] {
  if (endpoint.kind !== 'tcp') return [endpoint.key];
  const hosts = endpoint.addresses ?? [endpoint.host];
  return hosts.map((host) => `${withBrackets(host)}:${endpoint.port}`);
}
