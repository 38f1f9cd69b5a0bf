import { describe, expect, test } from 'vitest';
import { startDeafPort } from '../testing/deaf-port.ts';
import { gatewaySockets, startTestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { get, request } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { startRoute } from '../testing/route-stage.ts';
import { chunk, ok } from '../testing/service.ts';

/** The rule is 100 ms; a loaded machine gets more, and no timeout of the gateway is that short. */
const soonMs = 1_000;

describe.each(laneKinds)('giving up on $kind', ({ routes, files }) => {
  async function stage() {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    const client = await gateway.connect();
    return { service, gateway, client };
  }

  test.each(['destroy', 'reset'] as const)(
    'a client that leaves before the head (%s) frees the service',
    async (how) => {
      const { service, gateway, client } = await stage();
      const connection = await service.reachedBy(client, get('/db/'));
      client[how]();
      await connection.ending(soonMs);
      const record = await gateway.log.exchange(499);
      expect(record.route).toBe('/db');
    },
  );

  test.each(['destroy', 'reset'] as const)(
    'a client that leaves in the body (%s) frees the service',
    async (how) => {
      const { service, gateway, client } = await stage();
      const connection = await service.reachedBy(client, get('/db/'));
      await connection.send(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('first')}`);
      await client.head();
      await client.chunk();
      client[how]();
      await connection.ending(soonMs);
      await gateway.log.exchange(499);
    },
  );

  test('a client that leaves while a body is held back frees the service', async () => {
    const { service, client } = await stage();
    const connection = await service.reachedBy(client, get('/db/'));
    void connection.send(`HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n`);
    void connection.send(Buffer.alloc(32 * 1024 * 1024));
    await client.discard(1024 * 1024);
    client.destroy();
    await connection.ending(soonMs);
  });

  test.each([
    ['destroy', 'Content-Length: 100'],
    ['reset', 'Content-Length: 100'],
    ['destroy', 'Transfer-Encoding: chunked'],
    ['reset', 'Transfer-Encoding: chunked'],
  ] as const)(
    'an upload that breaks off (%s, %s) never looks complete to the service',
    async (how, framing) => {
      const { service, gateway, client } = await stage();
      await client.send(request('PUT', '/db/', [framing]));
      const connection = await service.reachedBy(
        client,
        framing.startsWith('T') ? chunk('half of it') : 'half of it',
      );
      await connection.until('half of it');
      client[how]();
      const { bytes } = await connection.rest(soonMs);
      expect(bytes.toString()).not.toContain('0\r\n\r\n');
      await gateway.log.exchange(499);
    },
  );

  test('a client that leaves while we connect leaves no socket behind', async () => {
    const gateway = await startTestGateway(
      routes('/db', await startDeafPort(), 'timeouts: { connect: 60s }'),
      { files },
    );
    const client = await gateway.connect();
    await client.send(get('/db/'));
    await until('the gateway is connecting', () => gatewaySockets().some((socket) => socket.connecting));
    client.destroy();
    await until('no socket is left', () => gatewaySockets().length === 0, soonMs);
  });

  test('a service that goes in the middle of an upload is told to the client', async () => {
    const { service, client } = await stage();
    const connection = await service.reachedBy(
      client,
      request('PUT', '/db/', ['Content-Length: 1000'], 'half'),
    );
    connection.reset();
    expect((await client.answer()).status).toBe(502);
  });

  test('a client that resets its connection right behind a request does not hide its address by that', async () => {
    const { service, gateway } = await startRoute({ routes, files }, '/db');
    service.answer(ok());
    for (let round = 0; round < 50; round++) {
      const client = await gateway.connect();
      client.socket.write(get('/db/'));
      client.reset();
    }
    await gateway.get('/db/');
    const clients = new Set(gateway.log.exchanges().map(({ client }) => client));
    const told = new Set(service.requests.map(({ head }) => head.value('x-forwarded-for')));
    expect([clients, told]).toEqual([new Set(['127.0.0.1']), new Set(['127.0.0.1'])]);
  });

  test('one that leaves does not disturb another on the same route', async () => {
    const { service, gateway, client } = await stage();
    const first = await service.reachedBy(client, get('/db/left'));
    const other = await gateway.connect();
    await other.send(get('/db/stays'));
    const second = await service.connection();
    await second.head();
    client.destroy();
    await first.ending(soonMs);
    await second.send(ok('still here'));
    expect((await other.answer()).text).toBe('still here');
  });
});
