import { describe, expect, test } from 'vitest';
import { type NameServer, startNameServer } from '../testing/dns-server.ts';
import { freePort } from '../testing/free-port.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { connect, get } from '../testing/raw-client.ts';
import { ok, type ScriptedService, startService } from '../testing/service.ts';

/** Services on one port, at 127.0.0.2 and the addresses after it, each of which answers with its address. */
async function startAt(...hosts: string[]): Promise<ScriptedService[]> {
  const services: ScriptedService[] = [];
  for (const host of hosts)
    services.push(await startService({ listen: { host, port: services[0]?.port ?? 0 } }));
  for (const [at, service] of services.entries()) service.answer(ok(hosts[at]));
  return services;
}

const shop = (server: NameServer, port: number) =>
  `resolver: ${server.address}\nroutes:\n  /shop: http://shop.test:${port}\n`;

async function names(gateway: TestGateway, count: number): Promise<Set<string>> {
  const seen = new Set<string>();
  for (let i = 0; i < count; i++) {
    const { status, text } = await gateway.get('/shop/');
    seen.add(status === 200 ? text : String(status));
  }
  return seen;
}

describe('a name', () => {
  test('leads to each of its addresses, and to others when it changes, without a failed request', async () => {
    const [two, three] = await startAt('127.0.0.2', '127.0.0.3', '127.0.0.4');
    const server = (await startNameServer()).set('shop.test', ['127.0.0.2', '127.0.0.3'], 1);
    const gateway = await startTestGateway(shop(server, two!.port));
    expect(await names(gateway, 4)).toEqual(new Set(['127.0.0.2', '127.0.0.3']));

    const failed: string[] = [];
    let changed = false;
    const client = await gateway.connect();
    const load = (async () => {
      while (!changed) {
        const { status } = await client.exchange(get('/shop/'));
        if (status !== 200) failed.push(String(status));
      }
    })();
    server.set('shop.test', ['127.0.0.3', '127.0.0.4'], 1);
    await until('the new address is used', async () => (await names(gateway, 2)).has('127.0.0.4'));
    await until('what is gone has no connection left', () =>
      two!.connections.every(({ ended }) => ended !== null),
    );
    changed = true;
    await load;
    expect(failed).toEqual([]);
    expect(await names(gateway, 6)).toEqual(new Set(['127.0.0.3', '127.0.0.4']));
    // The connections of the one that stayed are kept warm.
    expect(three!.connections.some(({ ended }) => ended === null)).toBe(true);
  });

  test('that changes lets an exchange finish where it is', async () => {
    const [two] = await startAt('127.0.0.2', '127.0.0.3');
    const held = Promise.withResolvers<void>();
    two!.answer(async () => {
      await held.promise;
      return ok('late');
    });
    const server = (await startNameServer()).set('shop.test', ['127.0.0.2'], 1);
    const gateway = await startTestGateway(shop(server, two!.port));
    const client = await gateway.connect();
    await client.send(get('/shop/'));
    await two!.connection();
    server.set('shop.test', ['127.0.0.3'], 1);
    await until('the other is used', async () => {
      const [route] = await gateway.gateway.figure('routes');
      return route!.endpoints.every(({ address }) => address.startsWith('127.0.0.3:'));
    });
    held.resolve();
    expect((await client.answer()).text).toBe('late');
    expect((await client.exchange(get('/shop/'))).text).toBe('127.0.0.3');
  });

  test.each([
    ['forget', 'ENOTFOUND'],
    ['fail', 'ESERVFAIL'],
  ] as const)(
    'serves on from where it was when DNS answers by %s, says so, and is found again afterwards',
    async (how, code) => {
      const [two] = await startAt('127.0.0.2', '127.0.0.3');
      const server = (await startNameServer()).set('shop.test', ['127.0.0.2'], 1);
      const gateway = await startTestGateway(shop(server, two!.port));
      server[how]('shop.test');
      await gateway.log.find('it is noticed', ({ msg }) => /^the name does not resolve/.test(String(msg)));
      const [{ problems, endpoints } = { problems: [], endpoints: [] }] =
        await gateway.gateway.figure('routes');
      expect(problems![0]).toMatch(
        new RegExp(`^shop\\.test does not resolve \\(${code}\\) since \\S+Z: what it stood for`),
      );
      expect(endpoints).toMatchObject([{ address: `127.0.0.2:${two!.port} (shop.test)`, state: 'up' }]);
      expect(await names(gateway, 2)).toEqual(new Set(['127.0.0.2']));

      // A name that fails is asked for every five seconds, and within one when its addresses can't be reached.
      server.set('shop.test', ['127.0.0.3'], 60);
      await two!.close();
      await until('it serves', async () => (await names(gateway, 1)).has('127.0.0.3'));
      await gateway.log.find('it is found', ({ msg }) => /or is known again$/.test(String(msg)));
      expect((await gateway.gateway.figure('routes'))[0]!.problems).toEqual([]);
    },
  );

  test('that comes later is an error until then, and serves within seconds', async () => {
    const [two] = await startAt('127.0.0.2');
    const server = await startNameServer();
    const gateway = await startTestGateway(shop(server, two!.port));
    const refused = await gateway.get('/shop/');
    expect([refused.status, JSON.parse(refused.text).code]).toEqual([502, 'dns_error']);
    expect((await gateway.gateway.figure('routes'))[0]!.endpoints).toEqual([
      {
        address: `shop.test:${two!.port}`,
        state: 'down',
        reason: 'shop.test does not resolve (ENOTFOUND)',
      },
    ]);
    server.set('shop.test', ['127.0.0.2'], 60);
    await until('it serves', async () => (await gateway.get('/shop/')).status === 200);
  });

  test('is looked up anew at once when nobody can be reached where it led, however long its TTL is', async () => {
    const [two, three] = await startAt('127.0.0.2', '127.0.0.3');
    const server = (await startNameServer()).set('shop.test', ['127.0.0.2'], 3_600);
    const gateway = await startTestGateway(shop(server, two!.port));
    expect(await names(gateway, 1)).toEqual(new Set(['127.0.0.2']));
    server.set('shop.test', ['127.0.0.3'], 3_600);
    await two!.close();
    await until('it has moved', async () => (await gateway.get('/shop/')).status === 200);
    expect(three!.requests.length).toBeGreaterThan(0);
  });

  test('is asked of other servers after a reload that names them', async () => {
    const [two] = await startAt('127.0.0.2', '127.0.0.3');
    const [old, next] = [await startNameServer(), await startNameServer()];
    old.set('shop.test', ['127.0.0.2'], 60);
    next.set('shop.test', ['127.0.0.3'], 60);
    const yaml = (server: string) => `resolver: ${server}\nroutes:\n  /shop: http://shop.test:${two!.port}\n`;
    const gateway = await startTestGateway(yaml(old.address));
    expect(await names(gateway, 2)).toEqual(new Set(['127.0.0.2']));
    await gateway.editAndReload(yaml(next.address));
    expect(await names(gateway, 2)).toEqual(new Set(['127.0.0.3']));
  });

  test('leads a raw TCP stream', async () => {
    const [two] = await startAt('127.0.0.2');
    const server = (await startNameServer()).set('shop.test', ['127.0.0.2'], 1);
    const port = await freePort();
    const yaml = `resolver: ${server.address}\nroutes:\n  /: 9\nstreams:\n  tcp: { ${port}: 'shop.test:${two!.port}' }\n`;
    await startTestGateway(yaml);
    const client = await connect(port);
    expect((await client.exchange(get('/'))).text).toBe('127.0.0.2');
  });
});

