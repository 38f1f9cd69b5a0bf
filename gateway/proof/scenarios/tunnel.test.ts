import { describe, expect, test } from 'vitest';
import { gatewaySockets } from '../testing/gateway.ts';
import { holdClock } from '../testing/held-clock.ts';
import { until } from '../testing/poll.ts';
import { routeKinds } from '../testing/route-kinds.ts';
import { startRoute } from '../testing/route-stage.ts';
import { agreement, handshake, openTunnel } from '../testing/websocket.ts';

describe.each(routeKinds)('a tunnel on $kind', ({ routes, files }) => {
  async function stage(...keys: string[]) {
    const { service, gateway } = await startRoute({ routes, files }, '/chat', keys, { halfOpen: true });
    const client = await gateway.connect({ halfOpen: true });
    return { service, gateway, client };
  }

  test('gets the bytes that came in one piece with the agreement', async () => {
    const { service, client } = await stage();
    const connection = await service.reachedBy(client, handshake('/chat/'));
    await connection.send(`${agreement()}hello at once`);
    expect((await client.head()).status).toBe(101);
    expect((await client.bytes(13)).toString()).toBe('hello at once');
  });

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
    const { service, client } = await stage('timeouts: { tunnelIdle: 10s, idle: 1s, response: 2s }');
    const clock = holdClock();
    const connection = await openTunnel(client, service, '/chat/room');
    for (let word = 0; word < 5; word++) {
      clock.advance(4_000);
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
    const seen = await gateway.log.exchange(101);
    expect(seen).toMatchObject({ route: '/chat', bytesIn: 5, bytesOut: 3, tunnel: true });
    expect(gateway.log.exchanges()).toHaveLength(1);
  });
});
