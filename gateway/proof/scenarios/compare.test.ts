import { describe, expect, test } from 'vitest';
import type { ComparedList } from '../../model/exchanges.ts';
import { startDeafPort } from '../testing/deaf-port.ts';
import { freePort } from '../testing/free-port.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { scrape } from '../testing/metrics-text.ts';
import { until } from '../testing/poll.ts';
import { request } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { ok, reply, startService } from '../testing/service.ts';

async function compared(gateway: TestGateway, query = ''): Promise<ComparedList> {
  return JSON.parse((await gateway.admin('GET', `/compare${query}`)).text) as ComparedList;
}

/** When so many pairs are judged. */
async function judged(gateway: TestGateway, count: number): Promise<ComparedList> {
  let list: ComparedList | undefined;
  await until(`${count} pairs are judged`, async () => {
    list = await compared(gateway);
    const [one] = list.routes;
    return one !== undefined && one.same + one.different + one.failed + one.skipped >= count;
  });
  return list!;
}

const json = (value: unknown, ...fields: string[]) =>
  reply(200, ['Content-Type: application/json', ...fields], JSON.stringify(value));

describe.each(laneKinds)('compare on $kind', ({ routes, files }) => {
  async function stage(otherPort: number, settings = '') {
    const service = (await startService()).answer(({ target }) => {
      if (target === '/text') return ok('one');
      return json(
        { name: 'x', at: 1, list: [1, 2], token: 'a' },
        'X-Build: 1',
        'Date: now',
        'Set-Cookie: s=1',
      );
    });
    const yaml = `admin: 3900\n${routes('/db', service.port, `compare: { to: ${otherPort}${settings} }`)}`;
    return { service, gateway: await startTestGateway(yaml, { files }) };
  }

  test('says where answers to the same request differ, and keeps that to itself', async () => {
    const other = (await startService()).answer(({ target }) => {
      if (target === '/text') return ok('two');
      const list = target === '/same' ? [1, 2] : [1, 3];
      const at = target === '/same' ? 1 : 2;
      return json({ list, at, name: 'x', token: 'b' }, 'X-Build: 2', 'Date: then', 'Set-Cookie: s=2');
    });
    const { service, gateway } = await stage(other.port, ', ignore: [X-Build, /at, /token]');
    for (const target of ['/db/same', '/db/x?key=secret', '/db/text'])
      expect((await gateway.get(target)).status).toBe(200);
    const { routes: counted, differences } = await judged(gateway, 3);
    expect(counted).toEqual([{ route: '/db', same: 1, different: 2, failed: 0, skipped: 0, dropped: 0 }]);
    expect(differences.map(({ difference: { body }, target }) => [target, body])).toEqual([
      ['/text', { kind: 'text', same: false, changes: [] }],
      [
        '/x?key=(not shown)',
        { kind: 'json', same: false, changes: [{ path: '/list/1', before: 2, after: 3 }] },
      ],
    ]);
    expect(differences[1]?.difference).toMatchObject({ status: null, fields: [] });
    expect(service.requests).toHaveLength(3);
    expect((await compared(gateway, '?route=/other')).routes).toEqual([]);
    const metrics = await scrape(gateway.adminPort);
    expect(metrics.sum('portway_compared_requests_total', { result: 'different' })).toBe(2);
    const { text } = await gateway.admin('GET', '/explain?url=/db/x');
    expect(text).toContain('compared by its answers');
  });

  test('sees what differs behind more ignored places than it lists', async () => {
    const many = (value: number) => Array.from({ length: 300 }, () => value);
    const answering = async (value: number) =>
      (await startService()).answer(json({ meta: many(value), total: value }));
    const [service, other] = [await answering(1), await answering(2)];
    const compare = `compare: { to: ${other.port}, ignore: [/meta] }`;
    const gateway = await startTestGateway(`admin: 3900\n${routes('/db', service.port, compare)}`, { files });
    await gateway.get('/db/x');
    const { routes: counted, differences } = await judged(gateway, 1);
    expect(counted[0]).toMatchObject({ same: 0, different: 1 });
    expect(differences[0]?.difference.body.changes).toEqual([{ path: '/total', before: 1, after: 2 }]);
  });

  test('asks twice only what may be asked twice, and a share of that', async () => {
    const other = (await startService()).answer(ok('x'));
    const { gateway } = await stage(other.port, ', share: 50%');
    for (let at = 0; at < 4; at++)
      expect((await gateway.exchange(request('POST', '/db/x', ['Host: localhost'], 'body'))).status).toBe(
        200,
      );
    for (let at = 0; at < 4; at++) await gateway.get('/db/text');
    await judged(gateway, 2);
    expect(other.requests.map(({ method }) => method)).toEqual(['GET', 'GET']);
  });

  test.each(['deaf', 'closed', 'broken'])('neither waits for nor fails with a %s port', async (kind) => {
    const broken = (await startService()).answer((_asked, connection) => {
      connection.destroy();
      return undefined;
    });
    const ports = { deaf: () => startDeafPort(), closed: () => freePort(), broken: async () => broken.port };
    const port = await ports[kind as keyof typeof ports]();
    const { gateway } = await stage(typeof port === 'number' ? port : (port as { port: number }).port);
    for (let at = 0; at < 3; at++) expect((await gateway.get('/db/text')).text).toBe('one');
    if (kind !== 'deaf') expect((await judged(gateway, 3)).routes[0]).toMatchObject({ failed: 3, same: 0 });
  });
});

test('a route has a mirror or a comparison', async () => {
  await expect(
    startTestGateway('routes: { /db: { to: 3001, mirror: 3011, compare: 3012 } }'),
  ).rejects.toThrow(/one of mirror and compare/);
});
