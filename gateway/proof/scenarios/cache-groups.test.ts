import { describe, expect, test } from 'vitest';
import { type CachedRoute, cacheStatus, startCachedRoute } from '../testing/cached-route.ts';
import { until } from '../testing/poll.ts';
import { request } from '../testing/raw-client.ts';
import { ok, type ReceivedRequest, reply } from '../testing/service.ts';

const FRESH = 'Cache-Control: public, max-age=60';

const purge = async ({ gateway }: CachedRoute, target: string): Promise<unknown> =>
  JSON.parse((await gateway.admin('DELETE', target)).text);

/** `/a,b` is in the groups a and b. */
const grouped = ({ method, target }: ReceivedRequest) =>
  method === 'POST'
    ? reply(204, [`Cache-Group-Invalidation: "${target.slice(1)}"`])
    : ok('x', FRESH, `Cache-Groups: "${target.slice(1).replaceAll(',', '","')}"`);

describe.each(['true', '{ file: cache.db }'])('what is in a group (cache: %s)', (cache) => {
  test('is forgotten with it, and nothing else', async () => {
    const route = await startCachedRoute(grouped, { cache });
    const { ask } = route;
    for (const path of ['/a,b', '/b,c', '/c']) await ask(path);
    expect(await purge(route, '/cache?group=b')).toMatchObject({ purged: 2 });
    expect(await purge(route, '/cache?group=b')).toMatchObject({ purged: 0 });
    for (const path of ['/a,b', '/b,c']) expect(cacheStatus(await ask(path))).toContain('fwd=uri-miss');
    expect(cacheStatus(await ask('/c'))).toBe('portway; hit');
    expect(await purge(route, '/cache?prefix=/img')).toMatchObject({ purged: 3 });
    expect(await purge(route, '/cache?group=c')).toMatchObject({ purged: 0 });
  });

  test('is forgotten when the answer to a change names the group, on its own origin', async () => {
    const { gateway, ask } = await startCachedRoute(grouped, { cache });
    for (const path of ['/a,b', '/c']) await ask(path);
    await gateway.get('/img/b,x', 'Host: other.test');
    await gateway.exchange(request('POST', '/img/b', [], 'new'));
    expect(cacheStatus(await ask('/a,b'))).toContain('fwd=uri-miss');
    expect(cacheStatus(await ask('/c'))).toBe('portway; hit');
    expect(cacheStatus(await gateway.get('/img/b,x', 'Host: other.test'))).toBe('portway; hit');
  });

  test('is forgotten with it where the answer names 127 others before it, and not with more', async () => {
    const { gateway, ask } = await startCachedRoute(
      ({ method, target }) =>
        method === 'POST'
          ? reply(204, [`Cache-Group-Invalidation: ${Array.from({ length: 130 }, (_, at) => `"${at}"`)}`])
          : ok('x', FRESH, `Cache-Groups: "${target.slice(1)}"`),
      { cache },
    );
    for (const path of ['/127', '/128']) await ask(path);
    await gateway.exchange(request('POST', '/img/b', [], 'new'));
    expect(cacheStatus(await ask('/127'))).toContain('fwd=uri-miss');
    expect(cacheStatus(await ask('/128'))).toBe('portway; hit');
  });

  test('by Cache-Tag is so, too', async () => {
    const route = await startCachedRoute(ok('x', FRESH, 'Cache-Tag: shop, product-7'), { cache });
    await route.ask('/a');
    expect(await purge(route, '/cache?group=product-7')).toMatchObject({ purged: 1 });
    expect(cacheStatus(await route.ask('/a'))).toContain('fwd=uri-miss');
  });
});

describe('groups', () => {
  test.each([
    ['before its head came', 0],
    ['after it', 1],
  ])('keep out what was on its way when they were purged, %s', async (_what, when) => {
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const route = await startCachedRoute(async (_request, connection) => {
      if (route.service.requests.length > 1) return ok('new', FRESH);
      await gates[0]!.promise;
      await connection.send(
        `HTTP/1.1 200 OK\r\n${FRESH}\r\nCache-Groups: "a"\r\nConnection: close\r\nContent-Length: 3\r\n\r\n`,
      );
      await gates[1]!.promise;
      await connection.send('old');
      return undefined;
    });
    const client = await route.gateway.connect();
    await client.send(request('GET', '/img/a'));
    await until('the service is asked', () => route.service.requests.length === 1);
    if (when === 1) {
      gates[0]!.resolve();
      await client.head();
    }
    await purge(route, '/cache?group=a');
    for (const { resolve } of gates) resolve();
    if (when === 0) await client.head();
    expect((await client.bytes(3)).toString()).toBe('old');
    expect((await route.ask('/a')).text).toBe('new');
  });

  test.each([
    ['that are no list', 'Cache-Groups: "a', 'stored'],
    [
      'of which there are too many',
      `Cache-Tag: ${Array.from({ length: 129 }, (_each, at) => at)}`,
      'detail=groups',
    ],
    ['of which one is too long', `Cache-Tag: ${'x'.repeat(257)}`, 'detail=groups'],
  ])('%s', async (_what, field, outcome) => {
    const { ask } = await startCachedRoute(ok('x', FRESH, field));
    expect(cacheStatus(await ask('/a'))).toContain(outcome);
  });
});

describe('No-Vary-Search', () => {
  const saying = (field: string) =>
    startCachedRoute(({ target }) => ok(target, FRESH, `No-Vary-Search: ${field}`));

  test.each([
    [
      'params=("utm" "ref")',
      '/a?id=1&utm=x',
      ['/a?id=1', '/a?ref=y&id=1', '/a?%75tm=z&id=1', '/a?&&ref&id=1&'],
      ['/a', '/a?id=2', '/a?ID=1', '/a?=&id=1', '/a??id=1', '/a?&+utm&id=1'],
    ],
    ['params', '/a?x=1', ['/a', '/a?y=2'], ['/b']],
    ['params, except=("id")', '/a?id=1&x', ['/a?id=1', '/a?y&id=1'], ['/a?id=2', '/a']],
    ['key-order', '/a?x=1&y=2', ['/a?y=2&x=1'], ['/a?x=2&y=1', '/a?x=1']],
    ['key-order, params=("u")', '/a?x=1&x=2', ['/a?u&x=1&x=2'], ['/a?x=2&x=1']],
  ])('%s: %s is the answer of %j, and not of %j', async (field, first, same, others) => {
    const { ask } = await saying(field);
    await ask(first);
    for (const path of same) expect([path, cacheStatus(await ask(path))]).toEqual([path, 'portway; hit']);
    for (const path of others) expect(cacheStatus(await ask(path))).toContain('fwd=uri-miss');
  });

  test.each(['params=1', 'params=(1)', 'except=("id")', 'params=("x'])('%s says nothing', async (field) => {
    const { ask } = await saying(field);
    await ask('/a?x=1');
    expect(cacheStatus(await ask('/a?x=2'))).toContain('fwd=uri-miss');
  });

  test('is forgotten by each of its URLs', async () => {
    const route = await saying('params=("utm")');
    for (const url of ['/img/a?id=1%26utm=9', '/img/a?id=1']) {
      await route.ask('/a?id=1&utm=x');
      expect(await purge(route, `/cache?url=${url}`)).toMatchObject({ purged: 1 });
    }
    expect(await purge(route, '/cache?url=/img/a')).toMatchObject({ purged: 0 });
  });
});
