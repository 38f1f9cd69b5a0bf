import { describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { answers } from '../testing/named-services.ts';
import { until } from '../testing/poll.ts';
import { ok, startService } from '../testing/service.ts';
import { startSwitched } from '../testing/switched-service.ts';

const states = async (gateway: TestGateway) => {
  const [route] = await gateway.gateway.figure('routes');
  return route!.endpoints.map(({ state }) => state).join(' ');
};

describe('a backup', () => {
  test('takes over when the last of the others is ill, and gives back to the first that is well', async () => {
    const [a, b] = [await startSwitched('a'), await startSwitched('b')];
    const backup = await startSwitched('z');
    const to = `[${a.port}, ${b.port}, { at: ${backup.port}, backup: true }]`;
    const health = 'health: { path: /healthz, interval: 150ms, unhealthyAfter: 2, healthyAfter: 1 }';
    const gateway = await startTestGateway(`routes:\n  /db: { to: ${to}, ${health} }\n`);
    await until('all are known to be well', () => a.checks > 0 && b.checks > 0 && backup.checks > 0);
    expect([...(await answers(gateway, 4))].sort().join('')).toBe('aabb');
    a.health = 'ill';
    await until('one is ill', async () => (await states(gateway)) === 'down up up');
    expect(await answers(gateway, 3)).toBe('bbb');
    b.health = 'ill';
    await until('both are ill', async () => (await states(gateway)) === 'down down up');
    expect(await answers(gateway, 3)).toBe('zzz');
    a.health = 'well';
    await until('one is back', async () => (await states(gateway)) === 'up down up');
    expect(await answers(gateway, 3)).toBe('aaa');
  });

  test('serves at once a request that found all the others closed', async () => {
    const [primary, backup] = [await startService(), (await startService()).answer(ok('z'))];
    await primary.close();
    const to = `[${primary.port}, { at: ${backup.port}, backup: true }]`;
    const gateway = await startTestGateway(`routes:\n  /db: { to: ${to}, ejection: off }\n`);
    expect(await answers(gateway, 3)).toBe('zzz');
  });

  test('is shown as one, with its weight', async () => {
    const [primary, backup] = [await startService(), await startService()];
    const to = `[${primary.port}, { at: ${backup.port}, backup: true, weight: 3 }]`;
    const gateway = await startTestGateway(`routes:\n  /db: { to: ${to}, balance: least-requests }\n`);
    const [route] = await gateway.gateway.figure('routes');
    expect(route).toMatchObject({
      balance: 'least-requests',
      endpoints: [
        { role: 'primary', weight: 1 },
        { role: 'backup', weight: 3 },
      ],
    });
  });
});

describe('a canary', () => {
  const yaml = (stable: number, canary: number, weight: string, more = '') =>
    `routes:\n  /db: { to: ${stable}, canary: { to: ${canary}, weight: ${weight} }${more} }\n`;

  test.each([
    ['25%', 40, 10],
    ['5%', 40, 2],
    ['0%', 10, 0],
    ['100%', 10, 10],
  ])('of %s gets exactly that of %i requests', async (weight, requests, expected) => {
    const [stable, canary] = [(await startService()).answer(ok('s')), (await startService()).answer(ok('c'))];
    const gateway = await startTestGateway(yaml(stable.port, canary.port, weight));
    const names = await answers(gateway, requests);
    expect([...names].filter((name) => name === 'c')).toHaveLength(expected);
  });

  test('that is closed costs nobody an answer', async () => {
    const [stable, canary] = [(await startService()).answer(ok('s')), await startService()];
    await canary.close();
    const gateway = await startTestGateway(yaml(stable.port, canary.port, '50%'));
    expect(await answers(gateway, 8)).toBe('ssssssss');
  });

  test('keeps its sticky clients when its share shrinks, and the others theirs when it grows', async () => {
    const [stable, canary] = [(await startService()).answer(ok('s')), (await startService()).answer(ok('c'))];
    const sticky = ', sticky: true';
    const gateway = await startTestGateway(yaml(stable.port, canary.port, '50%', sticky));
    const clients: { readonly name: string; readonly cookie: string }[] = [];
    for (let i = 0; i < 4; i++) {
      const { text, head } = await gateway.get('/db/');
      clients.push({ name: text, cookie: head.value('set-cookie')!.split(';')[0]! });
    }
    expect(clients.map(({ name }) => name).sort()).toEqual(['c', 'c', 's', 's']);
    for (const weight of ['0%', '100%']) {
      await gateway.editAndReload(yaml(stable.port, canary.port, weight, sticky));
      for (const { name, cookie } of clients)
        expect(await answers(gateway, 2, `Cookie: ${cookie}`)).toBe(name + name);
      expect(await answers(gateway, 2)).toBe(weight === '0%' ? 'ss' : 'cc');
    }
  });
});
