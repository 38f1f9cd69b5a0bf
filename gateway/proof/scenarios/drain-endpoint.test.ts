import { expect, test } from 'vitest';
import type { EndpointStatus, RouteStatus } from '../../model/status.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { startGatewayProcess } from '../testing/gateway-process.ts';
import { ask } from '../testing/load.ts';
import { until } from '../testing/poll.ts';
import { runPortway } from '../testing/portway.ts';
import { get } from '../testing/raw-client.ts';
import { ok, startService } from '../testing/service.ts';

const YAML = 'routes:\n  /db: [A, B]\n  /one: A\n';

async function stage(yaml = `admin: 3900\n${YAML}`, options: Parameters<typeof startTestGateway>[1] = {}) {
  const held = Promise.withResolvers<void>();
  const a = (await startService()).answer(async ({ target }) => {
    if (target === '/held') await held.promise;
    return ok('a');
  });
  const b = (await startService()).answer(ok('b'));
  const placed = (text: string) => text.replaceAll('A', String(a.port)).replaceAll('B', String(b.port));
  const gateway = await startTestGateway(placed(yaml), options);
  return { a, b, gateway, placed, address: `localhost:${a.port}`, release: () => held.resolve() };
}

async function endpointsOf(gateway: TestGateway, route: string): Promise<readonly EndpointStatus[]> {
  const routes = JSON.parse((await gateway.admin('GET', '/routes')).text) as RouteStatus[];
  return routes.find(({ id }) => id === route)!.endpoints;
}

async function texts(gateway: TestGateway, count: number, target = '/db/x'): Promise<Set<string>> {
  const all = new Set<string>();
  for (let at = 0; at < count; at++) all.add((await gateway.get(target)).text);
  return all;
}

test('a drained endpoint gets nothing new, ends what it has, and is admitted again', async () => {
  const { a, gateway, address, placed, release } = await stage();
  const running = await gateway.connect();
  await running.send(get('/one/held'));
  await until('it is under way', () => a.connections.length > 0);
  const drained = await gateway.admin('POST', `/endpoints/drain?address=${a.port}`);
  expect(JSON.parse(drained.text)).toEqual({
    address,
    drained: true,
    active: 1,
    routes: [
      { id: '/db', left: 1 },
      { id: '/one', left: 0 },
    ],
  });
  expect(await texts(gateway, 6)).toEqual(new Set(['b']));
  const refused = await gateway.get('/one/x');
  expect([refused.status, refused.text.includes('no_endpoint')]).toEqual([503, true]);

  const [first] = await endpointsOf(gateway, '/db');
  expect(first).toMatchObject({ address, state: 'down', reason: 'drained, 1 under way', drained: 1 });
  const explained = await gateway.admin('GET', '/explain?url=/db/x');
  expect(JSON.parse(explained.text).chosen.endpoints[0]).toMatch(/\(drained\)$/);
  const metrics = (await gateway.admin('GET', '/metrics')).text;
  expect(metrics).toContain(`portway_endpoint_drained{http_route="/db",endpoint="${address}"} 1`);
  expect(metrics).toContain(`portway_endpoint_available{http_route="/db",endpoint="${address}"} 0`);

  release();
  expect((await running.answer('GET')).text).toBe('a');
  await until('nothing is under way', async () => (await endpointsOf(gateway, '/db'))[0]?.drained === 0);

  await gateway.editAndReload(placed(`${YAML}  /more: { to: A, timeouts: { response: 3s } }\n`));
  expect((await gateway.get('/more/x')).status).toBe(503);
  expect(await texts(gateway, 4)).toEqual(new Set(['b']));

  const admitted = await gateway.admin('POST', `/endpoints/admit?address=${address}`);
  expect(JSON.parse(admitted.text)).toMatchObject({ drained: false, active: null });
  expect(await texts(gateway, 4)).toEqual(new Set(['a', 'b']));
  expect((await gateway.admin('GET', '/endpoints')).text).toContain('[]');
});

test('the fallback does not stand in for what is drained', async () => {
  const { b, gateway, address } = await stage(
    'admin: 3900\nroutes:\n  /db: { to: A, fallback: "http://localhost:B" }\n',
  );
  await gateway.admin('POST', `/endpoints/drain?address=${address}`);
  expect((await gateway.get('/db/x')).status).toBe(503);
  expect(b.requests).toHaveLength(0);
});

test.each([
  ['/endpoints/drain', 400],
  ['/endpoints/drain?address=', 400],
  ['/endpoints/drain?address=localhost:1', 404],
  ['/endpoints/admit?address=localhost:1', 404],
])('POST %s is %i', async (target, status) => {
  const { gateway } = await stage();
  expect((await gateway.admin('POST', target)).status).toBe(status);
  expect((await gateway.admin('POST', target, 'Origin: http://evil.example')).status).toBe(403);
});

test('where nothing may be changed, nothing is drained', async () => {
  const { gateway, address } = await stage(`admin: { port: 4999, readOnly: true }\n${YAML}`);
  expect((await gateway.admin('POST', `/endpoints/drain?address=${address}`)).status).toBe(403);
});

test('all workers know, and the one that takes the place of another', { timeout: 60_000 }, async () => {
  const [a, b] = [(await startService()).answer(ok('a')), (await startService()).answer(ok('b'))];
  const gateway = await startGatewayProcess(`workers: 2\nroutes: { /db: [${a.port}, ${b.port}] }\n`);
  await gateway.readyWorkers(2);
  const served = async () => {
    const all = new Set<string>();
    for (let at = 0; at < 8; at++) {
      const client = await gateway.connect();
      all.add((await client.exchange(get('/db/x'))).text);
      client.destroy();
    }
    return all;
  };
  const answer = await gateway.admin('POST', `/endpoints/drain?address=${a.port}`);
  expect(answer.body).toMatchObject({ drained: true, active: 0 });
  expect(await served()).toEqual(new Set(['b']));
  const told = async (target: string) => JSON.parse((await ask(gateway.adminPort, target)).text);
  const capture = (await gateway.admin('POST', '/capture?for=5m')).body;
  expect((await gateway.admin('POST', '/workers/replace')).status).toBe(200);
  expect(await served()).toEqual(new Set(['b']));
  // Nor do they forget whose bodies are kept.
  expect((await told('/status')).capture).toEqual(capture);
  const [{ id }] = (await told('/exchanges?limit=1')).exchanges;
  expect((await told(`/exchanges/${id}?bodies=true`)).answer.body).toMatchObject({ text: 'b' });
  const run = (...words: string[]) => runPortway([...words, '--config', gateway.configFile]);
  const seen = await run('admit', String(a.port));
  expect(seen).toMatchObject({ code: 0, stdout: `localhost:${a.port} gets requests again\n` });
  expect(await served()).toEqual(new Set(['a', 'b']));
  const drained = `localhost:${b.port} is drained; nothing is under way there\n`;
  expect(await run('drain', `localhost:${b.port}`)).toMatchObject({ code: 0, stdout: drained });
  expect(await served()).toEqual(new Set(['a']));
  expect((await run('drain', '1')).stderr).toMatch(
    /No route has the endpoint localhost:1\. There are \S+:\d+/,
  );
});
