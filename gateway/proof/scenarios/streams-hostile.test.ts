import { once } from 'node:events';
import { type AddressInfo, connect as connectSocket, createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openDatagrams } from '../testing/datagram.ts';
import { freeDatagramPort, freePort } from '../testing/free-port.ts';
import { startGatewayProcess } from '../testing/gateway-process.ts';
import { until } from '../testing/poll.ts';
import { connect } from '../testing/raw-client.ts';

/** What a client can do to a connection, by name. */
const manners: Readonly<Record<string, (socket: Socket) => void>> = {
  'resets at once': (socket) => socket.resetAndDestroy(),
  'ends at once': (socket) => socket.end(),
  'sends and resets': (socket) => socket.write(Buffer.alloc(100_000), () => socket.resetAndDestroy()),
  'sends and leaves': (socket) => socket.end('GET / HTTP/1.1\r\n\r\n', () => socket.destroy()),
  'ends its half and resets': (socket) => socket.end('x', () => socket.resetAndDestroy()),
  'reads nothing and leaves': (socket) =>
    socket.pause().write('x', () => setTimeout(() => socket.destroy(), 50)),
  'half a PROXY header': (socket) => socket.end('PROXY TCP4 192.0.2.1'),
  'a PROXY header and a reset': (socket) =>
    socket.write('PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nx', () => socket.resetAndDestroy()),
};

/** A service that is as bad: it answers, resets or hangs up as the dice fall. */
async function startRudeService(): Promise<number> {
  let turn = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    const answers = [
      () => socket.pipe(socket),
      () => socket.resetAndDestroy(),
      () => socket.end('bye'),
      () => socket.write(Buffer.alloc(200_000), () => socket.destroy()),
    ];
    answers[turn++ % answers.length]?.();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function misbehave(port: number, manner: (socket: Socket) => void): Promise<void> {
  const socket = connectSocket({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {}).on('end', () => socket.end());
  socket.once('connect', () => manner(socket)).resume();
  socket.setTimeout(10_000, () => socket.destroy());
  await once(socket, 'close').catch(() => {});
}

describe.runIf(process.platform === 'linux')('hostile clients', () => {
  test('of TCP streams leave no descriptor and no connection behind, and the next one is served', {
    timeout: 60_000,
  }, async () => {
    const rude = await startRudeService();
    const ports = [await freePort(), await freePort(), await freePort()];
    const [plain, proxied, dead] = ports as [number, number, number];
    const gateway = await startGatewayProcess(`log: { access: false }
routes: { /x: 1 }
streams:
  tcp:
    ${plain}: { to: ${rude}, maxConnections: 100 }
    ${proxied}: { to: ${rude}, proxyProtocol: { accept: true, send: v2 } }
    ${dead}: ${await freePort()}
`);
    const before = gateway.descriptors().all;
    for (let round = 0; round < 10; round++) {
      const all = ports.flatMap((port) => Object.values(manners).map((manner) => ({ port, manner })));
      await Promise.all([...all, ...all, ...all].map(({ port, manner }) => misbehave(port, manner)));
    }
    await until('every descriptor is back', async () => gateway.descriptors().all <= before);
    // One in four is echoed.
    await until('somebody is served', async () => {
      const client = await connect(plain);
      await client.send('hello');
      return client.until('hello', 1_000).then(
        () => true,
        () => false,
      );
    });
  });

  test('of a UDP stream cost no more sockets than it may have sessions, and none when they have gone', {
    timeout: 60_000,
  }, async () => {
    const service = (await openDatagrams()).answer((text) => text.toUpperCase());
    const port = await freeDatagramPort();
    const stream = `{ to: ${service.port}, maxConnections: 100, idle: 2s }`;
    const yaml = `log: { access: false }\nroutes: { /x: 1 }\nstreams: { udp: { ${port}: ${stream} } }\n`;
    const gateway = await startGatewayProcess(yaml);
    const before = gateway.descriptors().all;
    const clients = await Promise.all(Array.from({ length: 500 }, () => openDatagrams()));
    for (let round = 0; round < 20; round++) {
      await Promise.all(clients.map((client) => client.send('x', port)));
      expect(gateway.descriptors().all).toBeLessThanOrEqual(before + 101);
    }
    await until('every descriptor is back', async () => gateway.descriptors().all <= before);
    const [client] = clients;
    await client?.send('hello', port);
    await until('it is answered', () => client?.received.at(-1)?.text === 'HELLO');
  });
});
