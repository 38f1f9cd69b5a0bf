import { describe, expect, test } from 'vitest';
import { type CachedRoute, cacheStatus, startCachedRoute } from '../testing/cached-route.ts';
import { gatewaySockets } from '../testing/gateway.ts';
import { holdClock } from '../testing/held-clock.ts';
import { until } from '../testing/poll.ts';
import { get, type RawClient, request } from '../testing/raw-client.ts';
import { chunk } from '../testing/service.ts';

const FRESH = 'Cache-Control: public, max-age=60';
/** Of an answer of two words. */
const SIX = `HTTP/1.1 200 OK\r\n${FRESH}\r\nConnection: close\r\nContent-Length: 6\r\n\r\n`;
const CHUNKED = `HTTP/1.1 200 OK\r\n${FRESH}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`;
const mebibyte = 1024 * 1024;

/** The first of several clients, and the service's side of the one connection that asks for all of them. */
async function asking(route: CachedRoute, count: number) {
  const first = await route.gateway.connect();
  const connection = await route.service.reachedBy(first, get('/img/a'));
  const others: RawClient[] = [];
  for (let i = 0; i < count; i++) others.push(await joining(route));
  // On a connection of its own, behind all of them: when it has been answered, they have been read.
  expect((await route.gateway.get('/nowhere')).status).toBe(404);
  return { first, others, connection };
}

async function joining(route: CachedRoute, ...fields: string[]): Promise<RawClient> {
  const client = await route.gateway.connect();
  await client.send(get('/img/a', ...fields));
  return client;
}

describe('several clients of one answer', () => {
  test('get it from its first byte, and who comes later gets what has come', async () => {
    const route = await startCachedRoute(null);
    const { first, others, connection } = await asking(route, 2);
    await connection.send(`${SIX}one`);
    for (const client of [first, ...others]) {
      const outcome = client === first ? /stored$/ : /^portway; fwd=uri-miss; collapsed$/;
      expect(cacheStatus({ head: await client.head() })).toMatch(outcome);
      expect((await client.bytes(3)).toString()).toBe('one');
    }
    const later = await joining(route);
    expect(cacheStatus({ head: await later.head() })).toBe('portway; fwd=uri-miss; collapsed');
    expect((await later.bytes(3)).toString()).toBe('one');
    await connection.send('two');
    for (const client of [first, ...others, later]) expect((await client.bytes(3)).toString()).toBe('two');
    expect(cacheStatus(await route.ask('/a'))).toBe('portway; hit');
  });

  test('get it from its first byte as well where it does not say how long it is', async () => {
    const route = await startCachedRoute(null);
    const { first, others, connection } = await asking(route, 1);
    await connection.send(CHUNKED + chunk('one'));
    const later = await joining(route);
    for (const client of [first, ...others, later]) {
      await client.head();
      expect((await client.chunk()).toString()).toBe('one');
    }
    await connection.send(chunk('two') + chunk(''));
    for (const client of [first, ...others, later]) {
      expect((await client.chunk()).toString()).toBe('two');
      expect(await client.chunk()).toHaveLength(0);
    }
    expect(cacheStatus(await route.ask('/a'))).toBe('portway; hit');
  });

  test.each(['the first', 'another'])(
    'are not cut off where it grows too large to be kept and %s does not read',
    async (which) => {
      const route = await startCachedRoute(null, { cache: '{ maxEntry: 1MiB }' });
      const { first, others, connection } = await asking(route, 2);
      const [slow, ...reading] = which === 'first' ? [first, ...others] : [others[1]!, first, others[0]!];
      const clock = holdClock();
      slow.socket.pause();
      const size = 12 * mebibyte;
      const sending = connection.send(CHUNKED + chunk('x'.repeat(size)) + chunk(''));
      let whole = 0;
      const read = Promise.all(
        reading.map(async (client) => {
          await client.head();
          let bytes = 0;
          for (let part = await client.chunk(); part.length > 0; part = await client.chunk())
            bytes += part.length;
          expect(bytes).toBe(size);
          whole++;
        }),
      );
      const ofReading = new Set(reading.map(({ socket }) => socket.localPort));
      const gatewayEnds = gatewaySockets().filter(({ remotePort }) => ofReading.has(remotePort));
      let waitedMs = 0;
      await until('the others have all of it', () => {
        if (whole === 0 && gatewayEnds.every(({ writableLength }) => writableLength === 0)) {
          clock.advance(100);
          waitedMs += 100;
        }
        return whole === reading.length;
      });
      await Promise.all([read, sending]);
      slow.socket.resume();
      await slow.ending();
      // Its times come from the held clock, and need not be JSON.
      await route.gateway.log.find('it is cut off', (line) => /others waited/.test(JSON.stringify(line)));
      expect(waitedMs).toBeGreaterThanOrEqual(10_000);
      expect(waitedMs).toBeLessThan(20_000);
    },
  );

  test('each read as fast as they like: one that does not read holds up nobody', async () => {
    const size = 12 * mebibyte;
    const route = await startCachedRoute(null, { cache: '{ maxEntry: 16MiB }' });
    const { first, others, connection } = await asking(route, 2);
    const [slow, fast] = others as [RawClient, RawClient];
    for (const client of [first, slow]) client.socket.pause();
    await connection.send(`HTTP/1.1 200 OK\r\n${FRESH}\r\nContent-Length: ${size}\r\n\r\n`);
    const sending = connection.send(Buffer.alloc(size, 'x'));
    await fast.head();
    await fast.discard(size);
    await sending;
    expect(cacheStatus(await route.gateway.exchange(request('HEAD', '/img/a')))).toBe('portway; hit');
    for (const client of [first, slow]) {
      client.socket.resume();
      await client.head();
      await client.discard(size);
    }
  });

  test('are all cut off where it breaks off, and nothing is kept', async () => {
    const route = await startCachedRoute(null);
    const { first, others, connection } = await asking(route, 2);
    await connection.send(`${SIX}one`);
    for (const client of [first, ...others]) await client.head();
    connection.destroy();
    for (const client of [first, ...others]) await client.ending();
    route.service.answer(`HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew`);
    expect((await route.ask('/a')).text).toBe('new');
  });

  test('all leave: the service is left as well', async () => {
    const route = await startCachedRoute(null);
    const { first, others, connection } = await asking(route, 2);
    await connection.send(`${SIX}one`);
    for (const client of [first, ...others]) await client.head();
    for (const client of [first, ...others]) client.reset();
    await connection.ending();
    await until('nothing is left open', () =>
      gatewaySockets().every((each) => each.remotePort !== route.service.port),
    );
  });

  test('of which the first does not read are not ended with it', async () => {
    const route = await startCachedRoute(null, {
      cache: '{ maxEntry: 32MiB }',
      keys: ['timeouts: { idle: 1s }'],
    });
    const { first, others, connection } = await asking(route, 1);
    const [other] = others as [RawClient];
    const clock = holdClock();
    first.socket.pause();
    const size = 16 * mebibyte;
    const length = size + 3 * 'more'.length;
    await connection.send(`HTTP/1.1 200 OK\r\n${FRESH}\r\nContent-Length: ${length}\r\n\r\n`);
    const sending = connection.send('x'.repeat(size));
    await other.head();
    await other.discard(size);
    await sending;
    for (let i = 0; i < 3; i++) {
      clock.advance(600);
      await connection.send('more');
      expect((await other.bytes(4)).toString()).toBe('more');
    }
    first.socket.resume();
    await first.head();
    await expect(first.discard(length)).rejects.toThrow('the connection ended');
    expect(cacheStatus(await route.gateway.exchange(request('HEAD', '/img/a')))).toBe('portway; hit');
  });
});

