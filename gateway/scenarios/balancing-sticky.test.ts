import { describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import type { Answer } from '../testing/raw-client.ts';
import { ok, type ScriptedService, startService } from '../testing/service.ts';

async function startThree(...fields: string[]): Promise<ScriptedService[]> {
  const services: ScriptedService[] = [];
  for (const name of ['a', 'b', 'c']) services.push((await startService()).answer(ok(name, ...fields)));
  return services;
}

function yaml(services: readonly ScriptedService[], sticky = 'true', before = ''): string {
  const ports = services.map(({ port }) => port).join(', ');
  return `${before}routes:\n  /db: { to: [${ports}], sticky: ${sticky} }\n`;
}

function cookieOf({ head }: Answer): string {
  return head.value('set-cookie')!.split(';')[0]!;
}

/** A client that has been given its endpoint. */
async function settle(gateway: TestGateway) {
  const first = await gateway.get('/db/');
  const cookie = cookieOf(first);
  return { name: first.text, cookie, ask: (target = '/db/') => gateway.get(target, `Cookie: ${cookie}`) };
}

describe('a sticky route', () => {
  test('keeps a client at its endpoint, and sets its cookie once', async () => {
    const gateway = await startTestGateway(yaml(await startThree()));
    const clients = [await settle(gateway), await settle(gateway), await settle(gateway)];
    expect(new Set(clients.map(({ name }) => name)).size).toBe(3);
    for (let turn = 0; turn < 3; turn++) {
      for (const { name, ask } of clients) {
        const { text, head } = await ask('/db/deep/page?x');
        expect([text, head.value('set-cookie')]).toEqual([name, undefined]);
      }
    }
  });

  test.each<[string, string, string, string[], RegExp]>([
    ['by default', 'true', '', [], /^portway=[\w-]{16}; Path=\/db; HttpOnly; SameSite=Lax$/],
    [
      'with a name and an age',
      '{ cookie: shop, maxAge: 1d }',
      '',
      [],
      /^shop=[\w-]{16}; Path=\/db; Max-Age=86400; HttpOnly; SameSite=Lax$/,
    ],
    [
      'behind https and another prefix',
      'true',
      'trustProxy: [127.0.0.1]\n',
      ['X-Forwarded-Proto: https', 'X-Forwarded-Prefix: /shop'],
      /^portway=[\w-]{16}; Path=\/shop\/db; HttpOnly; SameSite=Lax; Secure$/,
    ],
  ])('sets the cookie %s', async (_how, sticky, before, fields, expected) => {
    const gateway = await startTestGateway(yaml(await startThree(), sticky, before));
    const { head } = await gateway.get('/db/', ...fields);
    expect(head.value('set-cookie')).toMatch(expected);
  });

  test('sets it beside the cookies of the service, which sees its own and not the gateway’s', async () => {
    const services = await startThree('Set-Cookie: own=1; Path=/');
    const gateway = await startTestGateway(yaml(services.slice(0, 1)));
    const first = await gateway.get('/db/');
    expect(first.head.values('set-cookie')).toEqual(['own=1; Path=/db', expect.stringMatching(/^portway=/)]);
    const sticky = first.head.values('set-cookie')[1]!.split(';')[0]!;
    await gateway.get('/db/', `Cookie: own=1; ${sticky}; last=2`);
    await gateway.get('/db/', `Cookie: ${sticky}`);
    const seen = services[0]!.requests.map(({ head }) => head.value('cookie'));
    expect(seen.slice(1)).toEqual(['own=1; last=2', undefined]);
  });

  test('tells nobody where the endpoint is, and takes no cookie of somebody’s invention for one', async () => {
    const services = await startThree();
    const gateway = await startTestGateway(yaml(services));
    const { cookie } = await settle(gateway);
    const token = cookie.slice('portway='.length);
    const plain = `${token} ${Buffer.from(token, 'base64url').toString('latin1')}`;
    for (const { port } of services) expect(plain).not.toContain(String(port));
    for (const invented of ['', 'x', `localhost:${services[0]!.port}`, '__proto__', token.slice(1)]) {
      const { status, head } = await gateway.get('/db/', `Cookie: portway=${invented}`);
      expect([status, head.value('set-cookie')]).toEqual([200, expect.stringMatching(/^portway=/)]);
    }
  });

  test('finds its cookie among others of the same name', async () => {
    const gateway = await startTestGateway(yaml(await startThree()));
    const { name, cookie } = await settle(gateway);
    for (let turn = 0; turn < 3; turn++) {
      const { text, head } = await gateway.get('/db/', `Cookie: portway=other; xportway=1; ${cookie}`);
      expect([text, head.value('set-cookie')]).toEqual([name, undefined]);
    }
  });

  test('gives a client whose endpoint is gone another one, and a cookie for that', async () => {
    const services = await startThree();
    const gateway = await startTestGateway(yaml(services));
    const { name, cookie, ask } = await settle(gateway);
    await services['abc'.indexOf(name)]!.close();
    const moved = await ask();
    expect(moved.status).toBe(200);
    expect(moved.text).not.toBe(name);
    expect(cookieOf(moved)).not.toBe(cookie);
    for (let turn = 0; turn < 3; turn++)
      expect((await gateway.get('/db/', `Cookie: ${cookieOf(moved)}`)).text).toBe(moved.text);
  });

  test('keeps everybody over a reload that adds an endpoint, and over a restart', async () => {
    const services = await startThree();
    const gateway = await startTestGateway(yaml(services.slice(0, 2)));
    const clients = [await settle(gateway), await settle(gateway)];
    await gateway.editAndReload(yaml(services));
    for (const { name, ask } of clients) expect((await ask()).text).toBe(name);
    await gateway.close();
    const restarted = await startTestGateway(yaml([...services].reverse()));
    for (const { name, cookie } of clients)
      expect((await restarted.get('/db/', `Cookie: ${cookie}`)).text).toBe(name);
  });

  test('names endpoints otherwise where a secret is set', async () => {
    const services = await startThree();
    const plain = await startTestGateway(yaml(services.slice(0, 1)));
    const { cookie } = await settle(plain);
    await plain.close();
    const secret = await startTestGateway(yaml(services.slice(0, 1)), {
      env: { PORTWAY_STICKY_SECRET: 'correct horse' },
    });
    expect((await settle(secret)).cookie).not.toBe(cookie);
  });
});
