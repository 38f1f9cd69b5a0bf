import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../testing/free-port.ts';
import { DEVELOPMENT, startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { connectH2 } from '../testing/h2-client.ts';
import { until } from '../testing/poll.ts';
import { serviceStatus } from '../testing/status.ts';
import { agreement, handshake } from '../testing/websocket.ts';

/** A service that answers with what it was asked and sent. */
async function open(port: number): Promise<void> {
  const service = createServer(async (request, answer) => {
    answer.end(`${request.method} ${await text(request)}`);
  }).listen(port, '127.0.0.1');
  onTestFinished(() => {
    service.closeAllConnections();
    service.close();
  });
  await once(service, 'listening');
}

const lane = (name: string, port: number, hold: string) =>
  `routes: { /a: { to: ${port}, lane: ${name}, hold: ${hold} } }\n`;

describe.each(['wire', 'general'])('a service that does not listen yet, in the %s lane', (name) => {
  test('is waited for, and then given the request with its body', async () => {
    const port = await freePort();
    const gateway = await startTestGateway(lane(name, port, '1m'));
    const asked = gateway.get('/a/');
    const sent = gateway.exchange('POST /a/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello');
    await until('both were refused', async () => {
      const [route] = await gateway.gateway.figure('routes');
      return route?.endpoints[0]?.state === 'down';
    });
    await open(port);
    expect(String((await asked).body)).toBe('GET ');
    expect(String((await sent).body)).toBe('POST hello');
  });

  test('is given up when the time is over', async () => {
    const gateway = await startTestGateway(lane(name, await freePort(), '200ms'));
    const begun = performance.now();
    expect((await gateway.get('/a/')).status).toBe(502);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(195);
  });

  test('is waited for as long as the client wants, if that is less (RFC 7240)', async () => {
    const gateway = await startTestGateway(lane(name, await freePort(), '1m'));
    expect((await gateway.get('/a/', 'Prefer: return=minimal, wait=0')).status).toBe(502);
  });

  test('is not asked for a client that has left', async () => {
    const port = await freePort();
    const gateway = await startTestGateway(lane(name, port, '1m'));
    const client = await gateway.connect();
    client.send('GET /a/ HTTP/1.1\r\nHost: a\r\n\r\n');
    await until('it waits', async () => {
      const [route] = await gateway.gateway.figure('routes');
      return route?.endpoints[0]?.state === 'down';
    });
    client.destroy();
    const left = await gateway.log.exchange(499);
    expect(left).toMatchObject({ status: 499, attempts: 1 });
  });
});

describe('the handshake of a WebSocket to a service that does not listen yet', () => {
  /** Answers a handshake with what the client sent behind it. */
  async function openSocket(port: number): Promise<void> {
    const service = createServer().on('upgrade', (_request, socket, head) => {
      socket.on('error', () => {}).write(agreement());
      socket.write(head);
      socket.pipe(socket);
    });
    service.listen(port, '127.0.0.1');
    onTestFinished(() => {
      service.closeAllConnections();
      service.close();
    });
    await once(service, 'listening');
  }

  const down = (gateway: TestGateway) =>
    until('it was refused', async () => {
      const [route] = await gateway.gateway.figure('routes');
      return route?.endpoints[0]?.state === 'down';
    });

  test('waits, and what the client says meanwhile arrives', async () => {
    const port = await freePort();
    const gateway = await startTestGateway(lane('auto', port, '1m'));
    const client = await gateway.connect();
    await client.send(handshake('/a/'));
    await client.send('early');
    await down(gateway);
    await openSocket(port);
    expect((await client.head()).status).toBe(101);
    expect(String(await client.bytes(5))).toBe('early');
    client.destroy();
  });

  test('is given up when the time is over', async () => {
    const gateway = await startTestGateway(lane('auto', await freePort(), '200ms'));
    const begun = performance.now();
    expect((await gateway.exchange(handshake('/a/'))).status).toBe(502);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(195);
  });

  test('is forgotten when the client leaves', async () => {
    const gateway = await startTestGateway(lane('auto', await freePort(), '1m'));
    const client = await gateway.connect();
    await client.send(handshake('/a/'));
    await down(gateway);
    client.destroy();
    expect(await gateway.log.exchange(499)).toMatchObject({ status: 499, attempts: 1 });
  });
});

/** Sends without end what nobody may take. */
const FLOOD_BYTES = 64 * 1024 * 1024;

/** @returns how much of it left the client so far. */
function flood(client: Writable): () => number {
  const chunk = Buffer.alloc(256 * 1024, 'a');
  let bytes = 0;
  const more = () => {
    bytes += chunk.length;
  };
  for (let sent = 0; sent < FLOOD_BYTES; sent += chunk.length) client.write(chunk, more);
  return () => bytes;
}

describe('what is sent to a service that does not listen yet', () => {
  const post = `POST /a/ HTTP/1.1\r\nHost: a\r\nContent-Length: ${FLOOD_BYTES}\r\n\r\n`;
  const raw = (head: string) => async (gateway: TestGateway) => {
    const client = await gateway.connect();
    await client.send(head);
    return client.socket;
  };
  const h2 = async (gateway: TestGateway) => {
    const session = await connectH2(gateway.port, 'http');
    return session.request({ ':method': 'POST', ':path': '/a/', ':authority': 'a' }, { endStream: false });
  };

  test.each([
    ['the body of a request', 'wire', raw(post)],
    ['the body of a request', 'general', raw(post)],
    ['the body of a request over HTTP/2', 'auto', h2],
    ['the bytes behind a handshake', 'auto', raw(handshake('/a/'))],
  ] as const)('stays with the client, but for a bounded part: %s (lane: %s)', async (_name, name, begin) => {
    const port = await freePort();
    const gateway = await startTestGateway(lane(name, port, '1m'));
    const taken = flood(await begin(gateway));
    await until('it was refused', async () => {
      const [route] = await gateway.gateway.figure('routes');
      return route?.endpoints[0]?.state === 'down';
    });
    // What was read on the way would have been read by then, as these are.
    const other = await gateway.connect();
    for (let turn = 0; turn < 1000; turn++) await other.exchange('GET /none HTTP/1.1\r\nHost: a\r\n\r\n');
    // The two systems' buffers take some of it.
    expect(taken()).toBeLessThan(FLOOD_BYTES / 4);
    let arrived = 0;
    const service = createTcpServer((socket) => {
      onTestFinished(() => void socket.destroy());
      socket
        .on('error', () => {})
        .on('data', (bytes) => {
          if (arrived === 0 && String(bytes).startsWith('GET')) socket.write(agreement());
          arrived += bytes.length;
        });
    }).listen(port, '127.0.0.1');
    onTestFinished(() => void service.close());
    await until('all of it arrived', async () => arrived > FLOOD_BYTES);
  });
});

test.each([
  ['in the wire lane', 'lane: wire'],
  ['in the general lane', 'lane: general'],
  ['on a cached route', 'cache: true'],
])('a service that turns out not to start is given up as soon as that is known: %s', async (_where, keys) => {
  const port = await freePort();
  let looks = 0;
  const services = () => [serviceStatus({ port, state: 'restarting', awaited: ++looks < 8 })];
  const yaml = `routes: { /a: { to: ${port}, ${keys} } }\n`;
  const gateway = await startTestGateway(yaml, { ...DEVELOPMENT, services });
  looks = 0;
  expect((await gateway.get('/a/')).status).toBe(502);
  // Without them the request waits for ten seconds, whatever becomes of the service.
  expect(looks).toBeGreaterThanOrEqual(8);
});

test.each(['off', undefined])('with hold: %s nobody waits in production', async (hold) => {
  const port = await freePort();
  const yaml = hold === undefined ? `routes: { /a: ${port} }\n` : lane('auto', port, hold);
  const gateway = await startTestGateway(yaml);
  expect((await gateway.get('/a/')).status).toBe(502);
});
