import { expect, test } from 'vitest';
import type { GatewayStatus } from '../../model/status.ts';
import { freePort } from '../testing/free-port.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { ok, startService } from '../testing/service.ts';

test('/status tells of each route its traffic, lane and policies, and of the whole where it is reached', async () => {
  const service = (await startService()).answer(ok('here'));
  const gone = await freePort();
  const yaml = `admin: 3900\nroutes:\n  /db: { to: ${service.port}, cors: true, rateLimit: { rate: 100/s } }\n  /gone: ${gone}\n`;
  const gateway = await startTestGateway(yaml);
  const began = Date.now();
  await gateway.get('/db/x');
  await gateway.get('/gone/x');
  await gateway.get('/nowhere');
  const status = await statusOf(gateway);
  expect(status).toMatchObject({
    notReady: null,
    mode: 'production',
    origin: `http://localhost:${gateway.port}`,
    refusedShare: 0,
    unrouted: { requests: 1, failed: 0 },
  });
  const [db, down] = status.routes;
  expect(db).toMatchObject({
    id: '/db',
    lane: { lane: 'wire' },
    policies: ['cors', 'rateLimit'],
    traffic: { requests: 1, failed: 0, active: 0 },
  });
  expect(db!.traffic!.lastAt).toBeGreaterThanOrEqual(began - 1);
  expect(db!.traffic!.buckets.reduce((sum, one) => sum + one, 0)).toBe(1);
  expect(db!.traffic!.buckets).toHaveLength(status.boundsS.length + 1);
  expect(down).toMatchObject({ id: '/gone', policies: [], traffic: { requests: 1, failed: 1 } });
});

test('a route without traffic has none to tell of', async () => {
  const gateway = await startTestGateway(`admin: 3900\nroutes:\n  /db: ${await freePort()}\n`);
  const { routes, unrouted } = await statusOf(gateway);
  expect(routes.map(({ traffic }) => traffic)).toEqual([null]);
  expect(unrouted).toBeNull();
});

async function statusOf(gateway: TestGateway): Promise<GatewayStatus> {
  return JSON.parse((await gateway.admin('GET', '/status')).text);
}
