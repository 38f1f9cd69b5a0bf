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

  const STRANGERS =
    'evil.test evil.test:3000 localhost.evil.test notlocalhost 127.0.0.1.evil.test evilshop.test';
  const OWN =
    'localhost LOCALHOST:3000 localhost. db.localhost:3000 127.0.0.1 [::1]:3000 192.0.2.7 shop.test Shop.Test:3000';

  test.each([
    [421, STRANGERS.split(' ')],
    [200, OWN.split(' ')],
  ])('in development the answer is %i for %j', async (status, hosts) => {
    const { gateway, service } = await stage('development');
    for (const host of hosts)
      expect([host, (await gateway.get('/db/x', `Host: ${host}`)).status]).toEqual([host, status]);
    expect(service.requests).toHaveLength(status === 200 ? hosts.length : 0);
  });

  test('in development it is 421 for any kind of request', async () => {
    const { gateway, service } = await stage('development');
    const asks = (host: string) => [
      request('PUT', '/db/x', [`Host: ${host}`], 'mine now'),
      get('/', `Host: ${host}`),
      `GET http://${host}/db/x HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      request('OPTIONS', '*', [`Host: ${host}`]),
      handshake('/db/x', `Host: ${host}`),
    ];
    for (const ask of asks('evil.test'))
      expect([ask, (await gateway.exchange(ask)).status]).toEqual([ask, 421]);
    expect(service.connections).toEqual([]);
    for (const ask of asks('localhost')) expect((await gateway.exchange(ask)).status).not.toBe(421);
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
