/** From a target as written to the addresses that it means here. */

import { isIP } from 'node:net';
import { withBrackets } from '../keys/host.ts';
import type { Target } from '../keys/target.ts';
import type { EndpointAddress, Port } from '../model/config.ts';
import type { GatewayHosts } from './gateway-hosts.ts';

/**
 * A bare port is that port on this machine, whichever of its two loopback addresses the service listens on, or on the host that
 * `GATEWAY_HOSTS` names for it.
 */
export function endpointOf(target: Target, hosts: GatewayHosts): EndpointAddress {
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

/** What tells sockets apart: two endpoints that share one of these can be one socket, as `3001` and `127.0.0.1:3001` can. */
export function socketsOf(endpoint: EndpointAddress): readonly string[] {
  if (endpoint.kind !== 'tcp') return [endpoint.key];
  const hosts = endpoint.addresses ?? [endpoint.host];
  return hosts.map((host) => `${withBrackets(host)}:${endpoint.port}`);
}
