import { expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { ok, startService } from '../testing/service.ts';

// The limit for a request head is 10 s and not configurable, so these run side by side.
test('a head that does not become complete is answered 408 after ten seconds, and closed', {
  timeout: 40_000,
}, async () => {
  const service = (await startService()).answer(ok());
  const gateway = await startTestGateway(`routes:\n  /db: ${service.port}\n`);
  const parts = ['G', 'GET /db/ HTTP/1.1\r\n', 'GET /db/ HTTP/1.1\r\nHost: a\r\nX-Slow: '];
  const stalled = parts.map(async (part) => {
    const client = await gateway.connect();
    await client.send(part);
    const began = performance.now();
    expect((await client.answer('GET', 20_000)).status).toBe(408);
    expect(performance.now() - began).toBeGreaterThan(9_000);
    await client.ending();
  });
  const trickling = async () => {
    const client = await gateway.connect();
    const timer = setInterval(() => client.send('X'), 500);
    await client.send('GET /db/ HTTP/1.1\r\nX-Slow: ');
    expect((await client.answer('GET', 20_000)).status).toBe(408);
    clearInterval(timer);
  };
  await Promise.all([...stalled, trickling()]);
  expect(service.connections).toEqual([]);
  expect((await gateway.get('/db/')).status).toBe(200);
});
