import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { gatewaySockets, startTestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { routeKinds } from '../testing/route-kinds.ts';
import { startService } from '../testing/service.ts';
import { agreement, handshake, openTunnel } from '../testing/websocket.ts';

const mebibyte = 1024 * 1024;

describe.each(routeKinds)('a tunnel on $kind', ({ routes, files }) => {
  async function stage(...keys: string[]) {
    const service = await startService({ halfOpen: true });
    const gateway = await startTestGateway(routes('/chat', service.port, ...keys), { files });
    const client = await gateway.connect({ halfOpen: true });
    return { service, gateway, client };
  }

  test('carries any bytes both ways', async () => {
    const { service, client } = await stage();
    const connection = await openTunnel(client, service, '/chat/room');
    const [up, down] = [randomBytes(3 * mebibyte), randomBytes(3 * mebibyte)];
    void client.send(up);
    void connection.send(down);
    const [seenUp, seenDown] = await Promise.all([connection.bytes(up.length), client.bytes(down.length)]);
    expect(seenUp.equals(up)).toBe(true);
    expect(seenDown.equals(down)).toBe(true);
  });

  test('gets the bytes that came in one piece with the agreement', async () => {
    const { service, client } = await stage();
    await client.send(handshake('/chat/'));
    const connection = await service.connection();
    await connection.head();
    await connection.send(`${agreement()}hello at once`);
    expect((await client.head()).status).toBe(101);
    expect((await client.bytes(13)).toString()).toBe('hello at once');
  });

  test.each(['client', 'service'] as const)(
    'holds back whoever sends to a %s that does not read',
    async (slow) => {
      const { service, client } = await stage();
      const connection = await openTunnel(client, service, '/chat/room');
      const [reader, writer] = slow === 'client' ? [client, connection] : [connection, client];
      const sent = writer.send(Buffer.alloc(64 * mebibyte));
      await reader.discard(mebibyte);
      expect(writer.socket.writableLength).toBeGreaterThan(32 * mebibyte);
      await reader.discard(63 * mebibyte);
      await sent;
    },
  );

  test.each(['client', 'service'] as const)(
    'whose %s ends its half goes on in the other direction',
    async (ender) => {
      const { service, client } = await stage();
      const connection = await openTunnel(client, service, '/chat/room');
      const [first, other] = ender === 'client' ? [client, connection] : [connection, client];
      await first.send('last words');
      first.fin();
      const { bytes, ending } = await other.rest();
      expect([bytes.toString(), ending]).toEqual(['last words', 'fin']);
      await other.send('and an answer');
      other.fin();
      expect((await first.rest()).bytes.toString()).toBe('and an answer');
    },
  );

  test.each([
    ['client', 'reset'],
    ['client', 'destroy'],
    ['service', 'reset'],
    ['service', 'destroy'],
  ] as const)('whose %s is gone (%s) is over for the other side', async (gone, how) => {
    const { service, client } = await stage();
    const connection = await openTunnel(client, service, '/chat/room');
    const [first, other] = gone === 'client' ? [client, connection] : [connection, client];
    first[how]();
    await other.ending();
    other.fin();
    await until('the gateway holds no socket', () => gatewaySockets().length === 0);
  });

  test('that is silent for too long is closed on both sides', async () => {
    const { service, client } = await stage('timeouts: { tunnelIdle: 250ms }');
    const connection = await openTunnel(client, service, '/chat/room');
    await Promise.all([client.ending(), connection.ending()]);
    await until('the gateway holds no socket', () => gatewaySockets().length === 0);
  });

  test('stays while one side speaks, and may be idle for longer than a plain answer', async () => {
    const { service, client } = await stage('timeouts: { tunnelIdle: 900ms, idle: 100ms, response: 500ms }');
    const connection = await openTunnel(client, service, '/chat/room');
    for (let word = 0; word < 5; word++) {
      await pause(200);
      await connection.send('.');
      await client.bytes(1);
    }
    await client.send('still here');
    expect((await connection.bytes(10)).toString()).toBe('still here');
  });

  test('is logged once, when it is over, with its bytes', async () => {
    const { service, gateway, client } = await stage();
    const connection = await openTunnel(client, service, '/chat/room');
    await client.send('12345');
    await connection.bytes(5);
    await connection.send('123');
    await client.bytes(3);
    expect(gateway.log.exchanges()).toEqual([]);
    client.fin();
    connection.fin();
    expect(await gateway.log.exchange(101)).toMatchObject({
      route: '/chat',
      bytesIn: 5,
      bytesOut: 3,
      tunnel: true,
    });
    expect(gateway.log.exchanges()).toHaveLength(1);
  });
});
