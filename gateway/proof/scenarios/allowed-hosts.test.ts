import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { get, request } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { ok, startService } from '../testing/service.ts';
import { handshake } from '../testing/websocket.ts';

describe.each(laneKinds)('a page of a stranger whose name suddenly means this machine, on $kind', (kind) => {
  async function stage(mode: 'development' | 'production', ...lines: string[]) {
    const service = (await startService()).answer(ok());
    const yaml = `${kind.routes('/db', service.port)}  shop.test/cart: ${service.port}\n  "*.wild.test": ${service.port}\n`;
    const gateway = await startTestGateway([yaml, ...lines, ''].join('\n'), { mode, files: kind.files });
    return { service, gateway };
  }

  test.each([
    ['evil.test', 421],
    ['evil.test:3000', 421],
    ['localhost.evil.test', 421],
    ['notlocalhost', 421],
    ['127.0.0.1.evil.test', 421],
    ['evilshop.test', 421],
    ['localhost', 200],
    ['LOCALHOST:3000', 200],
    ['localhost.', 200],
    ['db.localhost:3000', 200],
    ['127.0.0.1', 200],
    ['[::1]:3000', 200],
    ['192.0.2.7', 200],
    ['shop.test', 200],
    ['Shop.Test:3000', 200],
  ])('in development a request for %s is %i', async (host, status) => {
    const { gateway, service } = await stage('development');
    const answer = await gateway.get('/db/x', `Host: ${host}`);
    expect(answer.status).toBe(status);
    const reached = service.requests.map(({ head }) => head.startLine);
    if (status === 200) expect(reached).toHaveLength(1);
    else expect(reached).toEqual([]);
  });

  test.each([
    ['a body that is sent', (host: string) => request('PUT', '/db/x', [`Host: ${host}`], 'mine now')],
    ["the gateway's own page", (host: string) => get('/', `Host: ${host}`)],
    [
      'an absolute-form target',
      (host: string) => `GET http://${host}/db/x HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    ],
    ['OPTIONS *', (host: string) => request('OPTIONS', '*', [`Host: ${host}`])],
  ])('in development %s is 421 too', async (_, ask) => {
    const { gateway, service } = await stage('development');
    expect((await gateway.exchange(ask('evil.test'))).status).toBe(421);
    expect((await gateway.exchange(ask('localhost'))).status).not.toBe(421);
    expect(service.requests.map(({ head }) => head.raw).join()).not.toContain('evil.test');
  });

  test('in development a WebSocket is 421 too', async () => {
    const { gateway, service } = await stage('development');
    expect((await gateway.exchange(handshake('/db/x').replace(/Host: .*/, 'Host: evil.test'))).status).toBe(
      421,
    );
    expect(service.requests.map(({ head }) => head.raw)).toEqual([]);
  });

  test('the answer says what to write, and nothing of routes and services', async () => {
    const { gateway } = await stage('development');
    const answer = await gateway.get('/db/x', 'Host: evil.test:3000');
    const problem = JSON.parse(answer.text);
    expect(problem).toMatchObject({ status: 421, code: 'host_refused' });
    expect(problem.detail).toContain('allowedHosts: [evil.test]');
    expect(answer.text).not.toMatch(/\/db|shop|wild/);
    expect(await gateway.log.exchange(421)).toMatchObject({ code: 'host_refused' });
  });

  test('what is allowed is served, with all the names below a wildcard', async () => {
    const { gateway } = await stage('development', 'allowedHosts: [Mine.Test, "*.tunnel.test"]');
    const status = async (host: string) => (await gateway.get('/db/x', `Host: ${host}`)).status;
    expect(await status('mine.test')).toBe(200);
    expect(await status('a.b.tunnel.test')).toBe(200);
    expect(await status('tunnel.test')).toBe(421);
    expect(await status('x.mine.test')).toBe(421);
    expect(await status('x.wild.test')).toBe(200);
  });

  test('in production every host is served, until some are allowed', async () => {
    const { gateway } = await stage('production');
    expect((await gateway.get('/db/x', 'Host: any.test')).status).toBe(200);
    await gateway.editAndReload(
      `allowedHosts: mine.test\n${kind.routes('/db', (await startService()).answer(ok()).port)}`,
    );
    expect((await gateway.get('/db/x', 'Host: mine.test')).status).toBe(200);
    expect((await gateway.get('/db/x', 'Host: any.test')).status).toBe(421);
    expect((await gateway.get('/db/x', 'Host: 10.1.2.3')).status).toBe(200);
  });
});
