import { describe, expect, test } from 'vitest';
import { type RawClient, request } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { startRoute } from '../testing/route-stage.ts';
import { chunk, ok, reply } from '../testing/service.ts';

const mebibyte = 1024 * 1024;

/** Sends on and on, as a client that does not listen while it uploads; ends when the connection does. */
async function keepSending(client: RawClient, bytes: string): Promise<void> {
  while (!client.socket.destroyed && client.socket.writable) await client.send(bytes);
}

describe.each(laneKinds)('an answer in the middle of an upload on $kind', ({ routes, files }) => {
  test.each([
    ['a length', [`Content-Length: ${1024 * mebibyte}`], 'x'.repeat(65_536)],
    ['chunks', ['Transfer-Encoding: chunked'], chunk('x'.repeat(65_536))],
  ])('is delivered whole, then the connection is closed: with %s', async (_what, framing, part) => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    const client = await gateway.connect();
    await client.send(request('PUT', '/db/', framing));
    const sending = keepSending(client, part);
    const connection = await service.connection();
    await connection.head();
    await connection.discard(mebibyte);
    await connection.send(reply(413, ['X-Why: too much'], 'too much'.repeat(1_000)));
    const answer = await client.answer();
    expect(answer.status).toBe(413);
    expect(answer.head.value('x-why')).toBe('too much');
    expect(answer.text).toBe('too much'.repeat(1_000));
    await client.ending();
    await sending;
  });

  test('is delivered where the service closes at once after it', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    const client = await gateway.connect();
    const connection = await service.reachedBy(
      client,
      request('PUT', '/db/', ['Content-Length: 1000000'], 'x'.repeat(1_000)),
    );
    await connection.bytes(1_000);
    await connection.send(reply(401, ['Connection: close'], 'who are you?'));
    connection.fin();
    const answer = await client.answer();
    expect([answer.status, answer.text]).toEqual([401, 'who are you?']);
    await client.ending();
  });

  // The gateway reads the client first: its write fails while the answer waits in the other socket.
  test('is delivered where more of the upload meets the closed connection', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    const client = await gateway.connect();
    const connection = await service.reachedBy(
      client,
      request('PUT', '/db/', ['Content-Length: 1000000'], 'x'.repeat(1_000)),
    );
    await connection.bytes(1_000);
    client.socket.write('x'.repeat(1_000));
    connection.socket.write(reply(401, ['Connection: close'], 'who are you?'));
    connection.socket.resetAndDestroy();
    const answer = await client.answer();
    expect([answer.status, answer.text]).toEqual([401, 'who are you?']);
    await client.ending();
  });

  test('can be long, and goes on while the upload does not', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    const client = await gateway.connect();
    const connection = await service.reachedBy(
      client,
      request('PUT', '/db/', ['Content-Length: 1000000'], 'x'),
    );
    await connection.send('HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n');
    expect((await client.head()).status).toBe(400);
    for (const part of ['one', 'two', 'three']) {
      await connection.send(chunk(part));
      expect((await client.chunk()).toString()).toBe(part);
    }
    await connection.send(chunk(''));
    expect(await client.chunk()).toHaveLength(0);
  });

  test.each([
    ['an unknown route', '/nowhere', ['Content-Length: 1000000'], 404],
    ['a body that announces too much', '/db/', ['Content-Length: 1000000'], 413],
    ['a malformed path', '/db/%', ['Content-Length: 1000000'], 400],
    ['an unknown route, in chunks', '/nowhere', ['Transfer-Encoding: chunked'], 404],
  ])('of the gateway itself comes at once: %s', async (_what, target, framing, status) => {
    const { service, gateway } = await startRoute({ routes, files }, '/db', ['bodyMax: 64KiB']);
    service.answer(ok());
    const client = await gateway.connect();
    await client.send(request('PUT', target, framing));
    expect((await client.answer()).status).toBe(status);
    expect(service.connections).toEqual([]);
    await client.ending();
  });

  // The connection was closed, though no more than these bytes was to come.
  test('leaves the connection open where the rest is small, and nobody has read of it', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(ok('next'));
    const client = await gateway.connect();
    await client.send(request('PUT', '/nowhere', ['Content-Length: 8'], 'some'));
    const answer = await client.answer();
    expect([answer.status, answer.head.value('connection')]).not.toContain('close');
    await client.send(`more${request('GET', '/db/')}`);
    expect((await client.answer()).text).toBe('next');
    expect(service.requests).toHaveLength(1);
  });

  test.each([
    ['chunks tell no length', ['Transfer-Encoding: chunked'], '4\r\nsome'],
    ['it may never come', ['Content-Length: 4', 'Expect: 100-continue'], ''],
    ['it is large', ['Content-Length: 65537'], ''],
  ])('closes the connection of an upload that nobody reads, where %s', async (_why, framing, body) => {
    const { gateway } = await startRoute({ routes, files }, '/db');
    const client = await gateway.connect();
    await client.send(request('PUT', '/nowhere', framing, body));
    expect((await client.answer()).head.value('connection')).toBe('close');
    expect(await client.ending()).toBe('fin');
  });

  test('a body that turns out too large is answered 413 and never complete to the service', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db', ['bodyMax: 64KiB']);
    const client = await gateway.connect();
    await client.send(request('PUT', '/db/', ['Transfer-Encoding: chunked']));
    const sending = keepSending(client, chunk('x'.repeat(16_384)));
    expect((await client.answer()).status).toBe(413);
    const connection = await service.connection();
    const { bytes } = await connection.rest();
    expect(bytes.length).toBeLessThan(80 * 1024);
    expect(bytes.toString('latin1')).not.toMatch(/0\r\n\r\n$/);
    await client.ending();
    await sending;
  });

  test.each([
    ['Content-Length: 65536', 'x'.repeat(65_536)],
    ['Transfer-Encoding: chunked', `${chunk('x'.repeat(65_536))}${chunk('')}`],
  ])('a body of exactly the largest size is carried: %s', async (framing, body) => {
    const { service, gateway } = await startRoute({ routes, files }, '/db', ['bodyMax: 64KiB']);
    service.answer(ok());
    expect((await gateway.exchange(request('PUT', '/db/', [framing], body))).status).toBe(200);
    expect(service.request.body).toHaveLength(65_536);
  });
});
