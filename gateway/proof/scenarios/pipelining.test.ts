import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { get } from '../testing/raw-client.ts';
import { ok, startService } from '../testing/service.ts';

const FLOOD = 400;

async function stage() {
  const service = (await startService()).answer(ok('served'));
  return startTestGateway(`routes:\n  /db: ${service.port}\n`);
}

describe('a connection whose many requests are answered at once', () => {
  test.each([
    ['wire', '/nothing'],
    ['general', 'http://127.0.0.1/nothing'],
  ])('takes turns with others in the %s lane', async (_lane, target) => {
    const gateway = await stage();
    const flood = await gateway.connect();
    const probe = await gateway.connect();
    expect((await probe.exchange(get('/db/'))).text).toBe('served');
    await flood.send(get(target).repeat(FLOOD));
    await probe.send(get('/probe'));
    await until('all are answered', () => gateway.log.exchanges().length === FLOOD + 2, 20_000);
    const place = gateway.log.exchanges().findIndex((line) => line.target === '/probe');
    expect(place).toBeLessThan(FLOOD / 2);
  });

  test.each([
    ['wire', '/nothing'],
    ['general', 'http://127.0.0.1/nothing'],
  ])('gets all of its answers in the %s lane, though it has ended its side', async (_lane, target) => {
    const gateway = await stage();
    const client = await gateway.connect({ halfOpen: true });
    await client.send(get(target).repeat(50));
    client.fin();
    for (let i = 0; i < 50; i++) expect((await client.answer()).status).toBe(404);
  });
});
