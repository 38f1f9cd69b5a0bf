import { describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { portsOf, startNamed } from '../testing/named-services.ts';
import type { Answer } from '../testing/raw-client.ts';
import { routeKinds } from '../testing/route-kinds.ts';
import type { ScriptedService } from '../testing/service.ts';
import { agreement, handshake } from '../testing/websocket.ts';

/** The cookie of the service, put back behind the prefix. */
const OWN = 'own=1; Path=/db';

function yaml(services: readonly ScriptedService[], sticky = 'true', before = ''): string {
  return `${before}routes:\n  /db: { to: ${portsOf(services)}, sticky: ${sticky} }\n`;
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

describe.each(routeKinds)('$kind that is sticky', ({ routes, files }) => {
  test('keeps a client at its endpoint, sets its cookie once, and keeps it from the service', async () => {
    const services = await startNamed('abc', 'Set-Cookie: own=1; Path=/');
    const gateway = await startTestGateway(routes('/db', portsOf(services), 'sticky: true'), { files });
    const homes = new Set<string>();
    for (let client = 0; client < 3; client++) {
      const first = await gateway.get('/db/');
      const [own, sticky] = first.head.values('set-cookie');
      expect([own, sticky]).toEqual([OWN, expect.stringMatching(/^portway=/)]);
      const cookie = `Cookie: own=1; ${sticky!.split(';')[0]}; last=2`;
      for (let turn = 0; turn < 2; turn++) {
        const { text, head } = await gateway.get('/db/deep/page?x', cookie);
        expect([text, head.values('set-cookie')]).toEqual([first.text, [OWN]]);
      }
      homes.add(first.text);
    }
    expect(homes.size).toBe(3);
    const seen = services.flatMap(({ requests }) => requests.map(({ head }) => head.value('cookie')));
    expect(new Set(seen)).toEqual(new Set([undefined, 'own=1; last=2']));
  });
});

describe('a sticky route', () => {
  test('keeps WebSockets where their page came from, and gives one that comes first its cookie', async () => {
    const services = await startNamed('abc');
    const gateway = await startTestGateway(yaml(services));
    const { name, cookie } = await settle(gateway);
    const home = services['abc'.indexOf(name)]!;
    for (const service of services) service.answer(agreement());
    for (let turn = 0; turn < 3; turn++) {
      const client = await gateway.connect();
      await client.send(handshake('/db/live', `Cookie: ${cookie}`));
      const head = await client.head();
      expect([head.status, head.values('set-cookie')]).toEqual([101, []]);
    }
    expect(home.requests.filter(({ target }) => target === '/live')).toHaveLength(3);
    const newcomer = await gateway.connect();
    await newcomer.send(handshake('/db/live'));
    expect((await newcomer.head()).value('set-cookie')).toMatch(/^portway=/);
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
    const gateway = await startTestGateway(yaml(await startNamed('abc'), sticky, before));
    const { head } = await gateway.get('/db/', ...fields);
    expect(head.value('set-cookie')).toMatch(expected);
  });

  test('tells nobody where the endpoint is, and takes no cookie of somebody’s invention for one', async () => {
    const services = await startNamed('abc');
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
    const gateway = await startTestGateway(yaml(await startNamed('abc')));
    const { name, cookie } = await settle(gateway);
    for (let turn = 0; turn < 3; turn++) {
      const { text, head } = await gateway.get('/db/', `Cookie: portway=other; xportway=1; ${cookie}`);
      expect([text, head.value('set-cookie')]).toEqual([name, undefined]);
    }
  });

  test('gives a client whose endpoint is gone another one, and a cookie for that', async () => {
    const services = await startNamed('abc');
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
    const services = await startNamed('abc');
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
    const services = await startNamed('abc');
    const plain = await startTestGateway(yaml(services.slice(0, 1)));
    const { cookie } = await settle(plain);
    await plain.close();
    const secret = await startTestGateway(yaml(services.slice(0, 1)), {
      env: { PORTWAY_STICKY_SECRET: 'correct horse' },
    });
    expect((await settle(secret)).cookie).not.toBe(cookie);
  });
});
