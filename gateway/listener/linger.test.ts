import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connect, get, type RawClient, request } from '../proof/testing/raw-client.ts';
import { lingerOnClose } from './linger.ts';

/** Answers every request at its head, and closes; what it does with an upload behind that is the linger's business. */
async function startHastyServer(): Promise<{
  client: (halfOpen?: boolean) => Promise<RawClient>;
  closed: Promise<void>;
}> {
  const closed = Promise.withResolvers<void>();
  const server = http.createServer((incoming, response) => {
    incoming.socket.once('close', () => closed.resolve());
    lingerOnClose(incoming.socket, incoming);
    response.writeHead(413, ['Content-Length', '4', 'Connection', 'close']).end('long');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo;
  return { client: (halfOpen = false) => connect(port, { halfOpen }), closed: closed.promise };
}

/** Well before the five seconds of the linger are up. */
const soon = { timeout: 2_500 };

const upload = request('POST', '/', ['Content-Length: 100000000']);

describe('an answer before the end of an upload', () => {
  test('reaches a client that goes on sending for a while, and then the connection ends', async () => {
    const { client } = await startHastyServer();
    const wire = await client(true);
    void wire.send(upload);
    for (let i = 0; i < 100; i++) void wire.send(Buffer.alloc(64 * 1024));
    expect((await wire.answer()).text).toBe('long');
    expect(await wire.ending()).toBe('fin');
  });

  test('is followed by the end of our side at once', async () => {
    const { client } = await startHastyServer();
    const wire = await client(true);
    await wire.send(`${upload}some`);
    await wire.answer();
    expect(await wire.ending()).toBe('fin');
  });

  test('is closed for good as soon as the client ends too', soon, async () => {
    const { client, closed } = await startHastyServer();
    const wire = await client(true);
    await wire.send(`${upload}some`);
    await wire.answer();
    wire.fin();
    await closed;
  });

  test('is closed for good as soon as the upload is complete', soon, async () => {
    const { client, closed } = await startHastyServer();
    const wire = await client(true);
    await wire.send(request('POST', '/', ['Content-Length: 8']));
    await wire.answer();
    await wire.send('complete');
    await closed;
  });
});

test('a connection without an upload closes as ever', async () => {
  const { client, closed } = await startHastyServer();
  const wire = await client();
  await wire.send(get('/'));
  expect((await wire.answer()).text).toBe('long');
  expect(await wire.ending()).toBe('fin');
  await closed;
});
