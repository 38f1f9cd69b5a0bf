import { describe, expect, test } from 'vitest';
import { startTestGateway, type TestGatewayOptions } from '../testing/gateway.ts';
import { get, request } from '../testing/raw-client.ts';
import { ok, startService } from '../testing/service.ts';

const NAME = 'Host: portway.localhost:3000';

async function stage(options: TestGatewayOptions = { mode: 'development' }, more = '') {
  const service = (await startService()).answer(() => ok('the service'));
  const yaml = `routes:\n  /: ${service.port}\n  /portway: ${service.port}\n${more.replaceAll('PORT', String(service.port))}`;
  return startTestGateway(yaml, options);
}

describe('at portway.localhost, in development,', () => {
  test('the dashboard stands, whatever routes own, and without a line in the log or a count', async () => {
    const gateway = await stage();
    const page = await gateway.get('/', NAME, 'Accept: text/html');
    expect(page.status).toBe(200);
    expect(page.text).toContain('/dashboard/app.js');
    // Without JavaScript, too, it is the map.
    expect(page.text).toMatch(/<h1>.* up\.<\/h1>/);
    expect(page.text).toMatch(/href="http:\/\/localhost:\d+\/portway">\/portway<\/a>/);
    const status = await gateway.get('/status', NAME);
    const { routes, unrouted } = JSON.parse(status.text) as {
      routes: { name: string | null }[];
      unrouted: unknown;
    };
    expect(routes.map(({ name }) => name)).not.toContain('portway.localhost');
    expect(unrouted).toBeNull();
    expect((await gateway.get('/status', 'Host: localhost:3000')).text).toBe('the service');
    expect(gateway.log.records.filter(({ msg }) => msg === 'exchange')).toHaveLength(1);
  });

  test('a connection goes on to services behind it', async () => {
    const gateway = await stage();
    const client = await gateway.connect();
    expect((await client.exchange(get('/healthz', NAME))).status).toBe(200);
    expect((await client.exchange(get('/x', 'Host: localhost'))).text).toBe('the service');
    expect((await client.exchange(request('POST', '/workers/replace', [NAME]))).status).toBe(409);
    client.destroy();
  });

  test.each([
    ['X-Forwarded-For: 192.0.2.1', 403],
    ['Forwarded: for=192.0.2.1', 403],
    ['Via: 1.1 other', 403],
    ['X-Note: mine', 200],
  ])('who was carried here by a proxy gets nothing: %s', async (field, status) => {
    const gateway = await stage();
    expect((await gateway.get('/status', NAME, field)).status).toBe(status);
  });

  test('pages of other origins change nothing', async () => {
    const gateway = await stage();
    const from = (origin: string) =>
      gateway.exchange(request('POST', '/workers/replace', [NAME, `Origin: ${origin}`]));
    expect((await from('http://db.localhost:3000')).status).toBe(403);
    expect((await from('http://portway.localhost:3000')).status).toBe(409);
  });

  test('a route with that host has the older right to it', async () => {
    const gateway = await stage({ mode: 'development' }, '  portway.localhost/: PORT\n');
    expect((await gateway.get('/status', NAME)).text).toBe('the service');
  });
});

test('in production the name means nothing', async () => {
  const gateway = await stage({ mode: 'production' });
  expect((await gateway.get('/status', NAME)).text).toBe('the service');
});
