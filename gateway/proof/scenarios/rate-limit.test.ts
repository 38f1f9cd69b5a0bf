import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { connectH2, exchangeH2 } from '../testing/h2-client.ts';
import { pageExample } from '../testing/page-example.ts';
import { get } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { ok, reply, startService } from '../testing/service.ts';
import { basic, keysFile, usersFile } from '../testing/users-file.ts';
import { handshake } from '../testing/websocket.ts';

const from = (address: string) => `X-Forwarded-For: ${address}`;
const FILES = {
  'users.txt': usersFile({ ann: 'secret', bob: 'word' }),
  'keys.txt': keysFile({ ann: 'pw_one' }),
};

describe.each(laneKinds)('rateLimit on $kind', ({ routes, files }) => {
  async function stage(limit: string, ...keys: string[]) {
    const service = (await startService()).answer(ok('x'));
    const yaml = `trustProxy: loopback\n${routes('/db', service.port, `rateLimit: ${limit}`, ...keys)}`;
    const gateway = await startTestGateway(yaml, { files: { ...FILES, ...files } });
    const status = async (...fields: string[]) => (await gateway.get('/db/x', ...fields)).status;
    return { service, gateway, status, yaml };
  }

  test('one too many is 429, says when to come again, and does not reach the service', async () => {
    const { service, gateway, status } = await stage('{ rate: 2/h }');
    expect([await status(), await status()]).toEqual([200, 200]);
    const answer = await gateway.get('/db/x', 'Accept: application/json');
    expect(answer.status).toBe(429);
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'rate_limited' });
    expect(answer.head.value('ratelimit-policy')).toBe('"ip";q=2;w=3600');
    const wait = answer.head.value('retry-after')!;
    expect(Number(wait)).toBeGreaterThan(1_700);
    expect(Number(wait)).toBeLessThanOrEqual(1_800);
    expect(answer.head.value('ratelimit')).toBe(`"ip";r=0;t=${wait}`);
    expect(service.requests).toHaveLength(2);
    expect(await gateway.log.exchange(429)).toMatchObject({ policy: 'rateLimit' });
  });

  test('what passes is told what is left, and until when', async () => {
    const { gateway } = await stage(
      '[{ rate: 60/h, burst: 3 }, { rate: 5/h, by: header X-T }, { rate: 9/d, by: route }]',
    );
    const told = async () => {
      const { status, head } = await gateway.get('/db/x', 'X-T: a');
      return [status, head.value('ratelimit-policy'), head.value('ratelimit')];
    };
    const policy = '"ip";q=60;w=3600, "header";q=5;w=3600';
    expect(await told()).toEqual([200, policy, '"ip";r=2;t=120, "header";r=4;t=2880']);
    expect(await told()).toEqual([200, policy, '"ip";r=1;t=60, "header";r=3;t=2160']);
  });

  test('every spelling and every way in is counted as one', async () => {
    const { service, gateway, status } = await stage('{ rate: 1/d }');
    expect(await status()).toBe(200);
    for (const target of ['/%64b/x', '/db', '/db/', '/db//y', '/db/x?z'])
      expect([target, (await gateway.get(target)).status]).toEqual([target, 429]);
    expect((await gateway.exchange(handshake('/db/x'))).status).toBe(429);
    const session = await connectH2(gateway.port, 'http');
    expect((await exchangeH2(session, { ':path': '/db/x' })).status).toBe(429);
    session.destroy();
    expect(service.requests).toHaveLength(1);
  });

  test('by address: a /64 is one client, as far as trustProxy lets it be believed', async () => {
    const { status } = await stage('{ rate: 1/d, by: ip }');
    expect(await status(from('2001:db8::1'))).toBe(200);
    expect(await status(from('2001:db8::ffff:2'))).toBe(429);
    expect(await status(from('2001:db8:0:1::1'))).toBe(200);
    expect(await status(from('10.0.0.1'))).toBe(200);
    expect(await status(from('::ffff:10.0.0.1'))).toBe(429);
    expect(await status(from('10.9.9.9, 10.0.0.1'))).toBe(429);
  });

  test('by header or cookie: without it the address counts', async () => {
    const { status } = await stage('{ rate: 1/d, by: header X-Tenant }');
    expect([await status('X-Tenant: a'), await status('x-tenant: a')]).toEqual([200, 429]);
    expect([await status(`X-Tenant: ${'b'.repeat(500)}`), await status()]).toEqual([200, 200]);
    expect([await status(), await status('X-Tenant:')]).toEqual([429, 429]);
    const cookie = await stage('{ rate: 1/d, by: cookie sid }');
    expect(await cookie.status('Cookie: a=1; sid=x')).toBe(200);
    expect(await cookie.status('Cookie: sid=x')).toBe(429);
    expect(await cookie.status('Cookie: sid=y')).toBe(200);
  });

  test('by user: after the login, and by address before it', async () => {
    const { status } = await stage(
      '[{ rate: 1/d, by: user }, { rate: 4/d, by: ip }]',
      'auth: { basic: users.txt }',
    );
    expect([await status(basic('ann', 'secret')), await status(basic('ann', 'secret'))]).toEqual([200, 429]);
    expect([await status(basic('bob', 'word')), await status()]).toEqual([200, 401]);
    expect(await status()).toBe(429);
  });

  test('a reload keeps the count of a limit that is unchanged', async () => {
    const { gateway, status, yaml } = await stage('{ rate: 1/d }');
    expect(await status()).toBe(200);
    await gateway.editAndReload(`${yaml}# the same\n`);
    expect(await status()).toBe(429);
    await gateway.editAndReload(yaml.replace('1/d', '2/d'));
    expect(await status()).toBe(200);
  });
});

