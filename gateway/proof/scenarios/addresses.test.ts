import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { pageExample } from '../testing/page-example.ts';
import { get } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { ok, startService } from '../testing/service.ts';
import { agreement, handshake } from '../testing/websocket.ts';

const from = (address: string) => `X-Forwarded-For: ${address}`;

describe.each(laneKinds)('allow and deny on $kind', ({ routes, files }) => {
  async function stage(keys: string, top = 'trustProxy: loopback\n') {
    const service = (await startService()).answer(ok('x'));
    const gateway = await startTestGateway(`${top}${routes('/db', service.port, keys)}`, { files });
    return { service, gateway };
  }

  test.each([
    ['allow: [10.0.0.0/8, 2001:db8::/32]', '10.255.0.1', 200],
    ['allow: [10.0.0.0/8, 2001:db8::/32]', '11.0.0.1', 403],
    ['allow: [10.0.0.0/8, 2001:db8::/32]', '2001:db8:ffff::1', 200],
    ['allow: [10.0.0.0/8, 2001:db8::/32]', '2001:db9::1', 403],
    ['allow: 10.0.0.0/8', '::ffff:10.1.2.3', 200],
    ['allow: 10.0.0.0/8', '::ffff:0a01:0203', 200],
    ['allow: "::ffff:10.0.0.0/104"', '10.1.2.3', 200],
    ['allow: "::ffff:10.0.0.0/104"', '11.1.2.3', 403],
    ['allow: private', '192.168.7.7', 200],
    ['allow: private', '203.0.113.1', 403],
    ['deny: 192.0.2.0/24', '192.0.2.255', 403],
    ['deny: 192.0.2.0/24', '192.0.3.0', 200],
    ['deny: 192.0.2.7, allow: 192.0.2.0/24', '192.0.2.7', 403],
    ['deny: 192.0.2.7, allow: 192.0.2.0/24', '192.0.2.8', 200],
    ['deny: "fe80::/10"', 'fe80::1%eth0', 403],
  ])('%s: %s is answered %i', async (keys, client, status) => {
    const { service, gateway } = await stage(keys);
    const answer = await gateway.get('/db/x', from(client));
    expect(answer.status).toBe(status);
    expect(service.requests).toHaveLength(status === 200 ? 1 : 0);
    if (status === 403) expect(JSON.parse(answer.text)).toMatchObject({ code: 'address_refused' });
  });

  // Whoever is no trusted proxy is where its connection comes from.
  test('what a stranger says of its address counts for nothing', async () => {
    const { service, gateway } = await stage('allow: 10.0.0.0/8', '');
    const claims = [
      from('10.0.0.1'),
      'X-Real-IP: 10.0.0.1',
      'Forwarded: for=10.0.0.1',
      'True-Client-IP: 10.0.0.1',
    ];
    expect((await gateway.get('/db/x', ...claims)).status).toBe(403);
    expect(service.requests).toEqual([]);
    const seen = await gateway.log.exchange(403);
    expect(seen).toMatchObject({ policy: 'allow', cause: '127.0.0.1 is in none of allow: 10.0.0.0/8' });
  });

  test('what a trusted proxy puts before the last address is not believed', async () => {
    const { gateway } = await stage('allow: 10.0.0.0/8');
    expect((await gateway.get('/db/x', from('10.0.0.1, 203.0.113.1'))).status).toBe(403);
    expect((await gateway.get('/db/x', from('10.0.0.1, nonsense'))).status).toBe(403);
    const spoofed = 'Forwarded: for=10.0.0.1, for="203.0.113.1:80"';
    expect((await gateway.get('/db/x', spoofed)).status).toBe(403);
    expect((await gateway.get('/db/x', 'Forwarded: for=203.0.113.1, for=10.0.0.1')).status).toBe(200);
  });

  test('refuses handshakes of WebSockets before the service hears of them', async () => {
    const { service, gateway } = await stage('deny: 192.0.2.0/24');
    service.answer(() => Buffer.from(agreement(), 'latin1'));
    const refused = await gateway.exchange(handshake('/db/x', from('192.0.2.1')));
    expect([refused.status, service.requests.length]).toEqual([403, 0]);
    expect((await gateway.exchange(handshake('/db/x', from('192.0.3.1')))).status).toBe(101);
  });

  test('the connection goes on behind a refusal', async () => {
    const { gateway } = await stage('deny: 192.0.2.0/24');
    const client = await gateway.connect();
    expect((await client.exchange(get('/db/x', from('192.0.2.1')))).status).toBe(403);
    expect((await client.exchange(get('/db/x', from('192.0.3.1')))).status).toBe(200);
  });

  test('a route takes away what the top level says, or says its own', async () => {
    const top = 'trustProxy: loopback\nallow: 10.0.0.0/8\n';
    const status = async (keys: string) =>
      (await (await stage(keys, top)).gateway.get('/db/x', from('192.0.2.1'))).status;
    expect([
      await status('strip: true'),
      await status('allow: off'),
      await status('allow: 192.0.2.1'),
    ]).toEqual([403, 200, 200]);
  });
});

test('a mapped address of a socket of both families is the IPv4 address', async () => {
  const service = (await startService()).answer(ok('x'));
  const yaml = `host: "::"\nroutes:\n  /a: { to: ${service.port}, allow: 127.0.0.0/8 }\n  /b: { to: ${service.port}, allow: ::1 }\n`;
  const gateway = await startTestGateway(yaml);
  const status = async (host: string, path: string) => {
    const client = await gateway.connect({ host });
    return (await client.exchange(get(path))).status;
  };
  expect([await status('127.0.0.1', '/a'), await status('::1', '/a')]).toEqual([200, 403]);
  expect([await status('127.0.0.1', '/b'), await status('::1', '/b')]).toEqual([403, 200]);
});

test('what a cache holds is refused, too', async () => {
  const service = (await startService()).answer(ok('x', 'Cache-Control: max-age=60'));
  const yaml = `trustProxy: loopback\nroutes:\n  /db: { to: ${service.port}, cache: on, allow: 10.0.0.0/8 }\n`;
  const gateway = await startTestGateway(yaml);
  expect((await gateway.get('/db/x', from('10.0.0.1'))).status).toBe(200);
  expect((await gateway.get('/db/x', from('11.0.0.1'))).status).toBe(403);
});

test('the example of docs/policies.md is a good one, and does what it says', async () => {
  const service = (await startService()).answer(ok('x'));
  const yaml = pageExample('policies.md', 'Allow and deny').replaceAll(/300[12]/g, String(service.port));
  const gateway = await startTestGateway(yaml);
  const asked = [
    ['/admin/', '10.9.9.9'],
    ['/admin/', '203.0.113.1'],
    ['/shop/', '203.0.113.1'],
    ['/shop/', '198.51.100.7'],
  ] as const;
  const statuses = await Promise.all(
    asked.map(async ([path, client]) => (await gateway.get(path, from(client))).status),
  );
  expect(statuses).toEqual([200, 403, 200, 403]);
});
