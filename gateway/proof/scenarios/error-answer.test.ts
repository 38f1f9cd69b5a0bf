import { describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { ok, startService } from '../testing/service.ts';

describe('an error answer', () => {
  const plainRoute = async (mode?: 'development' | 'production'): Promise<TestGateway> =>
    startTestGateway(
      `routes:\n  /orders: ${(await startService()).answer(ok()).port}\n`,
      mode ? { mode } : {},
    );

  test('names the nearest routes in development, and none in production', async () => {
    expect((await (await plainRoute('development')).get('/order')).text).toContain('/orders');
    expect((await (await plainRoute('production')).get('/order')).text).not.toContain('/orders');
  });

  describe('for a path of no route', () => {
    const stage = (mode: 'development' | 'production', page = '') =>
      startTestGateway(`${page}\nroutes: { /orders: 1, /files: 2, shop.test/cart: 3 }\n`, { mode });

    test('in development shows all routes, and the way home', async () => {
      const gateway = await stage('development');
      const seen = JSON.parse((await gateway.get('/nope')).text);
      expect(seen).toMatchObject({ nearest: [], routes: ['/orders', '/files', 'shop.test/cart'], home: '/' });
      const { text } = await gateway.get('/nope', 'Accept: text/html');
      for (const link of ['href="/orders"', 'href="/files"', 'href="/"']) expect(text).toContain(link);
    });

    test('names no home where the page is not shown', async () => {
      const gateway = await stage('development', 'page: false');
      expect(JSON.parse((await gateway.get('/nope')).text).home).toBe(null);
      expect((await gateway.get('/nope', 'Accept: text/html')).text).not.toContain('href="/"');
    });

    test('in production shows neither', async () => {
      const gateway = await stage('production', 'page: true');
      for (const accept of ['Accept: text/html', 'Accept: application/json'])
        expect((await gateway.get('/nope', accept)).text).not.toMatch(/orders|files|cart|home/);
    });

    test('says how many more there are than it shows', async () => {
      const many = Array.from({ length: 50 }, (_, at) => `/r${at}: 1`).join(', ');
      const gateway = await startTestGateway(`routes: { ${many} }\n`, { mode: 'development' });
      expect(JSON.parse((await gateway.get('/nope')).text).routes).toHaveLength(21);
      expect((await gateway.get('/nope', 'Accept: text/html')).text).toContain('and 30 more');
    });
  });

  test.each(['development', 'production'] as const)(
    'in %s never repeats markup from the request',
    async (mode) => {
      const gateway = await plainRoute(mode);
      const attack = '"><script>alert(1)</script>&<b>';
      const answer = await gateway.get(
        `/orderz${attack}?${attack}`,
        `Host: localhost`,
        `Accept: text/html`,
        `Referer: ${attack}`,
      );
      expect(answer.status).toBe(404);
      expect(answer.text).not.toMatch(/<script>alert|<b>/);
    },
  );

  test('says once that no route takes a path, and which', async () => {
    const gateway = await plainRoute('development');
    const { detail } = JSON.parse((await gateway.get('/nowhere?x', 'Host: localhost')).text);
    expect(detail).toBe('No route of this gateway takes this path. (/nowhere)');
  });
});
