import { describe, expect, test } from 'vitest';
import { startDeafPort } from '../testing/deaf-port.ts';
import { freePort } from '../testing/free-port.ts';
import { startTestGateway } from '../testing/gateway.ts';
import { holdClock } from '../testing/held-clock.ts';
import { scrape } from '../testing/metrics-text.ts';
import { pageExample } from '../testing/page-example.ts';
import { until } from '../testing/poll.ts';
import { get, request } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { ok, reply, type ScriptedService, startService } from '../testing/service.ts';
import { handshake } from '../testing/websocket.ts';

const whenCopied = (mirror: ScriptedService, count: number) =>
  until(`${count} copies have come`, () => mirror.requests.length >= count);

/** Of a result, over all routes. */
async function counted(adminPort: number, result: string): Promise<number> {
  return (await scrape(adminPort)).sum('portway_mirror_requests_total', { result });
}

describe.each(laneKinds)('mirror on $kind', ({ routes, files }) => {
  async function stage(mirrorPort: number, settings = '', ...keys: string[]) {
    const service = (await startService()).answer(ok('the service'));
    const yaml = `admin: 3900\n${routes('/db', service.port, `mirror: { to: ${mirrorPort}${settings} }`, ...keys)}`;
    const gateway = await startTestGateway(yaml, { files });
    return { service, gateway };
  }

  test('a copy of each request goes there, as the service gets it, and its answer to nobody', async () => {
    const mirror = (await startService()).answer(reply(500, ['X-Of: mirror'], 'the mirror'));
    const { service, gateway } = await stage(mirror.port);
    const answer = await gateway.get('/db/x?y=1', 'Cookie: a=b', 'X-Portway-Mirror: no');
    expect([answer.status, answer.text, answer.head.value('x-of')]).toEqual([200, 'the service', undefined]);
    await whenCopied(mirror, 1);
    const { head, target, method } = mirror.request;
    const seen = [method, target, head.value('cookie'), head.value('x-portway-mirror')];
    expect(seen).toEqual(['GET', '/x?y=1', 'a=b', '1']);
    expect(head.value('x-request-id')).toBe(service.request.head.value('x-request-id'));
    expect(head.value('x-forwarded-for')).toBe('127.0.0.1');
    expect(service.requests).toHaveLength(1);
    await until('it is counted', async () => (await counted(gateway.adminPort, 'answered')) === 1);
  });

  test('a body is copied whole, however it comes, and one that is too large is not', async () => {
    const mirror = (await startService()).answer(ok('x'));
    const { service, gateway } = await stage(mirror.port, ', bodyMax: 1KiB');
    const chunked =
      'POST /db/b HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n3\r\nsix\r\n0\r\n\r\n';
    const large = 'x'.repeat(5_000);
    const bodies = [
      [request('POST', '/db/a', [], 'hello'), 'hello'],
      [chunked, 'foursix'],
      [request('PUT', '/db/c', [], large), large],
      [
        `POST /db/d HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n${large}\r\n0\r\n\r\n`,
        large,
      ],
      [request('POST', '/db/e', [], 'y'.repeat(1_024)), 'y'.repeat(1_024)],
    ] as const;
    for (const [message] of bodies) expect((await gateway.exchange(message)).status).toBe(200);
    expect(service.requests.map(({ body }) => String(body))).toEqual(bodies.map(([, body]) => body));
    await whenCopied(mirror, 3);
    const seen = mirror.requests.map(({ target, body }) => `${target} ${body.length}`).toSorted();
    expect(seen).toEqual(['/a 5', '/b 7', '/e 1024']);
    await until('they are counted', async () => (await counted(gateway.adminPort, 'too_large')) === 2);
  });

  test('a share is counted', async () => {
    const mirror = (await startService()).answer(ok('x'));
    const { gateway } = await stage(mirror.port, ', share: 25%');
    for (let at = 0; at < 8; at++) expect((await gateway.get(`/db/${at}`)).status).toBe(200);
    await until('two copies are counted', async () => (await counted(gateway.adminPort, 'answered')) === 2);
    expect(mirror.requests).toHaveLength(2);
  });

  test('what a policy refuses or answers is not copied', async () => {
    const mirror = (await startService()).answer(ok('x'));
    const { gateway } = await stage(mirror.port, '', 'rateLimit: { rate: 1/d }');
    expect((await gateway.get('/db/first')).status).toBe(200);
    for (let at = 0; at < 5; at++) expect((await gateway.get('/db/refused')).status).toBe(429);
    await whenCopied(mirror, 1);
    expect(mirror.request.target).toBe('/first');
  });
});