// What a client chooses is counted apart from what it can't: 8 times 16,400 values of headers would fill the table of addresses twice.
test('who is limited by address is not forgotten for values of headers that somebody sends', async () => {
  const names = Array.from({ length: 8 }, (_, at) => `X-H${at}`);
  const limits = names.map((name) => `{ rate: 1/d, by: header ${name} }`).join(', ');
  const yaml = `routes:\n  /login: { respond: 204, rateLimit: { rate: 1/d } }\n  /open: { respond: 204, rateLimit: [${limits}] }\n`;
  const gateway = await startTestGateway(yaml);
  const login = async () => (await gateway.get('/login')).status;
  expect([await login(), await login()]).toEqual([204, 429]);
  const client = await gateway.connect();
  for (let sent = 0; sent < 16_400; sent += 200) {
    const batch = Array.from({ length: 200 }, (_, at) =>
      get('/open', ...names.map((name) => `${name}: ${sent + at}`)),
    );
    await client.send(batch.join(''));
    for (const _ of batch) expect((await client.answer()).status).toBe(204);
  }
  client.destroy();
  expect(await login()).toBe(429);
});

test('an answer of the gateway itself, and one of the cache, says what is left now', async () => {
  const service = (await startService()).answer(
    reply(200, ['Cache-Control: max-age=60', 'RateLimit: "db";r=7'], 'x'),
  );
  const yaml = `rateLimit: [{ rate: 9/h }, { rate: 8/h, by: ip }]\nroutes:\n  /a: { respond: 204 }\n  /b: { to: ${service.port}, cache: true }\n`;
  const gateway = await startTestGateway(yaml);
  const left = async (target: string) => (await gateway.get(target)).head.values('ratelimit');
  expect(await left('/a')).toEqual(['"ip";r=8;t=3200, "ip-2";r=7;t=3150']);
  expect(await left('/b/')).toEqual(['"db";r=7', '"ip";r=8;t=3200, "ip-2";r=7;t=3150']);
  expect(await left('/b/')).toEqual(['"db";r=7', '"ip";r=7;t=2800, "ip-2";r=6;t=2700']);
  expect(service.requests).toHaveLength(1);
});

test('each route counts for itself, and off takes it away', async () => {
  const { port } = (await startService()).answer(ok('x'));
  const yaml = `rateLimit: { rate: 1/d, by: route }\nroutes:\n  /a: ${port}\n  /b: ${port}\n  /c: { to: ${port}, rateLimit: off }\n`;
  const gateway = await startTestGateway(yaml);
  const statuses: number[] = [];
  for (const target of ['/a/', '/b/', '/c/', '/a/', '/b/', '/c/'])
    statuses.push((await gateway.get(target)).status);
  expect(statuses).toEqual([200, 200, 200, 429, 429, 200]);
});

test('the example of the page does what the page says', async () => {
  const { port } = (await startService()).answer(ok('x'));
  const gateway = await startTestGateway(pageExample('rate-limit.md').replaceAll(/300[12]/g, `${port}`));
  const statuses: number[] = [];
  for (const tenant of ['a', 'a', 'a', 'b'])
    statuses.push((await gateway.get('/search/', `X-Tenant: ${tenant}`)).status);
  expect(statuses).toEqual([200, 200, 429, 200]);
  expect((await gateway.get('/api/')).status).toBe(200);
});
