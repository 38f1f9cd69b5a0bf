import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startDeafPort } from '../testing/deaf-port.ts';
import { freePort } from '../testing/free-port.ts';
import { gatewaySockets, startTestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { temporaryFolder } from '../testing/program.ts';
import { connect } from '../testing/raw-client.ts';
import { startService } from '../testing/service.ts';
import { type Ending, Wire } from '../testing/wire.ts';

const mebibyte = 1024 * 1024;

/** A gateway with one TCP stream: `to` as YAML, and whatever else the long form may have. */
async function startStream(to: string | number, keys = '', host = '127.0.0.1') {
  const port = await freePort();
  const yaml = `routes: { /x: 1 }\nstreams:\n  tcp:\n    "${host}:${port}": { to: ${to}${keys && `, ${keys}`} }\n`;
  const gateway = await startTestGateway(yaml);
  return { gateway, port, client: () => connect(port, { halfOpen: true }) };
}

/** How a connection ends that may be over before it is told to stand. */
function ending(port: number): Promise<Ending> {
  return new Wire(connectSocket({ port, host: '127.0.0.1', allowHalfOpen: true }), `port ${port}`).ending();
}

async function startPair(keys = '') {
  const service = await startService({ halfOpen: true });
  const { gateway, port, client: open } = await startStream(service.port, keys);
  const client = await open();
  return { gateway, port, service, client, connection: await service.connection() };
}

describe('a TCP stream', () => {
  test('lets the service speak first', async () => {
    const { client, connection } = await startPair();
    await connection.send('220 hello\r\n');
    expect(await client.until('\r\n')).toBe('220 hello\r\n');
  });

  test.each(['client', 'service'] as const)('passes the reset of the %s on as a reset', async (gone) => {
    const { client, connection } = await startPair();
    const [first, other] = gone === 'client' ? [client, connection] : [connection, client];
    first.reset();
    expect(await other.ending()).toBe('reset');
    await until('the gateway holds no socket', () => gatewaySockets().length === 0);
  });

  test('that is silent for too long is ended on both sides', async () => {
    const { gateway, client, connection } = await startPair('idle: 200ms');
    expect(await client.ending()).toBe('fin');
    expect(await connection.ending()).toBe('fin');
    for (const end of [client, connection]) end.fin();
    const line = await gateway.log.find('the end', ({ code }) => code === 'idle_timeout');
    expect(line).toMatchObject({ level: 'info', cause: 'nothing moved for 200 ms' });
  });

  test('stays as long as one side speaks', async () => {
    const { client, connection, port } = await startPair('idle: 600ms');
    const silent = await connect(port, { halfOpen: true });
    let ended = false;
    void silent.ending().then(() => {
      ended = true;
    });
    while (!ended) {
      await connection.send('.');
      await client.bytes(1);
    }
    await client.send('still here');
    expect((await connection.bytes(10)).toString()).toBe('still here');
  });

  test('reaches a Unix socket', async () => {
    const path = join(await temporaryFolder(), 'socket');
    const service = await startService({ halfOpen: true, listen: { path } });
    const { client: open } = await startStream(`unix:${path}`);
    const client = await open();
    await client.send('ping');
    const connection = await service.connection();
    expect(await connection.until('ping')).toBe('ping');
    client.reset();
    await connection.ending();
  });

  test.each(['127.0.0.1', '::1'])('that listens on :: is reached over %s', async (host) => {
    const service = await startService({ halfOpen: true });
    const { port, gateway } = await startStream(service.port, '', '[::]');
    const client = await connect(port, { host });
    await client.send('ping');
    expect(await (await service.connection()).until('ping')).toBe('ping');
    client.reset();
    expect(await gateway.log.exchange(0)).toMatchObject({ client: host });
  });
});

describe('before the service is connected', () => {
  test('what a client sends and the end of its half are kept, and delivered', async () => {
    const [deaf, service] = [await startDeafPort(), await startService({ halfOpen: true })];
    const { client: open } = await startStream(`[${deaf}, ${service.port}]`, 'connect: 500ms');
    const client = await open();
    await client.send('all that I have to say');
    client.fin();
    const connection = await service.connection();
    const { bytes, ending } = await connection.rest();
    expect([bytes.toString(), ending]).toEqual(['all that I have to say', 'fin']);
    await connection.send('heard');
    connection.fin();
    expect((await client.rest()).bytes.toString()).toBe('heard');
  });

  test('a client that floods is held back, and nothing of it is lost', async () => {
    const [deaf, service] = [await startDeafPort(), await startService({ halfOpen: true })];
    const { client: open } = await startStream(`[${deaf}, ${service.port}]`, 'connect: 500ms');
    const client = await open();
    const sent = client.send(Buffer.alloc(32 * mebibyte));
    const connection = await service.connection();
    expect(client.socket.writableLength).toBeGreaterThan(8 * mebibyte);
    await connection.discard(32 * mebibyte);
    await sent;
  });

  test('a client that resets leaves nothing behind, at once', async () => {
    const { gateway, client: open } = await startStream(await startDeafPort(), 'connect: 1m');
    const client = await open();
    await client.send('x');
    await until('the gateway connects', () => gatewaySockets().some(({ connecting }) => connecting));
    client.reset();
    await until('the gateway holds no socket', () => gatewaySockets().length === 0);
    expect(await gateway.log.exchange(0)).toMatchObject({ code: 'client_left', level: 'info' });
  });

  test('a gateway that stops leaves nothing behind, at once', async () => {
    const { gateway, client: open } = await startStream(await startDeafPort(), 'connect: 1m');
    const client = await open();
    await until('the gateway connects', () => gatewaySockets().some(({ connecting }) => connecting));
    await gateway.close(5_000);
    expect(await client.ending()).toBe('reset');
    expect(await gateway.log.exchange(0)).toMatchObject({ code: 'drained' });
  });
});

describe('the endpoints of a TCP stream', () => {
  test('that nobody listens on: the client is reset at once, and the log says why', async () => {
    const dead = await freePort();
    const { gateway, port } = await startStream(dead);
    expect(await ending(port)).toBe('reset');
    expect(await gateway.log.exchange(0)).toMatchObject({
      level: 'warn',
      endpoint: `localhost:${dead}`,
      code: 'connection_refused',
      attempts: 1,
    });
  });

  test('that does not answer in time: the client is reset', async () => {
    const { gateway, port } = await startStream(await startDeafPort(), 'connect: 200ms');
    expect(await ending(port)).toBe('reset');
    expect(await gateway.log.exchange(0)).toMatchObject({ level: 'warn', code: 'connection_timeout' });
  });

  test('take turns', async () => {
    const services = [await startService(), await startService()];
    const { client: open } = await startStream(`[${services.map(({ port }) => port)}]`);
    for (let turn = 0; turn < 6; turn++) (await open()).fin();
    await until('all have come', () => services.every(({ connections }) => connections.length === 3));
  });

  test('that refuse are passed over for those that do not', async () => {
    const service = await startService({ halfOpen: true });
    const { gateway, client: open } = await startStream(`[${await freePort()}, ${service.port}]`);
    for (let turn = 0; turn < 4; turn++) {
      const client = await open();
      await client.send('x');
      const connection = await service.connection();
      await connection.bytes(1);
      client.fin();
      connection.fin();
    }
    await until('all are logged', () => gateway.log.exchanges().length === 4);
    const attempts = gateway.log.exchanges().map((line) => [line.attempts, line.endpoint, line.code]);
    const key = `localhost:${service.port}`;
    expect(attempts.sort()).toEqual([1, 1, 2, 2].map((count) => [count, key, undefined]));
  });
});

describe('maxConnections of a stream', () => {
  test('resets a client beyond it, who may come back when another has gone', async () => {
    const service = await startService();
    const { gateway, port, client: open } = await startStream(service.port, 'maxConnections: 2');
    const first = await open();
    await open();
    await until('two are connected', () => service.connections.length === 2);
    expect(await ending(port)).toBe('reset');
    expect(await gateway.log.exchange(0)).toMatchObject({ level: 'warn', code: 'too_many_connections' });
    const status = async () => (await gateway.gateway.figure('streams'))[0];
    await until('it is gone', async () => (await status())?.connections === 2);
    expect((await status())?.refused).toBe(1);
    first.reset();
    await until('there is room again', async () => (await status())?.connections === 1);
    const next = await open();
    await next.send('hello');
    await until('it is connected', () => service.connections.at(-1)?.unread().toString() === 'hello');
  });
});

test('each connection leaves one line in the log, when it is over', async () => {
  const { gateway, port, service, client, connection } = await startPair();
  await client.send('12345');
  await connection.bytes(5);
  await connection.send('123');
  await client.bytes(3);
  expect(gateway.log.exchanges()).toEqual([]);
  client.fin();
  connection.fin();
  const line = await gateway.log.exchange(0);
  expect(line).toMatchObject({
    level: 'info',
    msg: 'exchange',
    client: '127.0.0.1',
    method: 'TCP',
    target: String(port),
    protocol: 'TCP',
    route: `tcp 127.0.0.1:${port}`,
    endpoint: `localhost:${service.port}`,
    status: 0,
    bytesIn: 5,
    bytesOut: 3,
    headMs: expect.any(Number),
    totalMs: expect.any(Number),
    attempts: 1,
    tunnel: true,
    requestId: expect.stringMatching(/^\w+$/),
  });
  expect(line).not.toHaveProperty('code');
  expect(gateway.log.exchanges()).toHaveLength(1);
});
