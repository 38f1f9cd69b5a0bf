import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { connect, get, request } from '../testing/raw-client.ts';
import { ok, startService } from '../testing/service.ts';

const html = 'Accept: text/html';

describe("the gateway's own page", () => {
  test('shows what is mapped where, and what is up', async () => {
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(`routes:\n  /db: ${service.port}\n  /gone: 1\n`, {
      mode: 'development',
    });
    const answer = await gateway.get('/', html);
    expect(answer.status).toBe(200);
    expect(answer.head.value('content-type')).toMatch(/^text\/html; ?charset=utf-8/i);
    expect(answer.text).toMatch(/href="\/db\/?"/);
    expect(answer.text).toContain(String(service.port));
    expect(answer.text).toMatch(/>Up</);
    expect(answer.text).toMatch(/>Down</);
  });

  test('works without scripts of others', async () => {
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(`routes:\n  /db: ${service.port}\n`, { mode: 'development' });
    const { text } = await gateway.get('/', html);
    expect(text).toContain('name="viewport"');
    expect(text).not.toMatch(/(src|href)="https?:/);
  });

  test('names no address of a service in production', async () => {
    const gateway = await startTestGateway('routes:\n  /db: 10.1.2.3:4567\n');
    const { status, text } = await gateway.get('/', html);
    expect(status).toBe(200);
    expect(text).not.toMatch(/10\.1\.2\.3|4567|gateway\.config\.yaml/);
  });

  test('never shadows a route of /', async () => {
    const service = (await startService()).answer(ok('mine'));
    const gateway = await startTestGateway(`routes:\n  /: ${service.port}\n`, { mode: 'development' });
    expect((await gateway.get('/', html)).text).toBe('mine');
  });

  test('never shadows a route of one host', async () => {
    const service = (await startService()).answer(ok('mine'));
    const gateway = await startTestGateway(`routes:\n  shop.test: ${service.port}\n`, {
      mode: 'development',
    });
    expect((await gateway.get('/', html, 'Host: shop.test')).text).toBe('mine');
    expect((await gateway.get('/', html, 'Host: other.test')).text).not.toBe('mine');
  });

  test('answers HEAD without a body and nothing else but GET', async () => {
    const gateway = await startTestGateway('routes:\n  /db: 1\n', { mode: 'development' });
    const head = await gateway.exchange(request('HEAD', '/'));
    expect([head.status, head.body.length]).toEqual([200, 0]);
    const post = await gateway.exchange(request('POST', '/', [], 'x'));
    expect([404, 405]).toContain(post.status);
  });

  test.each(['/x', '/index.html', '/favicon.ico.map'])('does not answer for %s', async (target) => {
    const gateway = await startTestGateway('routes:\n  /db: 1\n', { mode: 'development' });
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
    const admin = await connect(gateway.adminPort);
    expect((await admin.exchange(get(target, `Host: localhost:${gateway.adminPort}`))).status).toBe(status);
    expect((await gateway.get(target)).status).toBe(404);
  });
});
