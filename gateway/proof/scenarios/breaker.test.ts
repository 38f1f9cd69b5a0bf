import { describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { said, statuses } from '../testing/named-services.ts';
import { until } from '../testing/poll.ts';
import { get } from '../testing/raw-client.ts';
import { ok, reply, startService } from '../testing/service.ts';
import { startSwitched } from '../testing/switched-service.ts';

const yaml = (port: number, breaker: string, ...more: readonly string[]) =>
  `routes:\n  /db: { to: ${port}, breaker: { rate: 50%, requests: 4, ${breaker} } }\n${more.join('')}`;

const refusals = (gateway: TestGateway) =>
  gateway.log.exchanges().filter(({ code }) => code === 'breaker_open').length;

const words = (gateway: TestGateway) => said(gateway, 'the breaker');

describe('a breaker', () => {
  test('opens when too much fails, and then the service is asked no more', async () => {
    const service = await startSwitched('a');
    service.mood = 'ill';
    const gateway = await startTestGateway(yaml(service.port, 'open: 1m'));
    expect(await statuses(gateway, 4)).toEqual([503, 503, 503, 503]);
    const refusal = await gateway.get('/db/');
    expect(JSON.parse(refusal.text)).toMatchObject({ status: 503, code: 'breaker_open' });
    expect(refusal.head.value('proxy-status')).toContain('destination_unavailable');
    const retryAfter = Number(refusal.head.value('retry-after'));
    expect(retryAfter).toBeGreaterThan(50);
    expect(retryAfter).toBeLessThanOrEqual(60);
    await statuses(gateway, 5);
    expect(service.exchanges).toBe(4);
    expect(words(gateway)).toEqual(['the breaker is open: 4 of 4 requests failed within 10 s']);
    const [route] = await gateway.gateway.figure('routes');
    expect(route?.breaker).toEqual({ state: 'open', reason: '4 of 4 requests failed within 10 s' });
  });

  test.each([1, 3])(
    'that has been open for its time lets %d probes through, and closes when they succeed',
    async (probes) => {
      const service = await startService();
      const held: (() => void)[] = [];
      let well = false;
      service.answer(async () => {
        if (well) await new Promise<void>((resolve) => held.push(resolve));
        return well ? ok() : reply(503);
      });
      const gateway = await startTestGateway(yaml(service.port, `open: 50ms, probes: ${probes}`));
      await statuses(gateway, 4);
      well = true;
      const clients = await Promise.all(Array.from({ length: 20 }, () => gateway.connect()));
      const openedAt = performance.now();
      await until('its time is over', () => performance.now() > openedAt + 50);
      const answers = clients.map((client) => client.exchange(get('/db/')));
      await until('all others are refused', () => refusals(gateway) === clients.length - probes);
      await until('the probes have come', () => held.length >= probes);
      expect(held).toHaveLength(probes);
      for (const letGo of held) letGo();
      const found = (await Promise.all(answers)).map(({ status }) => status).sort();
      expect(found).toEqual([...Array(probes).fill(200), ...Array(20 - probes).fill(503)]);
      await until('it is closed', () =>
        words(gateway).some((word) => word.startsWith('the breaker is closed')),
      );
      well = false;
      expect((await gateway.get('/db/')).status).toBe(503);
      expect(service.requests).toHaveLength(4 + probes + 1);
    },
  );

  test('opens again when a probe fails', async () => {
    const service = await startSwitched('a');
    service.mood = 'ill';
    const gateway = await startTestGateway(yaml(service.port, 'open: 50ms'));
    await statuses(gateway, 4);
    await until('a probe went through', async () => {
      await gateway.get('/db/');
      return service.exchanges === 5;
    });
    expect(words(gateway)).toEqual([
      'the breaker is open: 4 of 4 requests failed within 10 s',
      'the breaker is half-open: 0.05 s have passed',
      'the breaker is open: a probe failed (answered 503)',
    ]);
  });

  test('stays as it is over reloads that change another route, or give its own another endpoint', async () => {
    const [a, b] = [await startSwitched('a'), await startSwitched('b')];
    a.mood = 'ill';
    const gateway = await startTestGateway(yaml(a.port, 'open: 1m'));
    await statuses(gateway, 4);
    await gateway.editAndReload(yaml(a.port, 'open: 1m', `  /other: ${b.port}\n`));
    expect((await gateway.get('/other')).text).toBe('b');
    await gateway.get('/db/');
    await gateway.editAndReload(yaml(b.port, 'open: 1m'));
    expect(JSON.parse((await gateway.get('/db/')).text).code).toBe('breaker_open');
    expect([a.exchanges, b.exchanges]).toEqual([4, 1]);
  });

  test('refuses tunnels, too', async () => {
    const service = await startSwitched('a');
    service.mood = 'ill';
    const gateway = await startTestGateway(yaml(service.port, 'open: 1m'));
    await statuses(gateway, 4);
    const upgrade = get('/db/', 'Connection: Upgrade', 'Upgrade: websocket');
    expect((await gateway.exchange(upgrade)).status).toBe(503);
    expect(service.exchanges).toBe(4);
  });

  test('stays closed where clients leave, and where the requests are at fault', async () => {
    const service = await startService();
    service.answer(({ target }) => (target === '/hang' ? undefined : reply(500)));
    const gateway = await startTestGateway(yaml(service.port, 'open: 1m'));
    for (let i = 0; i < 5; i++) {
      const client = await gateway.connect();
      await client.send(get('/db/hang'));
      await until('it has come', () => service.requests.length > i);
      client.destroy();
    }
    expect(await statuses(gateway, 5)).toEqual([500, 500, 500, 500, 500]);
    expect(words(gateway)).toEqual([]);
  });
});
