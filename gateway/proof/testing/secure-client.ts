import { once } from 'node:events';
import tls, { type ConnectionOptions, type TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import { RawClient } from './http-client.ts';

/** A client over TLS that takes whatever certificate it is shown. Rejects where the handshake fails. */
export async function connectSecurely(
  port: number,
  options: ConnectionOptions = {},
): Promise<RawClient & { readonly socket: TLSSocket }> {
  const socket = tls.connect({
    port,
    host: '127.0.0.1',
    servername: 'shop.test',
    rejectUnauthorized: false,
    ...options,
  });
  const client = new RawClient(socket, `TLS client of port ${port}`);
  onTestFinished(() => client.destroy());
  await once(socket, 'secureConnect');
  return client as RawClient & { readonly socket: TLSSocket };
}

/** The common names, or the first DNS name, of what a server shows for a name. */
export async function shownCertificate(port: number, servername: string): Promise<string | undefined> {
  const client = await connectSecurely(port, { servername });
  const { subjectaltname } = client.socket.getPeerCertificate();
  client.destroy();
  return subjectaltname?.split(', ')[0]?.replace('DNS:', '');
}
