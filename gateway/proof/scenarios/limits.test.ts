import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { get } from '../testing/raw-client.ts';
import { ok, startService } from '../testing/service.ts';

/** A service that keeps every exchange waiting until it is let go of, and a gateway with these limits before it. */
async function startHeld(limits: string, ...endpoints: readonly number[]) {
  const service = await startService();
  const held: (() => void)[] = [];
  service.answer(async () => {
    await new Promise<void>((resolve) => held.push(resolve));
    return ok('at last');
  });
  const to = [service.port, ...endpoints].join(', ');
  const gateway = await startTestGateway(`routes:\n  /db: { to: [${to}], limits: { ${limits} } }\n`);
  return { service, held, gateway };
}

describe('an endpoint', () => {
  test('is given no more connections than its bound; who waits is served in turn', async () => {
    const { service, held, gateway } = await startHeld('connections: 2');
    const clients = await Promise.all([1, 2, 3, 4].map(() => gateway.connect()));
    const answers = clients.map((client) => client.exchange(get('/db/')));
    await until('two have come', () => held.length === 2);
    for (let served = 0; served < 4; served++) {
      await until('the next has come', () => held.length > served);
      held[served]?.();
    }
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(service.connections).toHaveLength(2);
  });

  test('who finds too many waiting is answered 503 at once', async () => {
    const { held, gateway } = await startHeld('connections: 1, waiting: 1');
    const clients = await Promise.all([1, 2, 3].map(() => gateway.connect()));
    const answers = clients.map((client) => client.exchange(get('/db/')));
    const refused = await gateway.log.find('refusal', ({ code }) => code === 'queue_full');
    expect(refused).toMatchObject({ status: 503 });
    await until('one has come', () => held.length === 1);
    held[0]?.();
    await until('the other has come', () => held.length === 2);
    held[1]?.();
    const found = await Promise.all(answers);
    expect(found.map(({ status }) => status).sort()).toEqual([200, 200, 503]);
    const refusal = found.find(({ status }) => status === 503);
    expect(refusal?.head.value('proxy-status')).toContain('connection_limit_reached');
    expect(refusal?.head.value('retry-after')).toMatch(/^\d+$/);
  });

  test('who has waited for long enough is answered 503, and never reaches the service', async () => {
    const { service, held, gateway } = await startHeld('connections: 1, wait: 60ms');
    const first = (await gateway.connect()).exchange(get('/db/first'));
    await until('it has come', () => held.length === 1);
    const askedAt = performance.now();
    const refusal = await gateway.get('/db/second');
    expect(performance.now() - askedAt).toBeGreaterThanOrEqual(59);
    expect([refusal.status, JSON.parse(refusal.text).code]).toEqual([503, 'queue_timeout']);
    expect(refusal.head.value('retry-after')).toMatch(/^\d+$/);
    held[0]?.();
    expect((await first).status).toBe(200);
    expect(service.requests.map(({ target }) => target)).toEqual(['/first']);
  });

  test('is not to blame for how long exchanges wait for it', async () => {
    const { held, gateway } = await startHeld('connections: 1, wait: 10s }, timeouts: { response: 200ms');
    const first = (await gateway.connect()).exchange(get('/db/'));
    await until('it has come', () => held.length === 1);
    const second = await gateway.get('/db/');
    expect([(await first).status, second.status]).toEqual([504, 504]);
    // It began when the first had been given up, and had all of its time.
    expect(held).toHaveLength(2);
  });

  test('whose bounds are met leaves the exchange to another', async () => {
    const other = (await startService()).answer(ok('other'));
    const { held, gateway } = await startHeld('connections: 1, waiting: 0', other.port);
    const first = (await gateway.connect()).exchange(get('/db/'));
    await until('it has come', () => held.length === 1);
    for (let turn = 0; turn < 4; turn++) expect((await gateway.get('/db/')).text).toBe('other');
    expect(gateway.log.records.filter(({ msg }) => /the endpoint/.test(String(msg)))).toEqual([]);
    held[0]?.();
    expect((await first).text).toBe('at last');
  });
});
