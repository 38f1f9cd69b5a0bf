import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../config/load.ts';
import { configurationFolder, startTestGateway } from '../testing/gateway.ts';
import { connectH2, exchangeH2 } from '../testing/h2-client.ts';
import { get } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { ok, reply, type Script, startService } from '../testing/service.ts';
import { keysFile } from '../testing/users-file.ts';
import { agreement, handshake } from '../testing/websocket.ts';

const COOKIE = 'Cookie: _oauth2_proxy=ann';
const PAGE = ['Accept: text/html', 'Sec-Fetch-Mode: navigate'];

/** As oauth2-proxy answers /oauth2/auth: 202 with who it is, and a renewed session now and then; else 401. */
const oauth2Proxy: Script = ({ head }) => {
  const session = head.value('cookie');
  if (session === '_oauth2_proxy=ann')
    return reply(202, ['X-Auth-Request-User: ann', 'X-Auth-Request-Email: ann@example.com', 'X-Other: 1']);
  if (session === '_oauth2_proxy=old')
    return reply(202, [
      'X-Auth-Request-User: ann',
      'Set-Cookie: _oauth2_proxy_0=new; Path=/; HttpOnly',
      'Set-Cookie: _oauth2_proxy_1=er; Path=/; HttpOnly',
    ]);
  return reply(
    401,
    ['Set-Cookie: _oauth2_proxy_csrf=x; Path=/', 'Content-Type: text/plain'],
    'Unauthorized\n',
  );
};