test('an SRV name leads where its records say, by their weights and priorities', async () => {
  const a = (await startService({ listen: { host: '127.0.0.2', port: 0 } })).answer(ok('a'));
  const b = (await startService({ listen: { host: '127.0.0.2', port: 0 } })).answer(ok('b'));
  const late = (await startService({ listen: { host: '127.0.0.2', port: 0 } })).answer(ok('late'));
  const server = (await startNameServer()).set('node.test', ['127.0.0.2'], 60);
  const record = (port: number, priority: number, weight: number) => ({
    target: 'node.test',
    port,
    priority,
    weight,
  });
  server.set('_http._tcp.shop.test', [record(a.port, 1, 3), record(b.port, 1, 1), record(late.port, 2, 9)]);
  const yaml = `resolver: ${server.address}\nroutes:\n  /shop: { to: 'srv:_http._tcp.shop.test', hostHeader: rewrite }\n`;
  const gateway = await startTestGateway(yaml);
  for (let i = 0; i < 8; i++) await gateway.get('/shop/');
  expect([a.requests.length, b.requests.length, late.requests.length]).toEqual([6, 2, 0]);
  expect(a.requests[0]!.head.value('host')).toBe(`shop.test:${a.port}`);
  await a.close();
  await b.close();
  expect((await gateway.get('/shop/')).text).toBe('late');
});
