import { onTestFinished } from 'vitest';
import { NameServer } from './dns-server.ts';

/** Starts a name server on a free port of this machine; it ends with the test. */
export async function startNameServer(): Promise<NameServer> {
  const server = await NameServer.open();
  onTestFinished(() => server.close());
  return server;
}
