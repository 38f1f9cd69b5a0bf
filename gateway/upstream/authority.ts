import type { EndpointAddress } from '../config/model.ts';

/** Host and port for `hostHeader: rewrite`, and to know a service's own name in what it answers. */
export function authorityOf(address: EndpointAddress): string {
  if (address.kind === 'srv') return address.name;
  if (address.kind === 'unix') return 'localhost';
  const { host, port, tls } = address;
  const name = host.includes(':') ? `[${host}]` : host;
  return port === (tls ? 443 : 80) ? name : `${name}:${port}`;
}
