import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { onTestFinished } from 'vitest';
import { RawClient } from './http-client.ts';

export { type Answer, get, RawClient, request } from './http-client.ts';

export interface ClientOptions {
  /** Keep our direction open when the other side has ended its own. */
  readonly halfOpen?: boolean;
  /** Default `127.0.0.1`. */
  readonly host?: string;
}

/** Connects; the connection is let go of when the test ends. */
export async function connect(port: number, options: ClientOptions = {}): Promise<RawClient> {
  const socket = connectSocket({
    port,
    host: options.host ?? '127.0.0.1',
    allowHalfOpen: options.halfOpen ?? false,
  });
  const client = new RawClient(socket, `client of port ${port}`);
  onTestFinished(() => client.destroy());
  await once(socket, 'connect');
  return client;
}