describe.each(laneKinds)('auth: forward on $kind', ({ routes, files }) => {
  async function stage(script: Script = oauth2Proxy, more = ', copy: [X-Auth-Request-Email]', keys = '') {
    const asked = (await startService()).answer(script);
    const service = (await startService()).answer(({ head }) =>
      head.value('upgrade') ? Buffer.from(agreement(), 'latin1') : ok('x', 'Cache-Control: max-age=60'),
    );
    const auth = `auth: { forward: "http://127.0.0.1:${asked.port}/oauth2/auth"${more} }${keys}`;
    const gateway = await startTestGateway(routes('/db', service.port, auth), { files });
    return { asked, service, gateway };
  }

  test('a 2xx lets pass, and says who it is', async () => {
    const { asked, service, gateway } = await stage();
    const forged = [
      'X-Auth-Request-Email: root@example.com',
      'X_Auth_Request_Email: root',
      'Remote-User: root',
    ];
    expect((await gateway.get('/db/x?y=1', COOKIE, ...forged)).status).toBe(200);
    const { head } = service.request;
    expect(head.values('x-forwarded-user')).toEqual(['ann']);
    expect(head.values('x-auth-request-email')).toEqual(['ann@example.com']);
    expect(head.lines.join('\n')).not.toMatch(/root|x-other/i);
    expect((await gateway.log.exchange(200)).user).toBe('ann');
    const question = asked.request;
    expect([question.method, question.target]).toEqual(['GET', '/oauth2/auth']);
    expect(question.head.value('cookie')).toBe('_oauth2_proxy=ann');
  });

  test.each([
    ['', 'X-Forwarded-User: root'],
    ['trustProxy: loopback\n', 'X-Forwarded-Ssl: on'],
  ])(
    '%j: who is known behind it is nobody to another route, though the connection sends the same fields again',
    async (trust, field) => {
      const asked = (await startService()).answer(oauth2Proxy);
      const service = (await startService()).answer(() => ok());
      const auth = `auth: { forward: "http://127.0.0.1:${asked.port}/oauth2/auth", copy: [X-Auth-Request-Email] }`;
      const closed = routes('/db', service.port, auth);
      const gateway = await startTestGateway(`${trust}${closed}  /open: { to: ${service.port} }\n`, {
        files,
      });
      const client = await gateway.connect();
      for (const path of ['/open', '/open', '/db', '/open', '/db', '/db', '/open'])
        await client.exchange(get(`${path}/x`, COOKIE, field));
      const told = service.requests.map(({ head }) => [
        ...head.values('x-forwarded-user'),
        ...head.values('x-auth-request-email'),
      ]);
      const ann = ['ann', 'ann@example.com'];
      expect(told.map((who) => [...who].sort())).toEqual([[], [], ann, [], ann, ann, []]);
    },
  );

  test('it is asked in the words of nginx and of Traefik, without the body, on one connection', async () => {
    const { asked, service, gateway } = await stage();
    const client = await gateway.connect();
    const lies = 'X-Original-URL: /public\r\nX-Forwarded-Uri: /public\r\nX-Original-Method: GET\r\n';
    for (let i = 0; i < 2; i++) {
      await client.send(
        `POST /db/x?y=1 HTTP/1.1\r\nHost: shop.test\r\n${COOKIE}\r\n${lies}If-None-Match: "a"\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nbody`,
      );
      expect((await client.answer()).status).toBe(200);
    }
    const { head, body, connection } = asked.requests[1]!;
    expect([body.length, connection, service.requests[1]!.body.toString()]).toEqual([0, 0, 'body']);
    const said = (name: string) => head.values(name);
    expect([said('x-original-url'), said('x-original-method'), said('x-original-uri')]).toEqual([
      ['http://shop.test/db/x?y=1'],
      ['POST'],
      ['/db/x?y=1'],
    ]);
    const seen = [said('x-forwarded-method'), said('x-forwarded-uri'), said('x-forwarded-host')];
    expect(seen).toEqual([['POST'], ['/db/x?y=1'], ['shop.test']]);
    expect([said('x-forwarded-proto'), said('x-forwarded-for')]).toEqual([['http'], ['127.0.0.1']]);
    expect([...said('if-none-match'), ...said('content-type'), ...said('content-length')]).toEqual([]);
  });

  test('a session that it renews reaches the browser', async () => {
    const { gateway } = await stage();
    const { status, head } = await gateway.get('/db/x', 'Cookie: _oauth2_proxy=old');
    const seen = [status, head.values('set-cookie').map((cookie) => cookie.split(';')[0])];
    expect(seen).toEqual([200, ['_oauth2_proxy_0=new', '_oauth2_proxy_1=er']]);
    expect((await gateway.get('/db/x', COOKIE)).head.values('set-cookie')).toEqual([]);
  });

  test('a session that it renews is for no shared cache, whatever the service and the rules for its fields say', async () => {
    const rules =
      ', headers: { answer: { set: { Cache-Control: "public, max-age=60" }, remove: [Set-Cookie] } }';
    const { gateway, service } = await stage(oauth2Proxy, '', rules);
    service.answer(() => ok('x', 'Cache-Control: public, max-age=60', 'Set-Cookie: a=1'));
    const headOf = async (who: string) => {
      const { head } = await gateway.get('/db/x', `Cookie: _oauth2_proxy=${who}`);
      return [head.values('cache-control'), head.values('set-cookie').length];
    };
    expect(await headOf('old')).toEqual([['public, max-age=60', 'private'], 2]);
    expect(await headOf('ann')).toEqual([['public, max-age=60'], 0]);
  });

  test.each([
    [401, ['WWW-Authenticate: Basic realm="x"', 'Set-Cookie: a=1', 'Set-Cookie: b=2']],
    [403, ['Content-Type: text/plain']],
    [302, ['Location: https://login.example.com/?a=1']],
  ])('%s is passed on as it is', async (status, fields) => {
    const hop = ['Connection: X-Hop', 'X-Hop: 1', 'Keep-Alive: timeout=5'];
    const { service, gateway } = await stage(() => reply(status, [...fields, ...hop], 'no entry'));
    const answer = await gateway.get('/db/x', COOKIE);
    expect([answer.status, answer.body.toString()]).toEqual([status, 'no entry']);
    const lines = answer.head.lines.map((line) => line.toLowerCase());
    for (const field of fields) expect(lines).toContain(field.toLowerCase());
    expect(answer.head.values('x-hop')).toEqual([]);
    expect(answer.head.values('keep-alive')).not.toContain('timeout=5');
    expect(service.requests).toEqual([]);
  });

  test.each<[string, Script]>([
    ['500', () => reply(500, [], 'secret')],
    ['304', () => 'HTTP/1.1 304 Not Modified\r\n\r\n'],
    ['no HTTP', () => '220 smtp ready\r\n\r\n'],
    [
      'a part of a 200',
      (_, connection) =>
        void connection
          .send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx')
          .then(() => connection.destroy()),
    ],
    ['a control character in a field', () => reply(401, ['X-A: a\u0001b'])],
    ['too much', () => ok('x'.repeat(70_000))],
    ['a user with a line of his own', () => reply(200, ['X-Auth-Request-User: ann\u00e9'])],
    ['nothing in time', () => undefined],
  ])('%s is no pass, but 503', async (_what, script) => {
    const { service, gateway } = await stage(script, ', timeout: 300ms');
    const answer = await gateway.get('/db/x', COOKIE);
    expect(answer.status).toBe(503);
    expect(answer.body.toString()).toContain('auth_unavailable');
    expect(answer.body.toString()).not.toContain('secret');
    expect(service.requests).toEqual([]);
  });

  test('a browser that opens a page is led to the login, and back to where it was', async () => {
    const { gateway } = await stage(oauth2Proxy, ', signIn: "/oauth2/start?rd={path}"');
    const { status, head } = await gateway.get('/db/x?y=1&z=2', ...PAGE);
    expect([status, head.value('location')]).toEqual([302, '/oauth2/start?rd=%2Fdb%2Fx%3Fy%3D1%26z%3D2']);
    expect(head.values('set-cookie')).toEqual(['_oauth2_proxy_csrf=x; Path=/']);
    expect((await gateway.get('/db/x', 'Accept: application/json')).status).toBe(401);
    expect((await gateway.get('/db/x', 'Accept: text/html', 'Sec-Fetch-Mode: cors')).status).toBe(401);
    const evil = await gateway.get('//evil.test/../db/x', ...PAGE);
    expect(evil.head.value('location') ?? '').not.toContain('rd=%2F%2F');
  });

  test('WebSockets and HTTP/2 are asked about, too', async () => {
    const { service, gateway } = await stage();
    for (const [fields, status] of [
      [[COOKIE], 101],
      [[], 401],
    ] as const) {
      expect((await gateway.exchange(handshake('/db/ws', ...fields))).status).toBe(status);
    }
    const session = await connectH2(gateway.port, 'http');
    expect((await exchangeH2(session, { ':path': '/db/x' })).status).toBe(401);
    expect((await exchangeH2(session, { ':path': '/db/x', cookie: '_oauth2_proxy=ann' })).status).toBe(200);
    session.destroy();
    expect(service.requests).toHaveLength(2);
  });

  test('exceptions bring nobody a name', async () => {
    const { asked, service, gateway } = await stage(
      oauth2Proxy,
      ', copy: [X-Email, Authorization], except: /db/public/',
    );
    await gateway.get('/db/public/x', 'X-Email: root', 'Authorization: root', 'X-Auth-Request-User: root');
    expect(service.request.head.lines.join('\n')).not.toContain('root');
    expect(asked.requests).toEqual([]);
  });

  test('who passes by another proof brings no Authorization of his own to the service', async () => {
    const asked = (await startService()).answer(({ head }) =>
      head.value('authorization') === 'Bearer right'
        ? reply(200, ['Authorization: Bearer of-the-gate'])
        : reply(401, []),
    );
    const service = (await startService()).answer(() => ok('x'));
    const forward = `{ forward: "http://127.0.0.1:${asked.port}/auth", copy: Authorization }`;
    const auth = `auth: { any: [{ keys: keys.txt }, ${forward}] }`;
    const gateway = await startTestGateway(routes('/db', service.port, auth), {
      files: { ...files, 'keys.txt': keysFile({ ann: 'pw_one' }) },
    });
    const forged = 'Authorization: Bearer forged';
    expect((await gateway.get('/db/x', 'X-API-Key: pw_one', forged, forged)).status).toBe(200);
    expect((await gateway.get('/db/x', forged)).status).toBe(401);
    expect((await gateway.get('/db/x', 'Authorization: Bearer right')).status).toBe(200);
    const seen = service.requests.map(({ head }) => head.values('authorization'));
    expect(seen).toEqual([[], ['Bearer of-the-gate']]);
  });

  test('a question that comes back to the gateway ends', async () => {
    const { gateway, service } = await stage();
    const loop = routes('/db', service.port, `auth: { forward: "http://127.0.0.1:${gateway.port}/db/auth" }`);
    await gateway.editAndReload(loop);
    const answer = await gateway.get('/db/x', COOKIE);
    expect(answer.status).toBe(503);
    expect(service.requests).toEqual([]);
  });
});

