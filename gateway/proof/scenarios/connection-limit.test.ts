import { expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { get } from '../testing/raw-client.ts';
import { ok, startService } from '../testing/service.ts';

test('a client beyond maxConnections is answered 503 and may come back', async () => {
  const service = (await startService()).answer(ok());
  const gateway = await startTestGateway(`maxConnections: 2\nroutes:\n  /db: ${service.port}\n`);
  const first = await gateway.connect();
  await first.exchange(get('/db/'));
  const second = await gateway.connect();
  await second.exchange(get('/db/'));
  const third = await gateway.connect();
  const refusal = await third.exchange(get('/db/'));
  expect(refusal.status).toBe(503);
  expect(refusal.head.value('retry-after')).toMatch(/^\d+$/);
  expect(refusal.head.value('proxy-status')).toContain('connection_limit_reached');
  await third.ending();
  expect((await first.exchange(get('/db/'))).status).toBe(200);
  first.destroy();
  await expect.poll(async () => (await gateway.get('/db/')).status).toBe(200);
});
