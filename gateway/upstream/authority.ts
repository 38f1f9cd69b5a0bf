import type { EndpointAddress } from '../model/config.ts';

/** Host and port, for `hostHeader: rewrite` and to recognise a service's own name in its answers. */
export function authorityOf(address: EndpointAddress): string {
  if (address.kind === 'srv') return domainOf(address.name);
  if (address.kind === 'unix') return 'localhost';
  const { host, port, tls } = address;
  const name = host.includes(':') ? `[${host}]` : host;
  return port === (tls ? 443 : 80) ? name : `${name}:${port}`;
}

export function schemeOf(address: EndpointAddress): 'http' | 'https' {
  return address.kind === 'tcp' && address.tls ? 'https' : 'http';
}

/** The name by which a service is called that is found by SRV records: `_http._tcp.shop.internal` is `shop.internal`. */
export function domainOf(serviceName: string): string {
  return serviceName.replace(/^(?:_[^.]*\.)+/, '');
}

/** Whether an IP address is this machine's own, for itself. */
export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}
