import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { connectH2, exchangeH2 } from '../testing/h2-client.ts';
import { get, request } from '../testing/http-client.ts';
import { until } from '../testing/poll.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { ok, reply, startService } from '../testing/service.ts';
import { basic, usersFile } from '../testing/users-file.ts';
import { handshake, openTunnel } from '../testing/websocket.ts';

describe.each(laneKinds)('concurrent on $kind', ({ routes, files }) => {
  async function stage(limit: string, ...keys: string[]) {
    const service = await startService();
    const held: (() => void)[] = [];
    service.answer(async ({ target }, connection) => {
      if (target === '/reset') return void connection.reset();
      if (target === '/open') return reply(200, ['Cache-Control: max-age=60'], 'x');
      await new Promise<void>((resolve) => held.push(resolve));
      return ok('at last');
    });
    const yaml = routes('/db', service.port, `concurrent: ${limit}`, 'retries: off', ...keys);
    const gateway = await startTestGateway(yaml, {
      files: { ...files, 'users.txt': usersFile({ ann: 'a' }) },
    });
    const status = async (target: string, ...fields: string[]) =>
      (await gateway.get(target, ...fields)).status;
    /** Held by the service. */
    const hold = async (...fields: string[]) => {
      const before = held.length;
      const client = await gateway.connect();
      const answer = client.exchange(get('/db/held', ...fields));
      answer.catch(() => {});
      await until('the service has it', () => held.length > before);
      return { client, answer, letGo: () => held[before]!() };
    };
    return { gateway, service, status, hold, yaml };
  }

  test('one too many is 429, and does not reach the service; when one ends, another may come', async () => {
    const { gateway, service, status, hold } = await stage('2');
    const [first, second] = [await hold(), await hold()];
    const answer = await gateway.get('/db/open', 'Accept: application/json');
    expect(answer.status).toBe(429);
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'too_many_at_once' });
    expect(answer.head.value('ratelimit-policy')).toBe('"concurrent";q=2;qu="concurrent-requests"');
    expect(answer.head.value('ratelimit')).toBe('"concurrent";r=0');
    expect(answer.head.value('retry-after')).toBe('1');
    expect(await gateway.log.exchange(429)).toMatchObject({ policy: 'concurrent' });
    // No spelling and no way in has a count of its own.
    for (const target of ['/%64b/open', '/db//open', '/db/open?x', '/db/a/%2e%2e/open'])
      expect([target, (await status(target)) === 200]).toEqual([target, false]);
    expect((await gateway.exchange(handshake('/db/open'))).status).toBe(429);
    first.letGo();
    expect((await first.answer).status).toBe(200);
    await until('there is room', async () => (await status('/db/open')) === 200);
    second.letGo();
    await second.answer;
    expect(service.requests.filter(({ target }) => target === '/open')).toHaveLength(1);
  });

  test('a client that leaves, and a service that resets, leave room', async () => {
    const { status, hold, gateway } = await stage('1');
    for (let round = 0; round < 3; round++) {
      const { client } = await hold();
      expect(await status('/db/open')).toBe(429);
      client.destroy();
      await until('there is room', async () => (await status('/db/open')) === 200);
      expect(await status('/db/reset')).toBe(502);
    }
    const half = await gateway.connect();
    await half.send('POST /db/held HTTP/1.1\r\nHost: g\r\nContent-Length: 10\r\n\r\nhalf');
    await until('it has begun', async () => (await status('/db/open')) === 429);
    half.destroy();
    await until('there is room', async () => (await status('/db/open')) === 200);
    expect((await gateway.exchange(request('POST', '/db/reset', [], 'x'))).status).toBe(502);
    expect(await status('/db/open')).toBe(200);
  });

  test('by header: each has its own', async () => {
    const { status, hold } = await stage('{ requests: 1, by: header X-T }');
    const one = await hold('X-T: a');
    expect([await status('/db/open', 'X-T: a'), await status('/db/open', 'X-T: b')]).toEqual([429, 200]);
    one.letGo();
    await one.answer;
  });

  test('by user: one that leaves while its password is checked leaves room', async () => {
    const { gateway, status } = await stage('{ requests: 1, by: user }', 'auth: { basic: users.txt }');
    const client = await gateway.connect();
    await client.send(get('/db/open', basic('ann', 'a')));
    client.destroy();
    await gateway.log.exchange(499);
    // Behind the check of the one that left.
    expect(await status('/db/open', basic('ann', 'wrong'))).toBe(401);
    expect(await status('/db/open', basic('ann', 'a'))).toBe(200);
  });

  test('by user: each has its own', async () => {
    const user = await stage('{ requests: 1, by: user }', 'auth: { basic: users.txt }');
    const held = await user.hold(basic('ann', 'a'));
    const seen = [await user.status('/db/open', basic('ann', 'a')), await user.status('/db/open')];
    expect(seen).toEqual([429, 401]);
    held.letGo();
    await held.answer;
  });

  test('a reload keeps what is under way', async () => {
    const { gateway, status, hold, yaml } = await stage('1');
    const { letGo, answer } = await hold();
    await gateway.editAndReload(`${yaml}# the same\n`);
    expect(await status('/db/open')).toBe(429);
    letGo();
    await answer;
    await until('there is room', async () => (await status('/db/open')) === 200);
  });

  test('streams of HTTP/2 count, and one that is reset leaves room', async () => {
    const { gateway, status } = await stage('1');
    const session = await connectH2(gateway.port, 'http');
    const stream = session.request({ ':path': '/db/held', ':authority': 'g' });
    stream.on('error', () => {});
    await until('it has begun', async () => (await status('/db/open')) === 429);
    expect((await exchangeH2(session, { ':path': '/db/open' })).status).toBe(429);
    stream.close(8);
    await until('there is room', async () => (await status('/db/open')) === 200);
    session.destroy();
  });
});

test('a WebSocket counts as long as it is open', async () => {
  const service = await startService();
  const gateway = await startTestGateway(`routes:\n  /db: { to: ${service.port}, concurrent: 1 }\n`);
  const client = await gateway.connect();
  const connection = await openTunnel(client, service, '/db/chat');
  expect((await gateway.get('/db/x')).status).toBe(429);
  expect((await gateway.exchange(handshake('/db/chat'))).status).toBe(429);
  client.destroy();
  await until('it is closed', () => connection.ended !== null);
  service.answer(ok('x'));
  await until('there is room', async () => (await gateway.get('/db/x')).status === 200);
});