describe('a hostile mirror changes nothing', () => {
  async function stage(mirrorPort: number) {
    const service = (await startService()).answer(({ body }) => ok(String(body) || 'x'));
    const yaml = `admin: 3900\nroutes:\n  /db: { to: ${service.port}, mirror: ${mirrorPort} }\n`;
    const gateway = await startTestGateway(yaml);
    const all = async (count: number) => {
      const client = await gateway.connect();
      for (let at = 0; at < count; at++) {
        expect((await client.exchange(get(`/db/${at}`))).status).toBe(200);
        expect((await client.exchange(request('POST', '/db/', [], `${at}`))).text).toBe(`${at}`);
      }
      client.destroy();
    };
    return { gateway, all };
  }

  test('one that never answers: so many copies are under way, and no more', async () => {
    // A copy waits for a connection for a second, which a hundred requests may take.
    holdClock();
    const mirror = await startService();
    const { gateway, all } = await stage(mirror.port);
    await all(50);
    expect(await counted(gateway.adminPort, 'skipped')).toBe(36);
    expect(mirror.connections.length).toBeLessThanOrEqual(16);
  });

  test('one that takes no connection, or does not exist', async () => {
    const deaf = await stage(await startDeafPort());
    await deaf.all(10);
    const none = await stage(await freePort());
    await none.all(10);
    await until('they are counted', async () => (await counted(none.gateway.adminPort, 'failed')) === 20);
  });

  test.each([
    ['resets', (_: unknown, connection: { reset(): void }) => connection.reset()],
    ['speaks no HTTP', () => 'hello\r\n\r\n'],
    ['ends in the middle of its answer', () => 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'],
  ] as const)('one that %s', async (_name, script) => {
    const mirror = (await startService()).answer(script as never);
    const { all } = await stage(mirror.port);
    await all(10);
  });

  test('one that sends interim answers without end loses its connection', async () => {
    const mirror = await startService();
    const { gateway, all } = await stage(mirror.port);
    expect((await gateway.get('/db/x')).status).toBe(200);
    const connection = await mirror.connection();
    await connection.head();
    const interim = 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(65);
    await connection.send(`${interim}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`);
    const counts = async () => [
      await counted(gateway.adminPort, 'answered'),
      await counted(gateway.adminPort, 'failed'),
    ];
    await until('it is counted', async () => String(await counts()) !== '0,0');
    expect(await counts()).toEqual([0, 1]);
    await until('it is cut', () => connection.ended !== null);
    await all(3);
  });

  test('one whose answer has no end loses its connection', async () => {
    const mirror = await startService();
    const { gateway, all } = await stage(mirror.port);
    expect((await gateway.get('/db/x')).status).toBe(200);
    const connection = await mirror.connection();
    await connection.head();
    await connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n');
    const chunk = 'x'.repeat(256 * 1024);
    for (let sent = 0; sent < 100 && connection.ended === null; sent++)
      await connection.send(chunk).catch(() => {});
    await until('it is cut', () => connection.ended !== null);
    await until('it is counted', async () => (await counted(gateway.adminPort, 'answered')) === 1);
    await all(3);
  });
});

test('answers of the cache make no copy, and no upgrade is copied', async () => {
  const mirror = (await startService()).answer(ok('x'));
  const service = (await startService()).answer(reply(200, ['Cache-Control: max-age=60'], 'x'));
  const yaml = `routes:\n  /db: { to: ${service.port}, cache: true, mirror: ${mirror.port} }\n`;
  const gateway = await startTestGateway(yaml);
  for (let at = 0; at < 3; at++) expect((await gateway.get('/db/x')).status).toBe(200);
  await gateway.exchange(handshake('/db/x'));
  expect((await gateway.get('/db/y')).status).toBe(200);
  await whenCopied(mirror, 2);
  expect(mirror.requests.map(({ target }) => target).toSorted()).toEqual(['/x', '/y']);
});

test('a client that leaves in the middle of its body leaves no copy behind, and a reload ends what is under way', async () => {
  const mirror = await startService();
  const service = (await startService()).answer(ok('x'));
  const yaml = `admin: 3900\nroutes:\n  /db: { to: ${service.port}, mirror: ${mirror.port} }\n`;
  const gateway = await startTestGateway(yaml);
  const client = await gateway.connect();
  await client.send('POST /db/ HTTP/1.1\r\nHost: g\r\nContent-Length: 10\r\n\r\nhalf');
  await service.connection();
  client.destroy();
  await gateway.log.exchange(499);
  expect((await gateway.get('/db/x')).status).toBe(200);
  const connection = await mirror.connection();
  expect((await connection.head()).target).toBe('/x');
  await gateway.editAndReload(yaml.replace(/, mirror: \d+/, ''));
  await until('it is cut', () => connection.ended !== null);
});

test('explain names it, and the example of the page does what the page says', async () => {
  const [service, mirror] = [(await startService()).answer(ok('x')), (await startService()).answer(ok('x'))];
  const yaml = pageExample('mirror.md').replace('3001', `${service.port}`).replace('3011', `${mirror.port}`);
  const gateway = await startTestGateway(`admin: 3900\n${yaml}`);
  for (let at = 0; at < 20; at++) await gateway.get('/api/');
  await until('two copies are counted', async () => (await counted(gateway.adminPort, 'answered')) === 2);
  const explained = await fetch(`http://127.0.0.1:${gateway.adminPort}/explain?url=/api/x`);
  expect(JSON.stringify(await explained.json())).toContain('(mirror, gets a copy of 10%)');
});