test('beside a cache nobody gets what was answered to another, though no name is known', async () => {
  const asked = (await startService()).answer(() => reply(200, []));
  let count = 0;
  const service = (await startService()).answer(() => ok(`${++count}`, 'Cache-Control: max-age=60'));
  const yaml = `routes:\n  /db: { to: ${service.port}, cache: true, auth: { forward: "http://127.0.0.1:${asked.port}/" } }\n`;
  const gateway = await startTestGateway(yaml);
  const bodies = [];
  for (const who of ['a', 'b']) bodies.push((await gateway.get('/db/x', `X-Token: ${who}`)).body.toString());
  expect(bodies).toEqual(['1', '2']);
});

test('a renewed session is kept in no cache, and not lost where the service fails', async () => {
  const asked = (await startService()).answer(oauth2Proxy);
  const service = (await startService()).answer(({ target }) =>
    target === '/bad' ? 'no HTTP\r\n\r\n' : ok('x', 'Cache-Control: public, max-age=60'),
  );
  const yaml = `routes:\n  /db: { to: ${service.port}, cache: true, auth: { forward: "http://127.0.0.1:${asked.port}/" } }\n`;
  const gateway = await startTestGateway(yaml);
  const cookiesOf = async (path: string, who: string) => {
    const { status, head } = await gateway.get(path, `Cookie: _oauth2_proxy=${who}`);
    return [status, head.values('set-cookie').length];
  };
  expect(await cookiesOf('/db/x', 'old')).toEqual([200, 2]);
  expect(await cookiesOf('/db/x', 'ann')).toEqual([200, 0]);
  expect(await cookiesOf('/db/x', 'old')).toEqual([200, 2]);
  expect(service.requests).toHaveLength(1);
  expect(await cookiesOf('/db/bad', 'old')).toEqual([502, 2]);
});

