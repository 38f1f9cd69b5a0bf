import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { connect, type RawClient } from './raw-client.ts';

/** Two ends of one TCP connection: a bare socket for the code under test, and a client that the test holds. */
export interface SocketPair {
  readonly near: Socket;
  readonly far: RawClient;
}

/** Both directions end on their own, as on the gateway's sockets. */
export async function socketPair(): Promise<SocketPair> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const far = await connect((server.address() as AddressInfo).port, { halfOpen: true });
  const [near] = (await accepted) as [Socket];
  server.close();
  onTestFinished(() => void near.on('error', () => {}).destroy());
  return { near, far };
}
