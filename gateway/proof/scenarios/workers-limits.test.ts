import { expect, test } from 'vitest';
import { startGatewayProcess } from '../testing/gateway-process.ts';
import { until } from '../testing/poll.ts';
import { get, type RawClient } from '../testing/raw-client.ts';
import { ok, startService } from '../testing/service.ts';

async function stage(workers: number, policy: string) {
  const service = (await startService()).answer(ok('x'));
  const yaml = `workers: ${workers}\nlog: { access: false }\nroutes: { /db: { to: ${service.port}, ${policy} } }\n`;
  const gateway = await startGatewayProcess(yaml);
  await gateway.readyWorkers(workers);
  // They are dealt out in turn, so that each worker has as many of them.
  const clients: RawClient[] = [];
  for (let at = 0; at < workers * 5; at++) clients.push(await gateway.connect());
  let passed = 0;
  /** One request on each connection, all at once. */
  const round = async () => {
    const answers = await Promise.all(clients.map((client) => client.exchange(get('/db/x'))));
    expect(answers.every(({ status }) => status === 200 || status === 429)).toBe(true);
    passed += answers.filter(({ status }) => status === 200).length;
    return answers;
  };
  return { gateway, service, clients, round, passed: () => passed };
}

test.each([2, 4])(
  '%i workers keep one limit: a client on all of them passes no more than the limit and what one word that is late may cost',
  {
    timeout: 60_000,
  },
  async (workers) => {
    const { round, passed } = await stage(workers, 'rateLimit: { rate: 18/d }');
    await until('the limit is used up', async () => {
      await round();
      return passed() >= 18;
    });
    for (let more = 0; more < 5; more++) await round();
    expect(passed()).toBeGreaterThanOrEqual(18);
    // A credit of one each; and one more of those to whom the machine gave no word within 25 ms, as what is left is shared rounded up.
    expect(passed()).toBeLessThanOrEqual(18 + 2 * workers);
    const [refused] = await round();
    expect(refused?.status).toBe(429);
    expect(Number(refused?.head.value('retry-after'))).toBeGreaterThan(3_600);
  },
);

test('while the primary does not answer, every request is decided all the same', {
  timeout: 60_000,
}, async () => {
  const { gateway, round, passed } = await stage(2, 'rateLimit: { rate: 40/d }');
  // Each alone, for itself, would let pass 40. What it was not told of when the primary stopped, its credit and the rounding are far less than the 20 here.
  const most = 60;
  // A connection is with its worker once it was answered; the others are the primary's to deal out.
  await round();
  process.kill(gateway.pid, 'SIGSTOP');
  try {
    for (let more = 0; more < 10; more++) await round();
    expect(passed()).toBeGreaterThanOrEqual(30);
    expect(passed()).toBeLessThanOrEqual(most);
  } finally {
    process.kill(gateway.pid, 'SIGCONT');
  }
  // What was let pass meanwhile is told, and counted.
  await until('the limit is used up', async () => {
    const answers = await round();
    return answers.every(({ status }) => status === 429);
  });
  expect(passed()).toBeLessThanOrEqual(most);
});

// Each worker counted for itself: eight were under way, where four may be.
test('workers keep one count of what is under way, and one that dies gives its part back', {
  timeout: 60_000,
}, async () => {
  const { gateway, service, clients } = await stage(2, 'concurrent: 4');
  const held: (() => void)[] = [];
  let holds = true;
  service.answer(async () => {
    if (holds) await new Promise<void>((resolve) => held.push(resolve));
    return ok('x');
  });
  const statuses: number[] = [];
  const ask = (client: RawClient) =>
    client.exchange(get('/db/x')).then(
      ({ status }) => statuses.push(status),
      () => {},
    );
  for (const client of clients.slice(0, 8)) void ask(client);
  await until('each of them has been let pass or refused', () => held.length + statuses.length === 8);
  // A credit of one for each worker.
  expect(held.length).toBeGreaterThanOrEqual(4);
  expect(held.length).toBeLessThanOrEqual(6);
  expect(new Set(statuses)).toEqual(new Set([429]));
  const [first] = await gateway.readyWorkers(2);
  process.kill(first!, 'SIGKILL');
  await until('there is room again', async () => {
    const before = held.length;
    const client = await gateway.connect();
    void ask(client);
    const refused = statuses.length;
    await until('it is decided', () => held.length > before || statuses.length > refused);
    return held.length > before;
  });
  holds = false;
  for (const letGo of held) letGo();
  await until('nothing is under way', async () => {
    const answers = await Promise.all(
      [0, 1, 2, 3].map(async () => (await gateway.connect()).exchange(get('/db/x'))),
    );
    return answers.every(({ status }) => status === 200);
  });
});

// Each worker counted for itself: it took half the time.
test('workers keep one bandwidth', { timeout: 60_000 }, async () => {
  const KIB = 1024;
  const body = 320 * KIB;
  const { service, clients } = await stage(2, 'bandwidth: { answers: 1MiB/s, burst: 64KiB }');
  service.answer(ok('x'.repeat(body)));
  const begun = performance.now();
  const answers = await Promise.all(clients.slice(0, 4).map((client) => client.exchange(get('/db/x'))));
  expect(answers.map(({ body: { length } }) => length)).toEqual([body, body, body, body]);
  // A burst and a piece may be under way in each worker when the word of the other comes.
  const beyond = 2 * (64 + 64) * KIB + 2 * 64 * KIB;
  expect(performance.now() - begun).toBeGreaterThan(((4 * body - beyond) / (1024 * KIB)) * 1_000);
});