test.each([
  ['forward: ftp://x', 'a URL'],
  ['forward: "http://u:p@127.0.0.1/"', 'no password in a URL'],
  ['forward: "http://127.0.0.1/", copy: Host', 'how a message is sent'],
  ['forward: "http://127.0.0.1/", copy: X-Forwarded-For', 'does not write itself'],
  ['forward: "http://127.0.0.1/", signIn: //evil.test', 'a path from the root or a URL'],
  ['forward: "http://127.0.0.1/", signIn: "/s?rd={uri}"', '{url} or {path}'],
  ['basic: u.txt, copy: X-A', 'what goes with basic'],
])('%s is refused with what to write', async (auth, hint) => {
  const folder = await configurationFolder(`routes:\n  /db: { to: 3001, auth: { ${auth} } }\n`);
  const loaded = await loadConfig(`${folder}/gateway.config.yaml`, {});
  expect(JSON.stringify(loaded)).toContain(hint);
});

test('neither the admin listener nor the log shows the query of a URL, which may be a secret', async () => {
  const dead = (await startService()).answer(() => reply(500, []));
  const url = `http://127.0.0.1:${dead.port}/check?key=hunter2`;
  const yaml = `admin: 3900\nroutes:\n  /db: { to: 3001, auth: { any: [{ forward: "${url}" }, { jwt: { jwks: "${url}", issuer: a, audience: b } }] } }\n`;
  const gateway = await startTestGateway(yaml);
  expect((await gateway.get('/db/x')).status).toBe(503);
  for (const target of ['/config', '/explain?url=/db/x', '/routes']) {
    const { status, text } = await gateway.admin('GET', target);
    expect([target, status, text.includes('hunter2')]).toEqual([target, 200, false]);
    if (target === '/config') expect(text).toContain(`http://127.0.0.1:${dead.port}/check`);
  }
  expect(gateway.log.text()).not.toContain('hunter2');
});

test('pipelined requests get one verdict each', async () => {
  const asked = (await startService()).answer(oauth2Proxy);
  const service = (await startService()).answer(ok('x'));
  const yaml = `routes:\n  /db: { to: ${service.port}, auth: { forward: "http://127.0.0.1:${asked.port}/" } }\n`;
  const gateway = await startTestGateway(yaml);
  const client = await gateway.connect();
  await client.send(get('/db/1', COOKIE) + get('/db/2') + get('/db/3', COOKIE));
  const statuses = [];
  for (let i = 0; i < 3; i++) statuses.push((await client.answer()).status);
  expect(statuses).toEqual([200, 401, 200]);
});