describe('what flows to one client is not for', () => {
  test.each([
    ['one with credentials', 'Authorization: Basic eDp5'],
    ['one who wants it asked for', 'Cache-Control: no-cache'],
  ])('%s', async (_what, field) => {
    const route = await startCachedRoute(null);
    const { first, connection } = await asking(route, 0);
    await connection.send(CHUNKED + chunk('one'));
    await first.head();
    await joining(route, field);
    await (await route.service.connection()).head();
  });

  test('one who asks after it was purged, or changed', async () => {
    const route = await startCachedRoute(null);
    const { first, connection } = await asking(route, 0);
    await connection.send(CHUNKED + chunk('old'));
    await first.head();
    route.service.answer('HTTP/1.1 204 No Content\r\n\r\n');
    await route.gateway.exchange(request('PUT', '/img/a', [], 'new'));
    const later = await joining(route);
    expect((await later.answer('GET', 3_000)).status).toBe(204);
    await connection.send(chunk(''));
    expect((await first.chunk()).toString()).toBe('old');
  });

  test.each(['Cache-Control: private, max-age=60', `${FRESH}\r\nSet-Cookie: session=1`])(
    'others, where it comes with %j',
    async (field) => {
      const route = await startCachedRoute(null);
      const { first, others, connection } = await asking(route, 1);
      await connection.send(
        `HTTP/1.1 200 OK\r\n${field}\r\nConnection: close\r\nContent-Length: 6\r\n\r\nsecret`,
      );
      expect((await first.answer()).text).toBe('secret');
      const again = await route.service.connection();
      await again.head();
      await again.send('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nown');
      expect((await others[0]!.answer()).text).toBe('own');
    },
  );

  test('another variant of it', async () => {
    const route = await startCachedRoute(null);
    const first = await route.gateway.connect();
    const connection = await route.service.reachedBy(first, get('/img/a', 'Accept: image/avif'));
    await connection.send(
      `HTTP/1.1 200 OK\r\n${FRESH}\r\nVary: Accept\r\nConnection: close\r\nContent-Length: 8\r\n\r\navif`,
    );
    await first.head();
    const same = await joining(route, 'Accept: image/avif');
    await same.head();
    expect((await same.bytes(4)).toString()).toBe('avif');
    const other = await joining(route, 'Accept: image/webp');
    expect((await route.gateway.get('/nowhere')).status).toBe(404);
    route.service.answer(`HTTP/1.1 200 OK\r\n${FRESH}\r\nVary: Accept\r\nContent-Length: 4\r\n\r\nwebp`);
    await connection.send('avif');
    expect((await other.answer()).text).toBe('webp');
  });
});
