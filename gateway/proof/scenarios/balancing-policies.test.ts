import { describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { answers, portsOf, startNamed } from '../testing/named-services.ts';
import { type Answer, get, request } from '../testing/raw-client.ts';
import { ok, type ScriptedService, startService } from '../testing/service.ts';

/** `a`, which holds every request back until it is let go, and two that answer at once. */
async function threeWithOneHung() {
  const release = Promise.withResolvers<void>();
  const hung = (await startService()).answer(async () => {
    await release.promise;
    return ok('a');
  });
  const others = await startNamed('bc');
  return { services: [hung, ...others], release: release.resolve };
}

/**
 * Asks until the service holds a request back, and waits for each answer of the others: while one is under way, a service that hangs is
 * no busier than they are.
 * @returns the answer that is held back.
 */
async function hang(gateway: TestGateway, service: ScriptedService): Promise<{ answer: Promise<Answer> }> {
  const held = service.connection(15_000).then(() => true);
  for (;;) {
    const answer = (await gateway.connect()).exchange(get('/db/'), 15_000);
    if (await Promise.race([held, answer.then(() => false)])) return { answer };
  }
}

test('weights are kept exactly, over a reload that is about something else, and no endpoint gets its turns in one go', async () => {
  const [a, b, c] = await startNamed('abc');
  const yaml = `routes:\n  /db: { to: [{ at: ${a!.port}, weight: 5 }, ${b!.port}, ${c!.port}] }\n`;
  const gateway = await startTestGateway(yaml);
  const before = await answers(gateway, 3);
  await gateway.editAndReload(`${yaml}  /other: ${a!.port}\n`);
  expect(before + (await answers(gateway, 11))).toBe('aabacaaaabacaa');
});

test('a reload that changes policy, weights and ejection keeps the connections that are warm', async () => {
  const [a] = await startNamed('abc');
  const gateway = await startTestGateway(`routes:\n  /db: ${a!.port}\n`);
  await gateway.get('/db/');
  const to = `{ to: { at: ${a!.port}, weight: 3 }, balance: least-requests, ejection: off }`;
  await gateway.editAndReload(`routes:\n  /db: ${to}\n`);
  await gateway.get('/db/');
  expect(a!.connections).toHaveLength(1);
});

test.each(['least-requests', 'random-two'])(
  '%s sends nothing to an endpoint that hangs while the others answer, and uses it again when it goes on',
  async (balance) => {
    const { services, release } = await threeWithOneHung();
    const yaml = `routes:\n  /db: { to: ${portsOf(services)}, balance: ${balance} }\n`;
    const gateway = await startTestGateway(yaml);
    const { answer } = await hang(gateway, services[0]!);
    expect(new Set(await answers(gateway, 20))).toEqual(new Set('bc'));
    release();
    await answer;
    expect(new Set(await answers(gateway, 60))).toEqual(new Set('abc'));
  },
);

describe('hash', () => {
  test.each<[string, string, (user: string) => string]>([
    ['a header', '{ hash: { header: X-User } }', (user) => `X-User: ${user}`],
    ['a cookie', '{ hash: { cookie: sid } }', (user) => `Cookie: a=1; sid=${user}; b=2`],
  ])('by %s keeps each user at one endpoint, and uses all of them', async (_what, balance, field) => {
    const services = await startNamed('abc');
    const yaml = `routes:\n  /db: { to: ${portsOf(services)}, balance: ${balance} }\n`;
    const gateway = await startTestGateway(yaml);
    const homes: string[] = [];
    for (let user = 0; user < 24; user++) {
      const names = await answers(gateway, 2, field(`user-${user}`));
      expect(names[0]).toBe(names[1]);
      homes.push(names[0]!);
    }
    expect(new Set(homes)).toEqual(new Set(['a', 'b', 'c']));
  });

  test('by address of the client believes a trusted proxy, and puts everybody else where their connection comes from', async () => {
    const services = await startNamed('abc');
    const to = `to: ${portsOf(services)}, balance: hash`;
    const gateway = await startTestGateway(`trustProxy: [127.0.0.1]\nroutes:\n  /db: { ${to} }\n`);
    const homes = new Set<string>();
    for (let client = 0; client < 24; client++)
      homes.add(await answers(gateway, 1, `X-Forwarded-For: 192.0.2.${client}`));
    expect(homes).toEqual(new Set(['a', 'b', 'c']));
    expect(new Set(await answers(gateway, 4)).size).toBe(1);
  });
});

test.each(['round-robin', 'least-requests', 'random-two', 'hash'])(
  'an endpoint that refuses is passed over by %s',
  async (balance) => {
    const services = await startNamed('abc');
    await services[1]!.close();
    const yaml = `routes:\n  /db: { to: ${portsOf(services)}, balance: ${balance} }\n`;
    const gateway = await startTestGateway(yaml);
    for (let i = 0; i < 6; i++) {
      const { status, text } = await gateway.exchange(request('POST', '/db/', [], 'body'));
      expect([status, ['a', 'c'].includes(text)]).toEqual([200, true]);
    }
  },
);
