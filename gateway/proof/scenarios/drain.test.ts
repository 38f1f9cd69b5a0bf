import { writeFile } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { startGatewayProcess } from '../testing/gateway-process.ts';
import { until } from '../testing/poll.ts';
import { get } from '../testing/raw-client.ts';
import { chunk, ok, startService } from '../testing/service.ts';
import { openTunnel } from '../testing/websocket.ts';

async function refusesConnections(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connectSocket(port, '127.0.0.1')
    .on('connect', () => resolve(false))
    .on('error', () => resolve(true));
  return promise.finally(() => socket.destroy());
}

/** A process whose `/db` leads to a service, and a client of it. */
async function stage() {
  const service = await startService();
  const gateway = await startGatewayProcess(`routes:\n  /db: ${service.port}\n`);
  return { service, gateway, client: await gateway.connect() };
}

describe.each(['SIGTERM', 'SIGINT'] as const)('on %s', (signal) => {
  test('exchanges finish, new connections are refused, and the process ends with 0', async () => {
    const { service, gateway, client } = await stage();
    const connection = await service.reachedBy(client, get('/db/'));
    await connection.send(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('half')}`);
    await client.head();
    await client.chunk();
    gateway.signal(signal);
    await until('new connections are refused', () => refusesConnections(gateway.port));
    await connection.send(chunk(' and half') + chunk(''));
    expect((await client.chunk()).toString()).toBe(' and half');
    expect(await client.chunk()).toHaveLength(0);
    expect(await gateway.exitCode()).toBe(0);
  });
});

describe('on SIGTERM', () => {
  test('the process ends at once where nothing is under way, idle connections notwithstanding', async () => {
    const service = (await startService()).answer(ok());
    const gateway = await startGatewayProcess(`routes:\n  /db: ${service.port}\n`);
    const idle = await gateway.connect();
    await idle.exchange(get('/db/'));
    await gateway.connect();
    const began = performance.now();
    gateway.signal('SIGTERM');
    expect(await gateway.exitCode()).toBe(0);
    expect(performance.now() - began).toBeLessThan(9_000);
    expect(await idle.quietEnding()).toBe('fin');
  });

  test('/readyz says 503 while exchanges finish', async () => {
    const { service, gateway, client } = await stage();
    const connection = await service.reachedBy(client, get('/db/'));
    expect((await gateway.admin('GET', '/readyz')).status).toBe(200);
    gateway.signal('SIGTERM');
    await until('/readyz is 503', async () => (await gateway.admin('GET', '/readyz')).status === 503);
    await connection.send(ok('done'));
    const answer = await client.answer();
    expect([answer.text, answer.head.value('connection')]).toEqual(['done', 'close']);
    expect(await gateway.exitCode()).toBe(0);
  });

  test('tunnels are ended in order, and the process with them', async () => {
    const { service, gateway, client } = await stage();
    const connection = await openTunnel(client, service, '/db/');
    gateway.signal('SIGTERM');
    expect(await client.quietEnding(12_000)).toBe('fin');
    await connection.ending();
    expect(await gateway.exitCode()).toBe(0);
  });

  test('what does not finish is cut after ten seconds', { timeout: 30_000 }, async () => {
    const { service, gateway, client } = await stage();
    await client.send(get('/db/'));
    await (await service.connection()).head();
    gateway.signal('SIGTERM');
    expect(await gateway.exitCode(14_000)).toBe(0);
    await client.ending();
  });
});

test('a request that a kept connection sends as the drain begins is answered, and is its last', async () => {
  const service = (await startService()).answer(ok('first')).answer(ok('last'));
  const gateway = await startTestGateway(`routes:\n  /db: ${service.port}\n`);
  const client = await gateway.connect();
  await client.exchange(get('/db/'));
  const drained = gateway.gateway.close(10_000);
  const answer = await client.exchange(get('/db/'));
  expect([answer.text, answer.head.value('connection')]).toEqual(['last', 'close']);
  expect(await drained).toBe(true);
});

test('SIGHUP reloads', async () => {
  const service = (await startService()).answer(ok('reloaded'));
  const gateway = await startGatewayProcess(`routes:\n  /db: ${service.port}\n`);
  const yaml = `port: ${gateway.port}\nadmin: ${gateway.adminPort}\nroutes:\n  /new: ${service.port}\n`;
  await writeFile(gateway.configFile, yaml);
  gateway.signal('SIGHUP');
  await until('/new is served', async () => {
    const client = await gateway.connect();
    return (await client.exchange(get('/new/'))).text === 'reloaded';
  });
});
