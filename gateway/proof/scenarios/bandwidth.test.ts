import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { connectH2, exchangeH2 } from '../testing/h2-client.ts';
import { get, request } from '../testing/http-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { ok, type Script, startService } from '../testing/service.ts';
import { agreement, handshake } from '../testing/websocket.ts';

const KIB = 1024;
/** A piece of a body is passed on whole, whatever is left of the burst. */
const PIECE = 64 * KIB;
const BODY = 640 * KIB;
const LIMIT = '{ answers: 1MiB/s, requests: 1MiB/s, burst: 64KiB }';

/** In how many milliseconds so many bytes can't have gone. */
const shortest = (bytes: number, ways = 1) => ((bytes - 64 * KIB - ways * PIECE) / (1024 * KIB)) * 1_000;

async function timed<T>(work: () => Promise<T>): Promise<readonly [T, number]> {
  const begun = performance.now();
  return [await work(), performance.now() - begun];
}

const script: Script = async ({ head, target }, connection) => {
  if (!head.value('upgrade')) return ok('x'.repeat(target === '/small' ? 1 : BODY));
  await connection.send(agreement());
  return undefined;
};

describe.each(laneKinds)('bandwidth on $kind', ({ routes, files }) => {
  async function stage(limit = LIMIT, ...keys: string[]) {
    const service = (await startService()).answer(script);
    const yaml = routes('/db', service.port, `bandwidth: ${limit}`, ...keys);
    return { service, gateway: await startTestGateway(yaml, { files }) };
  }

  test('answers of one party go no faster together, over HTTP/2 too; another party has its own', async () => {
    const limit = '{ answers: 1MiB/s, burst: 64KiB, by: header X-Tenant }';
    const { gateway } = await stage(limit);
    const session = await connectH2(gateway.port, 'http');
    const [[first, second], took] = await timed(() =>
      Promise.all([
        gateway.get('/db/a', 'X-Tenant: one'),
        exchangeH2(session, { ':path': '/db/b', 'x-tenant': 'one' }),
      ]),
    );
    session.destroy();
    expect([first.status, first.body.length, second.status]).toEqual([200, BODY, 200]);
    expect(took).toBeGreaterThan(shortest(2 * BODY, 2));
    // The one waits until it may; the other need not.
    const [ahead] = await Promise.all([
      timed(() => gateway.get('/db/small', 'X-Tenant: one')),
      gateway.get('/db/small', 'X-Tenant: two'),
    ]);
    expect(ahead[0].status).toBe(200);
  });

  test('a request’s body goes no faster, and arrives whole', async () => {
    const { service, gateway } = await stage();
    const body = 'y'.repeat(BODY);
    const [{ status }, took] = await timed(() => gateway.exchange(request('POST', '/db/small', [], body)));
    expect([status, service.request.body.length]).toEqual([200, BODY]);
    expect(took).toBeGreaterThan(shortest(BODY));
  });

  test('a WebSocket goes no faster, either way', async () => {
    const { service, gateway } = await stage();
    const client = await gateway.connect();
    await client.send(handshake('/db/'));
    expect((await client.head()).status).toBe(101);
    const connection = await service.connection();
    const bytes = Buffer.alloc(BODY, 'z');
    const [, took] = await timed(() =>
      Promise.all([connection.send(bytes), client.bytes(BODY), client.send(bytes), connection.bytes(BODY)]),
    );
    expect(took).toBeGreaterThan(shortest(BODY));
    client.destroy();
  });

  test('a client that is far ahead is refused, and told when to come again', async () => {
    const { service, gateway } = await stage('{ answers: 4KiB/s, burst: 1B }');
    const all = Promise.withResolvers<void>();
    service.answer(async () => {
      if (service.requests.length === 10) all.resolve();
      await all.promise;
      return ok('x'.repeat(BODY));
    });
    const clients = await Promise.all(Array.from({ length: 10 }, () => gateway.connect()));
    for (const client of clients) await client.send(get('/db/a'));
    // No byte of an answer had gone by then, so that all were let in.
    for (const client of clients) await client.head();
    for (const client of clients) await client.bytes(1);
    const refused = await gateway.get('/db/small', 'Accept: application/json');
    expect([refused.status, JSON.parse(refused.text).code]).toEqual([429, 'rate_limited']);
    expect(Number(refused.head.value('retry-after'))).toBeGreaterThan(10);
    expect(await gateway.log.exchange(429)).toMatchObject({ policy: 'bandwidth', route: '/db' });
    for (const client of clients) client.destroy();
    expect(service.requests).toHaveLength(10);
  });
});

test('what waits is left with the service, not kept', async () => {
  const huge = 64 * KIB * KIB;
  const service = (await startService()).answer(() => ok('x'.repeat(huge)));
  const gateway = await startTestGateway(`routes: { /db: { to: ${service.port}, bandwidth: 256KiB/s } }\n`);
  const client = await gateway.connect();
  await client.send(get('/db/a'));
  await client.head();
  await client.bytes(512 * KIB);
  const { socket } = service.connections[0]!;
  expect(socket.writableLength).toBeGreaterThan(huge / 2);
  const left = new Promise((resolve) => socket.on('close', resolve));
  client.destroy();
  await left;
  expect(await gateway.log.exchange(499)).toMatchObject({ code: 'client_left' });
});

describe('a pause is no silence', () => {
  // One piece is a pause of a second.
  const SLOW = 'bandwidth: { answers: 64KiB/s, requests: 64KiB/s, burst: 1B }, timeouts: { idle: 500ms }';
  const LONG = 'x'.repeat(100 * KIB);

  test.each([
    ['a cache', 'cache: true'],
    ['a folder', ''],
  ])('of %s', async (_what, key) => {
    const service = (await startService()).answer(() => ok(LONG));
    const files = { long: LONG };
    const yaml = `routes: { /db: { ${key ? `to: ${service.port}, ${key}` : 'folder: .'}, ${SLOW} } }\n`;
    const gateway = await startTestGateway(yaml, { files });
    expect((await gateway.get('/db/long')).body.length).toBe(LONG.length);
  });

  test.each([
    ['whose body is kept', 'development', 'inspect: on'],
    ['that is copied', 'production', 'mirror: { to: 1, bodyMax: 1MB }'],
  ] as const)('of a request %s', async (_what, mode, key) => {
    const service = (await startService()).answer(() => ok('got it'));
    const gateway = await startTestGateway(`routes: { /db: { to: ${service.port}, ${key}, ${SLOW} } }\n`, {
      mode,
    });
    const answer = await gateway.exchange(request('POST', '/db/', [`Host: localhost:${gateway.port}`], LONG));
    expect([answer.status, service.request.body.length]).toEqual([200, LONG.length]);
  });

  test('what comes behind it is', async () => {
    const service = (await startService()).answer(async (_request, connection) => {
      await connection.send(
        `HTTP/1.1 200 OK\r\nContent-Length: ${LONG.length}\r\n\r\n${LONG.slice(0, PIECE / 2)}`,
      );
      return undefined;
    });
    const yaml = `routes: { /db: { to: ${service.port}, bandwidth: { answers: 16KiB/s, burst: 1B }, timeouts: { idle: 200ms } } }\n`;
    const gateway = await startTestGateway(yaml);
    const client = await gateway.connect();
    await client.send(get('/db/a'));
    const { code, totalMs } = await gateway.log.exchange(200);
    expect(code).toBe('idle_timeout');
    // Not for as long as the pause was, once more.
    expect(totalMs).toBeLessThan(4_000);
    client.destroy();
  }, 30_000);
});
