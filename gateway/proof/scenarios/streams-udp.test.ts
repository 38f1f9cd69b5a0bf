import { networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import { openDatagrams } from '../testing/datagram.ts';
import { freeDatagramPort } from '../testing/free-port.ts';
import { gatewayDatagramPorts, startTestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';

/** A gateway with one UDP stream: `to` as YAML, and whatever else the long form may have. */
async function startStream(to: string | number, keys = '', host = '127.0.0.1') {
  const port = await freeDatagramPort();
  const yaml = `routes: { /x: 1 }\nstreams:\n  udp:\n    "${host}:${port}": { to: ${to}${keys && `, ${keys}`} }\n`;
  const gateway = await startTestGateway(yaml);
  const sessions = async () => (await gateway.gateway.figure('streams'))[0]?.connections;
  return { gateway, port, sessions };
}

/** A service that says everything in capitals, and a stream in front of it. */
async function startPair(keys = '') {
  const service = (await openDatagrams()).answer((text) => text.toUpperCase());
  return { service, ...(await startStream(service.port, keys)) };
}

describe('a UDP stream', () => {
  test.each([0, 1, 512, 9_000, 65_507])('carries a datagram of %i bytes both ways', async (size) => {
    const { port } = await startPair();
    const client = await openDatagrams();
    await client.send('x'.repeat(size), port);
    expect((await client.next()).text).toBe('X'.repeat(size));
  });

  // What a socket holds by default is about 270 datagrams, however small they are.
  test('takes a burst that comes between two turns of the event loop', async () => {
    const { port, service } = await startPair();
    const client = await openDatagrams();
    await Promise.all(Array.from({ length: 400 }, () => client.send('x', port)));
    await until('all of it arrives', () => service.received.length === 400);
  });

  test('answers from the port that the client sent to', async () => {
    const { port } = await startPair();
    const client = await openDatagrams();
    await client.send('hello', port);
    expect((await client.next()).from).toEqual({ address: '127.0.0.1', port });
  });

  test('brings every answer to the client that asked', async () => {
    const { port, sessions } = await startPair();
    const clients = await Promise.all(Array.from({ length: 20 }, () => openDatagrams()));
    for (const word of ['first', 'second']) {
      await Promise.all(clients.map((client, at) => client.send(`${word} ${at}`, port)));
      const answers = await Promise.all(clients.map((client) => client.next()));
      expect(answers.map(({ text }) => text)).toEqual(clients.map((_, at) => `${word.toUpperCase()} ${at}`));
    }
    expect(await sessions()).toBe(20);
  });

  test('keeps one session for a client, and begins another for a changed port', async () => {
    const { port, service, sessions } = await startPair();
    const [before, after] = [await openDatagrams(), await openDatagrams()];
    for (const client of [before, before, after]) {
      await client.send('x', port);
      await client.next();
    }
    expect(await sessions()).toBe(2);
    const [first, second, third] = service.received.map(({ from }) => from.port);
    expect(first).toBe(second);
    expect(third).not.toBe(first);
  });

  test('lets a service send what it was not asked for, as often as it likes', async () => {
    const service = await openDatagrams();
    const { port } = await startStream(service.port);
    const client = await openDatagrams();
    await client.send('subscribe', port);
    const { from } = await service.next();
    for (const news of ['one', 'two', 'three']) {
      await service.send(news, from.port);
      expect((await client.next()).text).toBe(news);
    }
  });

  test('lets nobody but the service into a session', async () => {
    const service = await openDatagrams();
    const { port } = await startStream(service.port);
    const client = await openDatagrams();
    await client.send('question', port);
    const { from } = await service.next();
    await (await openDatagrams()).send('forged', from.port);
    await service.send('true', from.port);
    expect((await client.next()).text).toBe('true');
    expect(client.received).toHaveLength(1);
  });

  test.each(['127.0.0.1', '::1'])('that listens on :: is reached over %s', async (host) => {
    const service = (await openDatagrams()).answer((text) => text.toUpperCase());
    const { gateway, port } = await startStream(service.port, 'idle: 400ms', '[::]');
    const client = await openDatagrams(0, host);
    await client.send('hello', port, host);
    expect((await client.next()).text).toBe('HELLO');
    expect(await gateway.log.exchange(0)).toMatchObject({ client: host });
  });

  test('finds a service on the other loopback address', async () => {
    const service = (await openDatagrams(await freeDatagramPort(), '::1')).answer((text) =>
      text.toUpperCase(),
    );
    const { gateway, port } = await startStream(service.port, 'idle: 400ms');
    const client = await openDatagrams();
    await client.send('hello', port);
    expect((await client.next()).text).toBe('HELLO');
    const line = await gateway.log.exchange(0);
    expect(line).toMatchObject({ level: 'info', bytesIn: 5, bytesOut: 5, attempts: 1 });
    expect(line).not.toHaveProperty('code');
  });

  test('looks the name of a service up', async () => {
    const service = (await openDatagrams()).answer((text) => text.toUpperCase());
    const { port } = await startStream(`localhost:${service.port}`);
    const client = await openDatagrams();
    await client.send('hello', port);
    expect((await client.next()).text).toBe('HELLO');
  });

  test('whose name nobody knows drops datagrams, says so, and goes on', async () => {
    const { gateway, port } = await startStream('nobody.invalid:53', 'idle: 200ms');
    const client = await openDatagrams();
    await client.send('hello', port);
    expect(await gateway.log.exchange(0)).toMatchObject({ level: 'warn', code: 'dns_error', bytesOut: 0 });
  });
});

describe('a session', () => {
  test('expires when nothing moves, and leaves a line in the log', async () => {
    const { gateway, port, service, sessions } = await startPair('idle: 500ms');
    const client = await openDatagrams();
    await client.send('12345', port);
    await client.next();
    expect(gateway.log.exchanges()).toEqual([]);
    const line = await gateway.log.exchange(0);
    expect(line).toMatchObject({
      level: 'info',
      client: '127.0.0.1',
      method: 'UDP',
      target: String(port),
      protocol: 'UDP',
      route: `udp 127.0.0.1:${port}`,
      endpoint: `localhost:${service.port}`,
      bytesIn: 5,
      bytesOut: 5,
      headMs: expect.any(Number),
      attempts: 1,
      tunnel: true,
    });
    expect(line.totalMs).toBeGreaterThanOrEqual(495);
    expect(line).not.toHaveProperty('code');
    expect(await sessions()).toBe(0);
    expect(gatewayDatagramPorts()).toEqual([port]);
    await client.send('again', port);
    expect((await client.next()).text).toBe('AGAIN');
    expect(service.received[1]?.from.port).not.toBe(service.received[0]?.from.port);
  });

  test('lives on while one side speaks', async () => {
    const service = await openDatagrams();
    const { port, sessions } = await startStream(service.port, 'idle: 500ms');
    const [client, silent] = [await openDatagrams(), await openDatagrams()];
    await client.send('subscribe', port);
    const { from } = await service.next();
    await silent.send('hello', port);
    await service.next();
    expect(await sessions()).toBe(2);
    while ((await sessions()) === 2) {
      await service.send('news', from.port);
      await client.next();
    }
    await service.send('still here', from.port);
    expect((await client.next()).text).toBe('still here');
  });

  test('beyond maxConnections is not begun; those that there are go on', async () => {
    const { gateway, port } = await startPair('maxConnections: 2');
    const [first, second, third] = await Promise.all([1, 2, 3].map(() => openDatagrams()));
    for (const client of [first, second]) {
      await client?.send('hello', port);
      await client?.next();
    }
    await third?.send('too many', port);
    await until('it is counted', async () => (await gateway.gateway.figure('streams'))[0]?.refused === 1);
    await first?.send('again', port);
    expect((await first?.next())?.text).toBe('AGAIN');
    expect(third?.received).toEqual([]);
  });
});

describe('senders that were invented', () => {
  test('make room for a client that is real, and do not push out one that went on after an answer', async () => {
    const { gateway, port, sessions } = await startPair('maxConnections: 50');
    const real = await openDatagrams();
    for (const word of ['hello', 'and more']) {
      await real.send(word, port);
      await real.next();
    }
    const invented = await Promise.all(Array.from({ length: 60 }, () => openDatagrams()));
    for (const each of invented) await each.send('x', port);
    const holds = async () => (await gateway.gateway.figure('streams'))[0]?.refused === 11;
    await until('the table is full', holds);
    expect(await sessions()).toBe(50);
    const late = await openDatagrams();
    await until('the late one is answered', async () => {
      await late.send('hello', port);
      return late.received.length > 0;
    });
    await real.send('still here', port);
    await until('the first one is answered', () => real.received.at(-1)?.text === 'STILL HERE');
    expect(await sessions()).toBe(50);
  });
});

describe('a service that is not there', () => {
  test('is found when it comes back, by a session that never paused', async () => {
    const home = await freeDatagramPort();
    const { gateway, port } = await startStream(home, 'idle: 500ms');
    const client = await openDatagrams();
    for (let turn = 0; turn < 5; turn++) await client.send('anybody?', port);
    const service = (await openDatagrams(home)).answer((text) => text.toUpperCase());
    await until('it is answered', async () => {
      await client.send('anybody?', port);
      return client.received.length > 0;
    });
    await service.close();
    for (let turn = 0; turn < 5; turn++) await client.send('gone?', port);
    (await openDatagrams(home)).answer((text) => `${text} again`);
    await until('it is answered again', async () => {
      await client.send('back?', port);
      return client.received.at(-1)?.text === 'back? again';
    });
    expect(gateway.log.exchanges()).toEqual([]);
    expect(await gateway.log.exchange(0)).not.toHaveProperty('code');
  });

  test('is told in the log', async () => {
    const home = await freeDatagramPort();
    const { gateway, port } = await startStream(home, 'idle: 100ms');
    await (await openDatagrams()).send('anybody?', port);
    expect(await gateway.log.exchange(0)).toMatchObject({
      level: 'warn',
      code: 'connection_refused',
      endpoint: `localhost:${home}`,
      headMs: null,
    });
  });

  test('is passed over for the next endpoint, with the datagram that nobody took', async () => {
    const service = (await openDatagrams()).answer((text) => text.toUpperCase());
    const { port } = await startStream(`[${await freeDatagramPort()}, ${service.port}]`);
    for (let turn = 0; turn < 4; turn++) {
      const client = await openDatagrams();
      await client.send('hello', port);
      expect((await client.next()).text).toBe('HELLO');
    }
  });
});

test('the endpoints of a UDP stream take turns, a session each', async () => {
  const services = [await openDatagrams(), await openDatagrams()];
  for (const [at, service] of services.entries()) service.answer(() => String(at));
  const { port } = await startStream(`[${services.map((service) => service.port)}]`);
  const answers: string[] = [];
  for (let turn = 0; turn < 4; turn++) {
    const client = await openDatagrams();
    for (const _ of [1, 2]) {
      await client.send('who?', port);
      answers.push((await client.next()).text);
    }
  }
  expect(answers.join('')).toBe('00110011');
});

const [outside] = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .filter(({ internal, family }) => !internal && family === 'IPv4');

test.runIf(outside)(
  'a stream that leads back to itself by an address that only the system knows goes round once',
  async () => {
    const port = await freeDatagramPort();
    const yaml = `routes: { /x: 1 }\nstreams: { udp: { "0.0.0.0:${port}": "${outside?.address}:${port}" } }\n`;
    const gateway = await startTestGateway(yaml);
    const sessions = async () => (await gateway.gateway.figure('streams'))[0]?.connections ?? 0;
    for (const count of [1, 2]) {
      await (await openDatagrams()).send('round and round', port);
      await until('it has come', async () => (await sessions()) >= count);
    }
    expect(await sessions()).toBe(2);
  },
);
