import { expect, test } from 'vitest';
import { startGatewayProcess } from '../testing/gateway-process.ts';
import { scrape } from '../testing/metrics-text.ts';
import { until } from '../testing/poll.ts';
import { connect, get } from '../testing/raw-client.ts';
import { ok, startService } from '../testing/service.ts';

const REQUESTS = 'http_server_request_duration_seconds_count';

test('workers are summed, and one that is replaced or killed has counted for good', {
  timeout: 60_000,
}, async () => {
  const db = (await startService()).answer(ok());
  const gateway = await startGatewayProcess(`workers: 2\nroutes: { /db: ${db.port} }\n`);
  const workers = (await gateway.readyWorkers(2)) as [number, number];
  const ask = async (times: number) => {
    for (let at = 0; at < times; at++) {
      // A connection for each, so that both workers have some.
      const client = await connect(gateway.port);
      expect((await client.exchange(get('/db'))).status).toBe(200);
      client.destroy();
    }
  };
  const counted = async () => {
    const metrics = await scrape(gateway.adminPort);
    const requests = metrics.sum(REQUESTS, { http_route: '/db', http_response_status_code: '200' });
    const buckets = { http_route: '/db', le: '+Inf' };
    return {
      metrics,
      requests,
      attempts: metrics.sum('http_client_request_duration_seconds_bucket', buckets),
    };
  };
  const become = (requests: number) =>
    until(`${requests} are counted`, async () => {
      const now = await counted();
      expect(now.requests).toBeLessThanOrEqual(requests);
      return now.requests === requests && now.attempts === requests;
    });

  await ask(7);
  await become(7);
  const { metrics } = await counted();
  expect(metrics.samples(REQUESTS)).toHaveLength(1);
  expect(metrics.sum('portway_workers')).toBe(2);
  expect(metrics.sum('process_start_time_seconds')).toBeLessThan(Date.now() / 1000);
  // Two of them have a service's connections; what makes no sense as a sum is not summed.
  expect(metrics.sum('portway_endpoint_available')).toBe(1);

  await ask(5);
  expect((await gateway.admin('POST', '/workers/replace')).status).toBe(200);
  await ask(3);
  // Nobody asked between those five and the end of those who had counted them.
  await become(15);
  await until('those who were replaced are gone', async () => (await gateway.workers()).length === 2);
  await become(15);
  expect((await gateway.readyWorkers(2)).filter((pid) => workers.includes(pid))).toEqual([]);

  const [victim] = (await gateway.readyWorkers(2)) as [number];
  process.kill(victim, 'SIGKILL');
  await until('it is replaced', async () => {
    const now = await gateway.workers();
    return now.length === 2 && now.every(({ pid, state }) => pid !== victim && state === 'ready');
  });
  await ask(2);
  await become(17);
  expect((await counted()).metrics.sum('portway_worker_deaths_total')).toBe(1);
});
