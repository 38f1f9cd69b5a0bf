import { describe, expect, test } from 'vitest';
import { DEVELOPMENT, startTestGateway } from '../testing/gateway.ts';
import { routeKinds } from '../testing/route-kinds.ts';
import { ok, startService } from '../testing/service.ts';
import { agreement, handshake } from '../testing/websocket.ts';

const OWN = 'http://localhost';
const COOKIE = 'Cookie: a=1; portway-page-80=%2Fvite; b=2';
const page = (path: string) => `Referer: ${OWN}${path}`;

describe.each(routeKinds)('a request that escapes its prefix on $kind', ({ routes, files }) => {
  async function stage(more = '', ...keys: string[]) {
    const service = (await startService()).answer(ok('<p>', 'Content-Type: text/html'));
    const yaml = `${routes('/vite', service.port, ...keys)}\n${more.replaceAll('PORT', String(service.port))}`;
    return { service, gateway: await startTestGateway(yaml, { files, mode: 'development' }) };
  }

  test.each([
    ['by its Referer', [page('/vite/')]],
    ['by a Referer below', [page('/vite/a/b?x=/y')]],
    ['by a Referer in another spelling', [page('/%76ite/a')]],
    ['by the cookie', [COOKIE]],
    ['by the cookie, where the page has another address meanwhile', [page('/dashboard'), COOKIE]],
    ['by the cookie, typed in', [COOKIE, 'Sec-Fetch-Site: none', 'Sec-Fetch-Mode: navigate']],
  ])('is led back %s', async (_how, fields) => {
    const { service, gateway } = await stage();
    const answer = await gateway.get('/assets/a%2Fb.js?v=1&w', ...fields);
    expect(answer.status).toBe(307);
    expect(answer.head.value('location')).toBe('/vite/assets/a%2Fb.js?v=1&w');
    expect(answer.head.value('cache-control')).toBe('no-store');
    expect(answer.head.value('vary')).toBe('Referer');
    expect(service.requests).toEqual([]);
  });

  test.each([
    ['/api/v2/a.js?x', '/vite/a.js?x'],
    ['/api/v2', '/vite'],
    ['/api/v2x', undefined],
    ['/a.js', undefined],
  ])(
    '%s, of an application that has a path of its own at its port, is led to %s',
    async (asked, location) => {
      const { gateway } = await stage('', 'rewritePrefix: /api/v2');
      const answer = await gateway.get(asked, page('/vite/'));
      expect([answer.status, answer.head.value('location')]).toEqual([location ? 307 : 404, location]);
    },
  );

  test.each(['POST', 'PUT', 'DELETE', 'HEAD', 'QUERY'])('with %s, its body unread', async (method) => {
    const { service, gateway } = await stage();
    const body = method === 'HEAD' ? '' : 'x'.repeat(100_000);
    const answer = await gateway.exchange(
      `${method} /api/items HTTP/1.1\r\nHost: localhost\r\n${page('/vite/')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(answer.status).toBe(307);
    expect(answer.head.value('location')).toBe('/vite/api/items');
    expect(service.requests).toEqual([]);
  });

  test.each([
    ['without any sign', []],
    ['of a stranger', ['Referer: http://evil.example/vite/', COOKIE]],
    ['of a stranger whose name begins like ours', ['Referer: http://localhost.evil.example/vite/', COOKIE]],
    ['with our name as user', ['Referer: http://localhost@evil.example/vite/', COOKIE]],
    ['of another scheme', ['Referer: https://localhost/vite/', COOKIE]],
    ['of another port', ['Referer: http://localhost:81/vite/', COOKIE]],
    ['from another site', ['Sec-Fetch-Site: cross-site', COOKIE]],
    ['from another port of the same machine', ['Sec-Fetch-Site: same-site', COOKIE]],
    ['with the Origin of a stranger', ['Origin: http://evil.example', COOKIE]],
    ['with an opaque Origin', ['Origin: null', COOKIE]],
    ['with the cookie of another gateway', ['Cookie: portway-page-81=%2Fvite']],
    ['with two cookies that differ', ['Cookie: portway-page-80=%2Fvite; portway-page-80=%2Fapi']],
    ['with a cookie that names no route', ['Cookie: portway-page-80=%2Fvite%2Fx']],
    ['with a cookie that names another host', ['Cookie: portway-page-80=%2F%2Fevil.example']],
    ['with a cookie that holds a line break', ['Cookie: portway-page-80=%2Fvite%0d%0aX-Evil:%201']],
    ['with a cookie that is no text', ['Cookie: portway-page-80=%E0%A4']],
    ["from the gateway's own page", [page('/'), COOKIE]],
  ])('is left alone %s', async (_what, fields) => {
    const { gateway } = await stage();
    const answer = await gateway.get('/assets/x.js', ...fields);
    expect(answer.status).toBe(404);
    expect(answer.head.has('location')).toBe(false);
  });

  test('is left alone where a route owns the path', async () => {
    const { gateway } = await stage('  /api: PORT\n');
    expect((await gateway.get('/api/x', page('/vite/'))).status).toBe(200);
  });

  test('beats a catch-all where the Referer says so, and only there', async () => {
    const { gateway } = await stage('  /: PORT\n');
    expect((await gateway.get('/x.js', page('/vite/'))).status).toBe(307);
    expect((await gateway.get('/x.js', COOKIE)).status).toBe(200);
    expect((await gateway.get('/x.js', page('/other'), COOKIE)).status).toBe(200);
  });

  test("beats the gateway's own page where the Referer says so, and only there", async () => {
    const { gateway } = await stage();
    const home = await gateway.get('/', page('/vite/'));
    expect(home.head.value('location')).toBe('/vite/');
    expect((await gateway.get('/', COOKIE)).status).toBe(200);
  });

  test('never goes round', async () => {
    const { gateway } = await stage('', 'when: { methods: GET }');
    const post = `POST /x HTTP/1.1\r\nHost: localhost\r\n${page('/vite/')}\r\nContent-Length: 0\r\n\r\n`;
    expect((await gateway.exchange(post)).status).toBe(404);
    expect((await gateway.exchange(post.replace('/x', '/vite/x'))).status).toBe(404);
  });

  test.each([
    ['off', 'development'],
    ['auto', 'production'],
  ] as const)('is left alone with escape: %s in %s', async (choice, mode) => {
    const service = (await startService()).answer(ok('<p>', 'Content-Type: text/html'));
    const yaml = routes('/vite', service.port, `escape: ${choice}`);
    const gateway = await startTestGateway(yaml, { files, mode });
    expect((await gateway.get('/x', page('/vite/'), COOKIE)).status).toBe(404);
    const document = await gateway.get('/vite/', 'Sec-Fetch-Dest: document');
    expect(document.head.has('set-cookie')).toBe(false);
  });

  test('is led back in production where the configuration says so, below the prefix of a trusted proxy', async () => {
    const service = (await startService()).answer(ok());
    const yaml = `${routes('/vite', service.port, 'escape: redirect')}\ntrustProxy: loopback\n`;
    const gateway = await startTestGateway(yaml, { files });
    const outer = ['X-Forwarded-Host: app.test', 'X-Forwarded-Proto: https', 'X-Forwarded-Prefix: /outer'];
    const answer = await gateway.get('/x', 'Referer: https://app.test/vite/', ...outer);
    expect(answer.head.value('location')).toBe('/outer/vite/x');
  });
});

describe.each(routeKinds)('escape: name on $kind', ({ routes, files }) => {
  const DOCUMENT = 'Sec-Fetch-Dest: document';
  async function stage(mode: 'development' | 'production' = 'development', more = '') {
    const service = (await startService()).answer(ok('<p>', 'Content-Type: text/html'));
    const yaml = `${routes('/vite', service.port, 'escape: name')}\n${more}`;
    return { service, gateway: await startTestGateway(yaml, { files, mode }) };
  }
  const get = (target: string, host: string, ...fields: string[]) =>
    `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;

  test.each([
    ['/vite', 'localhost', 'http://vite.localhost/'],
    ['/vite/a%2Fb?x=1', '127.0.0.1:3000', 'http://vite.localhost:3000/a%2Fb?x=1'],
    ['/vite?x', '[::1]:3000', 'http://vite.localhost:3000/?x'],
    ['/vite//evil.example', 'localhost:3000', 'http://vite.localhost:3000//evil.example'],
  ])('sends a browser that opens %s on %s to %s', async (target, host, location) => {
    const { service, gateway } = await stage();
    const answer = await gateway.exchange(get(target, host, DOCUMENT));
    expect([answer.status, answer.head.value('location')]).toEqual([307, location]);
    expect(answer.head.value('cache-control')).toBe('no-store');
    expect((await gateway.exchange(get('/vite/', host, 'Accept: text/html'))).status).toBe(307);
    expect(service.requests).toEqual([]);
  });

  test.each([
    ['what its pages ask for', get('/vite/x', 'localhost', 'Sec-Fetch-Dest: script', 'Accept: text/html')],
    ['a frame', get('/vite/x', 'localhost', 'Sec-Fetch-Dest: iframe')],
    ['a program', get('/vite/x', 'localhost', 'Accept: */*')],
    ['a form', get('/vite/x', 'localhost', DOCUMENT).replace('GET', 'POST')],
    ['the name itself', get('/vite/x', 'vite.localhost', DOCUMENT)],
  ])('leaves %s where it is', async (_what, head) => {
    const { gateway } = await stage();
    expect((await gateway.exchange(head)).status).toBe(200);
  });

  test('leads what escapes back as ever', async () => {
    const { gateway } = await stage();
    expect((await gateway.get('/x.js', page('/vite/'))).head.value('location')).toBe('/vite/x.js');
  });

  test.each([
    ['production', ''],
    ['development', 'hosts: off\n'],
    ['development', 'trustProxy: loopback\n'],
  ] as const)('stays at the path in %s with %j', async (mode, more) => {
    const { gateway } = await stage(mode, more);
    const outer = more.startsWith('trust') ? ['X-Forwarded-Host: shop.test'] : [];
    expect((await gateway.exchange(get('/vite/', 'localhost', DOCUMENT, ...outer))).status).toBe(200);
  });

  // At its name a redirect led to itself for ever, and a service that gets its prefix had no pages.
  test.each([
    ['{ redirect: /vite }', 308],
    ['{ to: 1, strip: false }', 502],
  ])('of all routes leaves pages of %s at the path', async (keys, status) => {
    const { gateway } = await stage('development', `  /other: ${keys}\nescape: name\n`);
    expect((await gateway.exchange(get('/other/', 'localhost', DOCUMENT))).status).toBe(status);
  });
});

describe.each(routeKinds)('the cookie of a page on $kind', ({ routes, files }) => {
  async function stage(...fields: string[]) {
    const service = (await startService()).answer(ok('<p>', ...fields));
    return {
      service,
      gateway: await startTestGateway(routes('/vite', service.port), { files, mode: 'development' }),
    };
  }
  const HTML = 'Content-Type: text/html; charset=utf-8';

  test('is set with a document, for the whole origin and no script', async () => {
    const { gateway } = await stage(HTML);
    const answer = await gateway.get('/vite/', 'Sec-Fetch-Dest: document');
    const seen = answer.head.values('set-cookie');
    expect(seen).toEqual(['portway-page-80=%2Fvite; Path=/; HttpOnly; SameSite=Lax']);
  });

  test.each([
    ['what is no document', [HTML], ['Sec-Fetch-Dest: empty', 'Accept: text/html']],
    ['a frame', [HTML], ['Sec-Fetch-Dest: iframe']],
    ['what is fetched before it is asked for', [HTML], ['Sec-Fetch-Dest: document', 'Sec-Purpose: prefetch']],
    ['what is no HTML', ['Content-Type: application/json'], ['Sec-Fetch-Dest: document']],
    ['what asks for no HTML', [HTML], ['Accept: */*']],
    ['what has it', [HTML], ['Sec-Fetch-Dest: document', COOKIE]],
  ])('is not set for %s', async (_what, answerFields, requestFields) => {
    const { gateway } = await stage(...answerFields);
    expect((await gateway.get('/vite/', ...requestFields)).head.has('set-cookie')).toBe(false);
  });

  test('is not shown to the service', async () => {
    const { service, gateway } = await stage(HTML);
    await gateway.get('/vite/', COOKIE);
    expect(service.request.head.values('cookie')).toEqual(['a=1; b=2']);
  });
});

describe('a WebSocket that escapes its prefix', () => {
  async function stage(...keys: string[]) {
    const service = await startService({ halfOpen: true });
    const yaml = `routes:\n  /vite: { to: ${service.port}${keys.map((key) => `, ${key}`).join('')} }\n`;
    const gateway = await startTestGateway(yaml, DEVELOPMENT);
    return { service, client: await gateway.connect() };
  }
  const hand = (target: string, ...fields: string[]) =>
    handshake(target, ...fields).replace('Host: gateway.test', 'Host: localhost');

  test.each([
    ['/?token=x', '/?token=x', []],
    ['/ws', '/vite/ws', ['strip: false']],
  ])('%s is forwarded as %s', async (asked, received, keys) => {
    const { service, client } = await stage(...keys);
    await client.send(hand(asked, `Origin: ${OWN}`, COOKIE));
    const connection = await service.connection();
    const head = await connection.head();
    expect(head.startLine).toBe(`GET ${received} HTTP/1.1`);
    expect(head.value('origin')).toBe(OWN);
    await connection.send(agreement());
    expect((await client.head()).startLine).toContain('101');
  });

  test.each([
    ['of a stranger', ['Origin: http://evil.example', COOKIE]],
    ['of another port', ['Origin: http://localhost:5173', COOKIE]],
    ['that says no Origin', [COOKIE]],
    ['without the cookie', [`Origin: ${OWN}`]],
  ])('%s is refused', async (_what, fields) => {
    const { client } = await stage();
    await client.send(hand('/ws', ...fields));
    expect((await client.head()).startLine).toContain('404');
  });
});

describe.each(routeKinds)('an application that only its answers name, on $kind', ({ routes, files }) => {
  test('is named by the 404, and by the log at the fifth request', async () => {
    const service = (await startService()).answer(ok('<p>', 'X-Jenkins: 2.462'));
    const yaml = `${routes('/ci', service.port, 'escape: off')}\n  /led: ${service.port}\n`;
    const gateway = await startTestGateway(yaml, { files, mode: 'development' });
    await gateway.get('/ci/');
    await gateway.get('/led/');
    const { fix } = JSON.parse((await gateway.get('/login', page('/ci/'))).body.toString());
    expect(fix[1]).toContain('Or tell Jenkins: `--prefix=/ci`');
    for (let i = 0; i < 5; i++) await gateway.get(`/x${i}`, page('/led/'));
    const told = await gateway.log.find('notice', ({ msg }) => /it looks like/.test(String(msg)));
    expect(told.msg).toContain('it looks like Jenkins; not needed with `--prefix=/led`');
  });
});

describe('what is told of it', () => {
  test.each([
    [
      Array(5).fill('/@vite/client'),
      /it looks like Vite; not needed with `base: '\/app\/'`.*, or at http:\/\/app\.localhost:\d+ /,
    ],
    [
      ['/@vite/client', '/main.js', '/@fs/home/.angular/cache/core.js'],
      /it looks like Angular, whose own router says "not found" at \/app\/: it works with `escape: script`/,
    ],
    [
      ['/runtime~main.js'],
      /Docusaurus, whose own router says "not found" at \/app\/: it works with `baseUrl.*app\.localhost:\d+, where `escape: name` leads browsers /,
    ],
  ])('%s is told in the log, with what to set and the name', async (asked, notice) => {
    const gateway = await startTestGateway('routes:\n  /app: 1\n', DEVELOPMENT);
    for (const target of asked) await gateway.get(target, page('/app/'));
    await gateway.log.find('notice', ({ msg }) => notice.test(String(msg)));
  });

  test('the 404 of a page whose route leaves it off names the page, and both ways out', async () => {
    const gateway = await startTestGateway('routes:\n  /vite: { to: 1, escape: off }\n', DEVELOPMENT);
    const answer = await gateway.get('/@vite/client', page('/vite/'));
    const { happened, fix } = JSON.parse(answer.body.toString());
    expect(happened[0]).toContain('A page of `/vite` asked for it');
    expect(fix[0]).toContain('escape: redirect');
    expect(fix[1]).toContain("base: '/vite/'");
  });

  test('it is counted, logged once for each application, and marked in its line', async () => {
    const gateway = await startTestGateway('routes:\n  /vite: 1\n', DEVELOPMENT);
    for (const target of ['/@vite/client', '/src/main.tsx', '/a', '/b', '/c'])
      await gateway.get(target, page('/vite/'));
    await gateway.get('/src/x.tsx', COOKIE);
    const lines = gateway.log.records;
    expect(lines.filter(({ msg }) => String(msg).includes('outside its prefix'))).toHaveLength(1);
    expect(lines.find(({ msg }) => String(msg).includes('outside its prefix'))?.msg).toContain(
      "base: '/vite/'",
    );
    expect(lines.filter(({ escaped }) => escaped === 'referer')).toHaveLength(5);
  });
});
