import { onTestFinished } from 'vitest';
import { type ClientOptions, RawClient } from './http-client.ts';

export { type Answer, type ClientOptions, get, RawClient, request } from './http-client.ts';

/** Connects; the connection is let go of when the test ends. */
export async function connect(port: number, options: ClientOptions = {}): Promise<RawClient> {
  const client = RawClient.to(port, options);
  onTestFinished(() => client.destroy());
  return client.connected();
}
