import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { cacheStatus, startCachedRoute } from '../testing/cached-route.ts';
import { gatewaySockets, startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { holdClock } from '../testing/held-clock.ts';
import { until } from '../testing/poll.ts';
import { get, request } from '../testing/raw-client.ts';
import { chunk, ok, reply, startService } from '../testing/service.ts';
import { openTunnel } from '../testing/websocket.ts';

const FRESH = 'Cache-Control: public, max-age=60';

const admin = async (gateway: TestGateway, method: string, target: string): Promise<unknown> =>
  JSON.parse((await gateway.admin(method, target)).text);

describe('a reload', () => {
  const yaml = (port: number, img: string, rest = '') => `routes:\n  /img: { to: ${port}, ${img} }\n${rest}`;

  test('keeps what is kept, where the route means the same', async () => {
    const { service, gateway, ask } = await startCachedRoute(ok('x', FRESH));
    await ask('/a');
    await gateway.editAndReload(yaml(service.port, 'cache: true, timeouts: { idle: 30s }', '  /other: 1\n'));
    expect(cacheStatus(await ask('/a'))).toBe('portway; hit');
  });

  test.each([
    ['the settings of the cache', (port: number) => yaml(port, 'cache: { maxSize: 2MiB }')],
    ['what the service sees of the path', (port: number) => yaml(port, 'cache: true, strip: false')],
    ['what the service sees of the host', (port: number) => yaml(port, 'cache: true, hostHeader: rewrite')],
  ])('that changes %s forgets', async (_what, changed) => {
    const { service, gateway, ask } = await startCachedRoute(ok('x', FRESH));
    await ask('/a');
    await gateway.editAndReload(changed(service.port));
    expect(cacheStatus(await ask('/a'))).toBe('portway; fwd=uri-miss; fwd-status=200; stored');
  });

  test('to another service forgets what the one before it said', async () => {
    const { gateway, ask } = await startCachedRoute(ok('old', FRESH));
    const other = (await startService()).answer(ok('new', FRESH));
    await ask('/a');
    await gateway.editAndReload(yaml(other.port, 'cache: true'));
    expect((await ask('/a')).text).toBe('new');
  });

  test('while an answer is on its way breaks nothing', async () => {
    const { promise: hold, resolve: letGo } = Promise.withResolvers<void>();
    const { service, gateway, ask } = await startCachedRoute(async () => {
      await hold;
      return ok('x', FRESH);
    });
    const answers = [ask('/a'), ask('/a')];
    await until('the service is asked', () => service.requests.length === 1);
    await gateway.editAndReload(yaml(service.port, 'cache: false'));
    letGo();
    expect((await Promise.all(answers)).map(({ text }) => text)).toEqual(['x', 'x']);
    expect((await ask('/a')).head.has('cache-status')).toBe(false);
  });
});

describe('a cache in a file', () => {
  async function lasting(
    service: Awaited<ReturnType<typeof startService>>,
    file: string,
  ): Promise<TestGateway> {
    const yaml = `admin: 3900\nroutes:\n  /img: { to: ${service.port}, cache: { file: ${JSON.stringify(file)} } }\n`;
    return startTestGateway(yaml);
  }

  async function folder(): Promise<string> {
    return dirname((await startTestGateway('routes: {}\n')).configFile);
  }

  test('outlives the gateway', async () => {
    const file = join(await folder(), 'new', 'cache.db');
    const service = await startService();
    const body = randomBytes(300_000);
    service.answer(reply(200, [FRESH, 'Vary: Accept'], body));
    const first = await lasting(service, file);
    await first.get('/img/a', 'Accept: image/png');
    await first.close();
    await service.close();
    const second = await lasting(service, file);
    const answer = await second.get('/img/a', 'Accept: image/png');
    expect([cacheStatus(answer), answer.body.equals(body)]).toEqual(['portway; hit', true]);
    expect((await second.get('/img/a', 'Accept: image/avif')).status).toBe(502);
    expect(await admin(second, 'DELETE', '/cache?url=/img/a')).toMatchObject({ purged: 1 });
    expect((await second.get('/img/a', 'Accept: image/png')).status).toBe(502);
  });

  test('of a route that means something else now is not used', async () => {
    const file = join(await folder(), 'cache.db');
    const [one, two] = [await startService(), await startService()];
    one.answer(ok('one', FRESH));
    two.answer(ok('two', FRESH));
    const first = await lasting(one, file);
    await first.get('/img/a');
    await first.close();
    expect((await (await lasting(two, file)).get('/img/a')).text).toBe('two');
  });

  test.each([
    ['is no database', async (file: string) => writeFile(file, 'these are notes, not a cache')],
    ['is a folder', async (file: string) => mkdir(file)],
    [
      'is the database of somebody else',
      async (file: string) => {
        const database = new DatabaseSync(file);
        database.exec('CREATE TABLE documents (id TEXT)');
        database.close();
      },
    ],
  ])('that %s is left as it is, and the route cached in memory', async (_what, make) => {
    const file = join(await folder(), 'cache.db');
    await make(file);
    const before = await readFile(file).catch(() => null);
    const service = (await startService()).answer(ok('x', FRESH));
    const gateway = await lasting(service, file);
    await gateway.get('/img/a');
    expect(cacheStatus(await gateway.get('/img/a'))).toBe('portway; hit');
    const line = await gateway.log.find('word of it', ({ file: named }) => named === file);
    expect(line.msg).toContain('it is kept in memory');
    expect(await readFile(file).catch(() => null)).toEqual(before);
  });

  test('that another process has is left to it', async () => {
    const file = join(await folder(), 'cache.db');
    const service = (await startService()).answer(ok('x', FRESH));
    await (await lasting(service, file)).get('/img/a');
    const second = await lasting(service, file);
    await second.log.find('word of it', ({ file: named }) => named === file);
    expect((await second.get('/img/a')).text).toBe('x');
  });

  test('of ours that can’t be read any more is made anew', async () => {
    const file = join(await folder(), 'cache.db');
    const service = (await startService()).answer(ok('x', FRESH));
    const first = await lasting(service, file);
    await first.get('/img/a');
    await first.close();
    await writeFile(file, (await readFile(file)).fill(0xaa, 4_096));
    const second = await lasting(service, file);
    expect(cacheStatus(await second.get('/img/a'))).toContain('fwd=uri-miss');
    await second.close();
    const third = await lasting(service, file);
    expect(cacheStatus(await third.get('/img/a'))).toBe('portway; hit');
    expect(third.log.records.filter((record) => record.file === file)).toEqual([]);
  });
});

describe('the admin listener', () => {
  test('tells what is kept, and makes the caches forget', async () => {
    const { gateway, ask } = await startCachedRoute(ok('x', FRESH));
    for (const path of ['/a', '/a', '/a?w=1', '/b/c', '/bc']) await ask(path);
    await gateway.get('/%69mg/b/%63', 'Host: other.test');
    const purge = (what: string) => admin(gateway, 'DELETE', `/cache?${what}`);
    const seen = await admin(gateway, 'GET', '/cache');
    expect(seen).toEqual([{ route: '/img', entries: 5, bytes: expect.any(Number), hits: 1, misses: 5 }]);
    expect(await purge('url=http://gateway.test:80/img/a')).toMatchObject({ purged: 1 });
    expect(await purge('prefix=http://gateway.test/img/b')).toMatchObject({ purged: 1 });
    expect(cacheStatus(await ask('/a?w=1'))).toBe('portway; hit');
    expect(cacheStatus(await ask('/bc'))).toBe('portway; hit');
    expect(await purge('prefix=/img/b')).toMatchObject({ purged: 1 });
    expect(await purge('prefix=/')).toMatchObject({ purged: 2 });
    expect(await admin(gateway, 'GET', '/cache')).toMatchObject([{ entries: 0, bytes: 0 }]);
  });
});

test('the admin listener counts why answers were not kept', async () => {
  const { gateway, ask } = await startCachedRoute(({ target }) =>
    ok('x', target === '/a' ? FRESH : 'Cache-Control: no-store'),
  );
  for (const path of ['/a', '/a', '/b', '/b']) await ask(path);
  await ask('/c', 'Cache-Control: no-store');
  const seen = await admin(gateway, 'GET', '/cache');
  expect(seen).toMatchObject([{ hits: 1, misses: 4, notKept: { 'no-store': 2, 'request-no-store': 1 } }]);
});

describe('what is kept stays within its bound', () => {
  test.each(['{ maxSize: 1MiB }', '{ maxSize: 1MiB, file: cache.db }'])('%s', async (cache) => {
    const { service, gateway, ask } = await startCachedRoute(
      ({ head }) => ok('x'.repeat(10), FRESH, 'Vary: Accept', `X-Echo: ${head.value('accept')}`),
      { cache },
    );
    const status = async () =>
      (await admin(gateway, 'GET', '/cache')) as [{ entries: number; bytes: number }];
    const client = await gateway.connect();
    for (let i = 0; i < 300; i++)
      await client.exchange(get('/img/variants', `Accept: ${i}/${'x'.repeat(3_000)}`));
    expect((await status())[0].entries).toBeLessThanOrEqual(64);
    for (let i = 0; i < 300; i++) await client.exchange(get(`/img/${i}?${'x'.repeat(7_000)}`));
    const [{ entries, bytes }] = await status();
    expect(bytes).toBeLessThanOrEqual(1024 * 1024);
    expect(entries).toBeGreaterThan(50);
    expect(cacheStatus(await client.exchange(get(`/img/299?${'x'.repeat(7_000)}`)))).toBe('portway; hit');
    expect(service.requests).toHaveLength(600);
    expect((await ask('/0')).status).toBe(200);
  });
});

describe('slow and leaving clients', () => {
  // More than the system takes off the gateway's hands for a client that does not read.
  const LARGE = 8 * 1024 * 1024;
  const cache = '{ maxEntry: 16MiB }';

  test('a hit that is not read is given up after the idle time, and said to be the reader’s', async () => {
    const { gateway, ask } = await startCachedRoute(ok('x'.repeat(LARGE), FRESH), {
      cache,
      keys: ['timeouts: { idle: 800ms }'],
    });
    const clock = holdClock();
    await ask('/a');
    const client = await gateway.connect();
    await client.send(get('/img/a'));
    await client.head();
    await until('the gateway is held up', () => gatewaySockets().some((each) => each.writableLength > 0));
    clock.advance(800);
    const line = await gateway.log.find('timeout', ({ code }) => code === 'reader_timeout');
    expect(line.status).toBe(200);
    await expect(client.bytes(LARGE)).rejects.toThrow('the connection ended');
  });

  test('a hit that is read slowly, and one whose reader leaves, cost the others nothing', async () => {
    const { gateway, ask } = await startCachedRoute(ok('x'.repeat(LARGE), FRESH), { cache });
    await ask('/a');
    const [slow, leaving] = [await gateway.connect(), await gateway.connect()];
    for (const client of [slow, leaving]) {
      client.socket.pause();
      await client.send(get('/img/a'));
    }
    const holds = () => gatewaySockets().filter((each) => each.writableLength > 0).length === 2;
    await until('both are held up', holds);
    leaving.reset();
    expect((await gateway.log.exchange(499)).route).toBe('/img');
    expect((await ask('/a')).body).toHaveLength(LARGE);
    slow.socket.resume();
    await slow.discard(LARGE);
  });

  test('a miss is fetched no faster than it is read, and kept all the same', async () => {
    const { service, gateway } = await startCachedRoute(null, {
      cache: '{ maxSize: 128MiB, maxEntry: 64MiB }',
    });
    const size = 48 * 1024 * 1024;
    const client = await gateway.connect();
    const connection = await service.reachedBy(client, get('/img/a'));
    await connection.send(`HTTP/1.1 200 OK\r\n${FRESH}\r\nContent-Length: ${size}\r\n\r\n`);
    await client.head();
    let sent = 0;
    const sending = (async () => {
      const piece = Buffer.alloc(1024 * 1024, 'x');
      while (sent < size) {
        await connection.send(piece);
        sent += piece.length;
      }
    })();
    const fromService = gatewaySockets().find((each) => each.remotePort === service.port);
    await until('the service is held up', () => fromService?.isPaused() === true);
    expect(sent).toBeLessThan(size / 2);
    await client.discard(size);
    await sending;
    expect(cacheStatus(await gateway.exchange(request('HEAD', '/img/a')))).toBe('portway; hit');
  });
});

describe('on a cached route', () => {
  test('an event stream flows, and outlives the idle time of other answers', async () => {
    const service = await startService();
    const yaml = `routes:\n  /img: { to: ${service.port}, cache: true, timeouts: { idle: 100ms, tunnelIdle: 1m } }\n`;
    const gateway = await startTestGateway(yaml);
    const client = await gateway.connect();
    const connection = await service.reachedBy(client, get('/img/events'));
    await connection.send(
      'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    await client.head();
    for (let event = 0; event < 3; event++) {
      // Silent for longer than another answer may be, which is cut off meanwhile.
      const other = await gateway.connect();
      await other.send(get(`/img/${event}`));
      const stalling = await service.connection();
      await stalling.head();
      await stalling.send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf');
      await other.ending();
      await connection.send(chunk(`data: ${event}\n\n`));
      expect((await client.chunk()).toString()).toBe(`data: ${event}\n\n`);
    }
    client.reset();
    await connection.ending();
  });

  test('a WebSocket passes', async () => {
    const { service, gateway } = await startCachedRoute(null);
    const client = await gateway.connect();
    const connection = await openTunnel(client, service, '/img/socket');
    await connection.send('hello');
    expect((await client.bytes(5)).toString()).toBe('hello');
  });

  test('a head that can’t be passed on is answered 502 and not kept', async () => {
    const { service, ask } = await startCachedRoute(ok('x', FRESH, 'X-Bad: a\u0001b'));
    for (let times = 0; times < 2; times++) expect((await ask('/a')).status).toBe(502);
    expect(service.requests).toHaveLength(2);
  });
});
