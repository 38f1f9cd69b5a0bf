import type { EndpointAddress, Port } from '../../model/config.ts';

type TcpAddress = Extract<EndpointAddress, { kind: 'tcp' }>;

/** The address of a service on this machine, as a bare port makes it, but for one address only: tests listen on no more. */
export function localAddress(port: number, overrides: Partial<TcpAddress> = {}): TcpAddress {
  return {
    kind: 'tcp',
    key: `127.0.0.1:${port}`,
    tls: false,
    host: 'localhost',
    port: port as Port,
    addresses: ['127.0.0.1'],
    ...overrides,
  };
}
