import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../proof/testing/free-port.ts';
import { acceptsConnections, untilAccepting } from './port-probe.ts';

async function listen(host: string, port = 0): Promise<number> {
  const server = createServer((socket) => socket.destroy()).listen(port, host);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
}

describe('acceptsConnections', () => {
  it.each(['127.0.0.1', '::1', '0.0.0.0', '::'])('is true for a service that listens on %s', async (host) => {
    expect(await acceptsConnections(await listen(host))).toBe(true);
  });

  it('is false where nothing listens', async () => {
    expect(await acceptsConnections(await freePort())).toBe(false);
  });
});

describe('untilAccepting', () => {
  it('waits for a service that comes later', async () => {
    const port = await freePort();
    const waiting = untilAccepting(port, new AbortController().signal);
    await acceptsConnections(port);
    await listen('127.0.0.1', port);
    expect(await waiting).toBe(true);
  });

  it('gives up when it is told to', async () => {
    const stop = new AbortController();
    const waiting = untilAccepting(await freePort(), stop.signal);
    stop.abort();
    expect(await waiting).toBe(false);
  });
});
