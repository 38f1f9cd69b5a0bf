import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { listening } from './free-port.ts';
import { connect, type RawClient } from './raw-client.ts';

/** Two ends of one TCP connection: a bare socket for the code under test, and a client that the test holds. */
export interface SocketPair {
  readonly near: Socket;
  readonly far: RawClient;
}

/** Both directions end on their own, as on the gateway's sockets. */
export async function socketPair(): Promise<SocketPair> {
  const server = createServer({ allowHalfOpen: true });
  const port = await listening(server);
  const accepted = once(server, 'connection');
  const far = await connect(port, { halfOpen: true });
  const [near] = (await accepted) as [Socket];
  server.close();
  onTestFinished(() => void near.on('error', () => {}).destroy());
  return { near, far };
}
