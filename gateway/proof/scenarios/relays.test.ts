import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { freePort } from '../testing/free-port.ts';
import { gatewaySockets, startTestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { connect } from '../testing/raw-client.ts';
import { routeKinds } from '../testing/route-kinds.ts';
import { startRoute } from '../testing/route-stage.ts';
import { startService } from '../testing/service.ts';
import { openTunnel } from '../testing/websocket.ts';

const mebibyte = 1024 * 1024;

/** What joins a client and a service byte by byte. */
const relays = [
  ...routeKinds.map((kind) => ({
    relay: `a tunnel on ${kind.kind}`,
    open: async () => {
      const { service, gateway } = await startRoute(kind, '/chat', [], { halfOpen: true });
      const client = await gateway.connect({ halfOpen: true });
      return { client, service: await openTunnel(client, service, '/chat/room') };
    },
  })),
  {
    relay: 'a TCP stream',
    open: async () => {
      const service = await startService({ halfOpen: true });
      const port = await freePort();
      await startTestGateway(`routes: { /x: 1 }\nstreams: { tcp: { ${port}: ${service.port} } }\n`);
      return { client: await connect(port, { halfOpen: true }), service: await service.connection() };
    },
  },
];

describe.each(relays)('$relay', ({ open }) => {
  test('carries any bytes both ways', async () => {
    const { client, service } = await open();
    const [up, down] = [randomBytes(3 * mebibyte), randomBytes(3 * mebibyte)];
    void client.send(up);
    void service.send(down);
    const [seenUp, seenDown] = await Promise.all([service.bytes(up.length), client.bytes(down.length)]);
    expect([seenUp.equals(up), seenDown.equals(down)]).toEqual([true, true]);
  });

  test.each(['client', 'service'] as const)(
    'holds back whoever sends to a %s that does not read',
    async (slow) => {
      const ends = await open();
      const [reader, writer] = [ends[slow], ends[slow === 'client' ? 'service' : 'client']];
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
      const ends = await open();
      const [first, other] = [ends[ender], ends[ender === 'client' ? 'service' : 'client']];
      await first.send('last words');
      first.fin();
      const { bytes, ending } = await other.rest();
      expect([bytes.toString(), ending]).toEqual(['last words', 'fin']);
      await other.send('and an answer');
      other.fin();
      const answer = await first.rest();
      expect([answer.bytes.toString(), answer.ending]).toEqual(['and an answer', 'fin']);
      await until('the gateway holds no socket', () => gatewaySockets().length === 0);
    },
  );
});
