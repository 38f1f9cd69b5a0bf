import { describe, expect, test } from 'vitest';
import { cacheStatus, startCachedRoute } from '../testing/cached-route.ts';
import { holdCalendar } from '../testing/held-clock.ts';
import { until } from '../testing/poll.ts';
import { ok, reply } from '../testing/service.ts';

const MINUTE = 'Cache-Control: max-age=60';
const YESTERDAY = new Date(Date.now() - 86_400_000).toUTCString();

describe('what a service says to caches in front of it', () => {
  test.each([
    ['goes before what it says to all', 'CDN-Cache-Control: max-age=60', 'Cache-Control: no-store', 'hit'],
    ['forbids, too', 'CDN-Cache-Control: no-store', MINUTE, 'fwd-status=200; detail=no-store'],
    [
      'counts for nothing where it is malformed',
      'CDN-Cache-Control: max-age=60, &&',
      'Cache-Control: no-store',
      'detail=no-store',
    ],
  ])('%s', async (_what, targeted, general, outcome) => {
    const { ask } = await startCachedRoute(ok('x', targeted, general));
    expect((await ask('/a')).head.value('cdn-cache-control')).toBe(
      targeted.slice('CDN-Cache-Control: '.length),
    );
    expect(cacheStatus(await ask('/a'))).toContain(outcome);
  });

  test('is no leave to give what one client got by its credentials to all', async () => {
    const { ask } = await startCachedRoute(ok('x', 'CDN-Cache-Control: max-age=60'));
    expect(cacheStatus(await ask('/a', 'Authorization: Basic eDp5'))).toContain('detail=authorization');
    expect(cacheStatus(await ask('/a', 'Cookie: a=b'))).toContain('detail=cookie');
    expect(cacheStatus(await ask('/a'))).toContain('fwd=uri-miss');
  });
});

describe('errors: true', () => {
  test('keeps errors where the service says for how long, and none that are about one request', async () => {
    const { service, ask } = await startCachedRoute(
      ({ target }) => reply(Number(target.slice(1, 4)), target.endsWith('silent') ? [] : [MINUTE], 'x'),
      { cache: '{ errors: true }' },
    );
    for (const status of [400, 403, 500, 503]) {
      await ask(`/${status}`);
      const again = await ask(`/${status}`);
      expect([again.status, cacheStatus(again)]).toEqual([status, 'portway; hit']);
    }
    for (const path of ['/401', '/412', '/429', '/500-silent']) {
      await ask(path);
      expect(cacheStatus(await ask(path))).toMatch(
        /fwd=uri-miss; fwd-status=\d+; detail=(status|no-lifetime)$/,
      );
    }
    expect(service.requests).toHaveLength(12);
  });
});

describe('heuristic: true', () => {
  test('keeps what says only when it was changed, for a tenth of the time since', async () => {
    const calendar = holdCalendar();
    const { ask } = await startCachedRoute(ok('x', `Last-Modified: ${YESTERDAY}`), {
      cache: '{ heuristic: true }',
    });
    await ask('/a');
    calendar.advance(8_000);
    expect(cacheStatus(await ask('/a'))).toBe('portway; hit');
    calendar.advance(1_000);
    expect(cacheStatus(await ask('/a'))).toContain('fwd=stale');
  });

  test('keeps nothing of a client with a cookie', async () => {
    const { ask } = await startCachedRoute(ok('x', `Last-Modified: ${YESTERDAY}`), {
      cache: '{ heuristic: true }',
    });
    await ask('/a', 'Cookie: a=b');
    expect(cacheStatus(await ask('/a'))).toContain('fwd=uri-miss');
  });
});

describe('staleIfError', () => {
  test.each([
    ['drops the connection', 'drops'],
    ['answers 503', 'answers'],
    ['is down', 'down'],
  ])('gives what is stale where the service %s, and no longer than it says', async (_what, how) => {
    const calendar = holdCalendar();
    const { service, ask } = await startCachedRoute(
      (_request, connection) => {
        if (service.requests.length === 1) return ok('old', MINUTE);
        if (how === 'answers') return reply(503, [], 'an error page');
        connection.destroy();
        return undefined;
      },
      { cache: '{ staleIfError: 10m }' },
    );
    await ask('/a');
    if (how === 'down') await service.close();
    calendar.advance(70);
    const stale = await ask('/a');
    expect([stale.status, stale.text, cacheStatus(stale)]).toEqual([
      200,
      'old',
      expect.stringMatching(/^portway; fwd=stale;( fwd-status=503;)? detail=stale-if-error$/),
    ]);
    calendar.advance(600);
    expect((await ask('/a')).status).toBe(how === 'answers' ? 503 : 502);
  });

  test.each(['must-revalidate', 'proxy-revalidate', 's-maxage=60', 'no-cache', 'stale-if-error=0'])(
    'gives nothing that says %s',
    async (directive) => {
      const calendar = holdCalendar();
      const { service, ask } = await startCachedRoute(ok('old', `${MINUTE}, ${directive}`, 'ETag: "1"'), {
        cache: '{ staleIfError: 10m }',
      });
      await ask('/a');
      await service.close();
      calendar.advance(70);
      expect((await ask('/a')).status).toBe(502);
    },
  );

  test('gives the whole of what is kept, when an error page without an end takes its place', async () => {
    const calendar = holdCalendar();
    const { service, gateway, ask } = await startCachedRoute(
      async (_request, connection) => {
        if (service.requests.length === 1) return ok('old', MINUTE);
        await connection.send('HTTP/1.1 503 Down\r\nTransfer-Encoding: chunked\r\n\r\n');
        for (let i = 0; i < 100 && !connection.socket.destroyed; i++)
          await connection.send(`4000\r\n${'x'.repeat(0x4000)}\r\n`).catch(() => {});
        return undefined;
      },
      { cache: '{ staleIfError: 10m }' },
    );
    await ask('/a');
    calendar.advance(70);
    expect((await ask('/a')).text).toBe('old');
    await until('both are logged', () => gateway.log.exchanges().length === 2);
    expect(gateway.log.exchanges()[1]).toMatchObject({ status: 200, bytesOut: 3 });
  });
});

test('staleWhileRevalidate gives what is stale at once, and asks behind its back', async () => {
  const calendar = holdCalendar();
  const { service, ask } = await startCachedRoute(() => ok(`answer ${service.requests.length}`, MINUTE), {
    cache: '{ staleWhileRevalidate: 1m }',
  });
  await ask('/a');
  calendar.advance(70);
  const stale = await ask('/a');
  expect([stale.text, cacheStatus(stale)]).toEqual(['answer 1', 'portway; hit; ttl=-10']);
  await until('it is fresh again', async () => (await ask('/a')).text === 'answer 2');
});

describe('what a service takes back', () => {
  test.each(['no-store', 'private', 'max-age=0'])(
    'with %s is forgotten, also where it would stand in for an error',
    async (directive) => {
      const calendar = holdCalendar();
      const { service, ask } = await startCachedRoute(
        () => {
          const asked = service.requests.length;
          if (asked === 1) return ok('old', MINUTE);
          return asked === 2 ? ok('private', `Cache-Control: ${directive}`) : reply(503);
        },
        { cache: '{ staleIfError: 10m }' },
      );
      await ask('/a');
      calendar.advance(70);
      expect((await ask('/a')).text).toBe('private');
      expect((await ask('/a')).status).toBe(503);
    },
  );
});
