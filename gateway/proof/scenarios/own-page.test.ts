import { describe, expect, test } from 'vitest';
import { DEVELOPMENT, startTestGateway } from '../testing/gateway.ts';
import { request } from '../testing/raw-client.ts';
import { ok, startService } from '../testing/service.ts';

const html = 'Accept: text/html';

describe("the gateway's own page", () => {
  test('shows what is mapped where, and what is up', async () => {
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(`routes:\n  /db: ${service.port}\n  /gone: 1\n`, DEVELOPMENT);
    const answer = await gateway.get('/', html);
    expect(answer.status).toBe(200);
    expect(answer.head.value('content-type')).toMatch(/^text\/html; ?charset=utf-8/i);
    expect(answer.text).toMatch(/href="\/db\/?"/);
    expect(answer.text).toContain(String(service.port));
    expect(answer.text).toMatch(/>Up</);
    expect(answer.text).toMatch(/>Down</);
  });

  test.each([
    ['GET', html],
    ['GET', 'Accept: application/json'],
    ['HEAD', html],
  ])('counts what %s took of it (%s)', async (method, accept) => {
    const gateway = await startTestGateway('page: true\nroutes:\n  /gone: 1\n');
    const { body } = await gateway.exchange(request(method, '/', [accept]));
    expect(await gateway.log.exchange(200)).toMatchObject({ bytesOut: body.length });
    expect(body.length > 0).toBe(method === 'GET');
  });

  test('an error that HEAD asks for takes no byte of a body', async () => {
    const gateway = await startTestGateway('routes:\n  /gone: 1\n');
    await gateway.exchange(request('HEAD', '/nope', [html]));
    expect(await gateway.log.exchange(404)).toMatchObject({ bytesOut: 0 });
  });

  test('works without scripts of others', async () => {
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(`routes:\n  /db: ${service.port}\n`, DEVELOPMENT);
    const { text } = await gateway.get('/', html);
    expect(text).toContain('name="viewport"');
    // Links lead to the routes' own names; what is loaded is all here.
    expect(text).not.toMatch(/src="https?:|<link[^>]*href="https?:/);
  });

  test.each(['GET', 'HEAD'])('is a plain 404 to %s in production', async (method) => {
    const gateway = await startTestGateway('routes:\n  /db: 10.1.2.3:4567\n');
    const { status, text, head } = await gateway.exchange(request(method, '/', [html]));
    expect([status, head.value('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
    expect(text).not.toContain('/db');
  });

  test('can be switched off in development', async () => {
    const gateway = await startTestGateway('page: false\nroutes:\n  /db: 1\n', DEVELOPMENT);
    expect((await gateway.get('/', html)).status).toBe(404);
  });

  test('names no address of a service in production, where it is asked for', async () => {
    const gateway = await startTestGateway('page: true\nroutes:\n  /db: 10.1.2.3:4567\n');
    const { status, text } = await gateway.get('/', html);
    expect(status).toBe(200);
    expect(text).not.toMatch(/10\.1\.2\.3|4567|gateway\.config\.yaml/);
  });

  test('never shadows a route of /', async () => {
    const service = (await startService()).answer(ok('mine'));
    const gateway = await startTestGateway(`routes:\n  /: ${service.port}\n`, DEVELOPMENT);
    expect((await gateway.get('/', html)).text).toBe('mine');
  });

  // Gateway API: what no rule of a host matches is 404.
  test.each([
    ['a route of /', '/: { to: 1, when: { headers: { x-beta: true } } }', 'localhost', 404],
    ['an exact route of /', '/: { to: 1, exact: true, when: { methods: [POST] } }', 'localhost', 404],
    ['a route of the host', 'shop.test/cart: 1', 'shop.test', 404],
    ['a route of the host and /', 'shop.test: { to: 1, when: { headers: { x: y } } }', 'shop.test', 404],
    ['a route of the hosts below', '"*.shop.test/cart": 1', 'a.shop.test', 404],
    ['a route of another host', 'shop.test/cart: 1', 'localhost', 200],
    ['a route of another path', '/db: 1', 'localhost', 200],
  ])('with %s, `%s`, an unmatched GET / of %s is %i', async (_, route, host, status) => {
    for (const mode of ['development', 'production'] as const) {
      const gateway = await startTestGateway(`page: true\nroutes:\n  ${route}\n`, { mode });
      expect((await gateway.get('/', html, `Host: ${host}`)).status).toBe(status);
    }
  });

  test('never shadows a route of one host', async () => {
    const service = (await startService()).answer(ok('mine'));
    const gateway = await startTestGateway(`routes:\n  shop.test: ${service.port}\n`, DEVELOPMENT);
    expect((await gateway.get('/', html, 'Host: shop.test')).text).toBe('mine');
    expect((await gateway.get('/', html)).text).not.toBe('mine');
  });

  test('answers HEAD without a body and nothing else but GET', async () => {
    const gateway = await startTestGateway('routes:\n  /db: 1\n', DEVELOPMENT);
    const head = await gateway.exchange(request('HEAD', '/', ['Host: localhost']));
    expect([head.status, head.body.length]).toEqual([200, 0]);
    const post = await gateway.exchange(request('POST', '/', ['Host: localhost'], 'x'));
    expect([404, 405]).toContain(post.status);
  });

  test.each(['/x', '/index.html', '/favicon.ico.map'])('does not answer for %s', async (target) => {
    const gateway = await startTestGateway('routes:\n  /db: 1\n', DEVELOPMENT);
    expect((await gateway.get(target)).status).toBe(404);
  });
});

describe('the admin listener', () => {
  test.each([
    ['/healthz', 200],
    ['/readyz', 200],
    ['/config', 200],
    ['/explain?url=/db/x', 200],
    ['/nothing', 404],
  ])('%s: %i', async (target, status) => {
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(`admin: 3900\nroutes:\n  /db: ${service.port}\n`);
    expect((await gateway.admin('GET', target)).status).toBe(status);
    expect((await gateway.get(target)).status).toBe(404);
  });
});
