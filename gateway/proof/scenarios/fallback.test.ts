import { once } from 'node:events';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startNameServer } from '../testing/dns-server.ts';
import { freePort } from '../testing/free-port.ts';
import { DEVELOPMENT, startTestGateway } from '../testing/gateway.ts';
import { connectH2, exchangeH2 } from '../testing/h2-client.ts';
import { until } from '../testing/poll.ts';
import { runHere } from '../testing/portway.ts';
import { configFile } from '../testing/program.ts';
import { routeKinds } from '../testing/route-kinds.ts';
import { selfSigned } from '../testing/self-signed.ts';
import { ok, startService } from '../testing/service.ts';
import { agreement, handshake } from '../testing/websocket.ts';
import { markKitSocket } from '../testing/wire.ts';

describe.each(routeKinds)('a route with a fallback on $kind', ({ routes, files }) => {
  async function stage(answer = ok('far'), ...keys: string[]) {
    const far = (await startService()).answer(answer);
    const port = await freePort();
    const remote = `127.0.0.1:${far.port}`;
    const yaml = routes('/db', port, `fallback: "http://${remote}"`, ...keys);
    return { far, port, remote, gateway: await startTestGateway(yaml, { files, mode: 'development' }) };
  }

  test('is asked there by its own name while nothing listens, and says so', async () => {
    const { far, remote, gateway } = await stage();
    const own = ['Origin: http://localhost', 'Referer: http://localhost/db/a'];
    const answer = await gateway.get('/db/x?y', ...own);
    expect(answer.text).toBe('far');
    expect(answer.head.value('portway-fallback')).toBe(remote);
    const { head } = far.request;
    expect(head.startLine).toBe('GET /x?y HTTP/1.1');
    expect(head.value('host')).toBe(remote);
    expect(head.value('origin')).toBe(`http://${remote}`);
    expect(head.value('referer')).toBe(`http://${remote}/db/a`);
    expect(head.has('x-forwarded-proto')).toBe(false);
    const [line] = gateway.log.exchanges();
    expect(line).toMatchObject({ fallback: true, endpoint: expect.stringContaining(remote), status: 200 });
  });

  test('is asked there more often than retries may be, and without any', async () => {
    const { far, gateway } = await stage(ok('far'), 'retries: off');
    for (let i = 0; i < 30; i++) expect((await gateway.get('/db/')).status).toBe(200);
    expect(far.requests).toHaveLength(30);
  });

  test('is asked at its port again with the first request after it lives', async () => {
    const { far, port, gateway } = await stage();
    for (let i = 0; i < 12; i++) await gateway.get('/db/');
    const near = (await startService({ listen: { port, host: '127.0.0.1' } })).answer(ok('near'));
    const answer = await gateway.get('/db/');
    expect([answer.text, answer.head.has('portway-fallback')]).toEqual(['near', false]);
    expect([near.requests.length, far.requests.length]).toEqual([1, 12]);
  });

  test('what its own service answers stays its answer', async () => {
    const { far, port, gateway } = await stage();
    (await startService({ listen: { port, host: '127.0.0.1' } })).answer(
      'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n',
    );
    for (let i = 0; i < 12; i++) expect((await gateway.get('/db/')).status).toBe(503);
    expect(far.requests).toEqual([]);
  });

  test.each(['GET', 'POST'])(
    'a %s that its own service took and broke off is not sent there',
    async (method) => {
      const { far, port, gateway } = await stage();
      const near = await startService({ listen: { port, host: '127.0.0.1' } });
      const client = await gateway.connect();
      await client.send(`${method} /db/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n`);
      const connection = await near.connection();
      await connection.head();
      connection.reset();
      expect((await client.head()).status).toBe(502);
      expect(far.requests).toEqual([]);
    },
  );

  test('a POST arrives there whole, once', async () => {
    const { far, gateway } = await stage();
    const body = 'x'.repeat(50_000);
    const head = `POST /db/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n`;
    expect((await gateway.exchange(head + body)).status).toBe(200);
    expect(far.requests).toHaveLength(1);
    expect(far.request.body.toString()).toBe(body);
  });

  test('a POST whose body is still being sent is waited for there', async () => {
    const { far, gateway } = await stage();
    const client = await gateway.connect();
    await client.send(
      'POST /db/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
    );
    await far.connection();
    await client.send('2\r\nde\r\n0\r\n\r\n');
    const answer = await client.answer();
    expect([answer.status, answer.text]).toEqual([200, 'far']);
    expect(far.request.body.toString()).toBe('abcde');
  });

  test('that is this gateway itself is a loop', async () => {
    const gateway = await startTestGateway(routes('/db', await freePort()), { files, mode: 'development' });
    const own = `fallback: "http://127.0.0.1:${gateway.port}"`;
    await gateway.editAndReload(routes('/db', await freePort(), own, 'strip: false'));
    const answer = await gateway.get('/db/x');
    expect(answer.status).toBe(508);
    expect(answer.head.value('proxy-status')).toContain('proxy_loop_detected');
    expect(gateway.log.exchanges()).toHaveLength(2);
  });

  test('where neither is there, it is the fault of the second', async () => {
    const [port, other] = [await freePort(), await freePort()];
    const yaml = routes('/db', port, `fallback: "http://127.0.0.1:${other}"`);
    const gateway = await startTestGateway(yaml, { files });
    expect((await gateway.get('/db/')).status).toBe(502);
    const seen = gateway.log.exchanges()[0];
    expect(seen).toMatchObject({ attempts: 2, fallback: true, code: 'connection_refused' });
  });

  test('its cookies and addresses are those of the gateway', async () => {
    const { far, remote, gateway } = await stage();
    far.answer(
      ok(
        '',
        `Location: http://${remote}/login`,
        'Set-Cookie: a=1; Domain=example.com; Path=/; Secure; SameSite=None; HttpOnly',
        'Set-Cookie: __Secure-b=1; Domain=example.com; Secure',
        'Strict-Transport-Security: max-age=9',
        'Alt-Svc: h3=":443"',
      ),
    );
    const { head } = await gateway.get('/db/');
    expect(head.value('location')).toBe('http://localhost/db/login');
    expect(head.values('set-cookie')).toEqual(['a=1; Path=/db; HttpOnly', '__Secure-b=1; Secure']);
    expect([head.has('strict-transport-security'), head.has('alt-svc')]).toEqual([false, false]);
  });
});

test('a client that speaks HTTP/2 is answered from there, its body sent', async () => {
  const far = (await startService()).answer(ok('far'));
  const yaml = `routes:\n  /db: { to: ${await freePort()}, fallback: "http://127.0.0.1:${far.port}" }\n`;
  const gateway = await startTestGateway(yaml);
  const session = await connectH2(gateway.port, 'http');
  const asked = { ':method': 'POST', ':path': '/db/x', ':authority': 'localhost' };
  const { status, text, headers } = await exchangeH2(session, asked, 'body');
  expect([status, text]).toEqual([200, 'far']);
  expect(headers['portway-fallback']).toBe(`127.0.0.1:${far.port}`);
  const seen = [far.request.head.value('host'), far.request.body.toString()];
  expect(seen).toEqual([`127.0.0.1:${far.port}`, 'body']);
});

test('a service whose name does not resolve is stood in for', async () => {
  const far = (await startService()).answer(ok('far'));
  const server = await startNameServer();
  const yaml = `resolver: ${server.address}\nroutes:\n  /db: { to: "http://gone.test:80", fallback: "http://127.0.0.1:${far.port}" }\n`;
  const gateway = await startTestGateway(yaml);
  expect((await gateway.get('/db/')).text).toBe('far');
  expect(gateway.log.exchanges()[0]).toMatchObject({ fallback: true, status: 200 });
});

describe('a request that is held', () => {
  async function held(hold: string) {
    const far = (await startService({ halfOpen: true })).answer(({ head }) =>
      head.has('upgrade') ? Buffer.from(agreement(), 'latin1') : ok('far'),
    );
    const port = await freePort();
    const yaml = `routes:\n  /db: { to: ${port}, hold: ${hold}, fallback: "http://127.0.0.1:${far.port}" }\n`;
    return { far, port, gateway: await startTestGateway(yaml, { mode: 'production' }) };
  }

  test('goes there when its time is over, and not before', async () => {
    const { far, gateway } = await held('200ms');
    const begun = performance.now();
    expect((await gateway.get('/db/')).text).toBe('far');
    expect(performance.now() - begun).toBeGreaterThanOrEqual(195);
    expect(far.requests).toHaveLength(1);
  });

  test('is its own service’s where that opens its port in time', async () => {
    const { far, port, gateway } = await held('1m');
    const asked = gateway.get('/db/');
    await until('it waits', async () => {
      const [route] = await gateway.gateway.figure('routes');
      return route?.endpoints[0]?.state === 'down';
    });
    (await startService({ listen: { port, host: '127.0.0.1' } })).answer(ok('near'));
    expect((await asked).text).toBe('near');
    expect(far.requests).toEqual([]);
  });

  test('is a WebSocket: the same', async () => {
    const { far, gateway } = await held('200ms');
    const client = await gateway.connect();
    await client.send(handshake('/db/ws'));
    expect((await client.head()).startLine).toContain('101');
    expect(far.requests).toHaveLength(1);
  });
});

test('`explain` says what it sees', async () => {
  const file = await configFile('routes:\n  /a: { to: 3001, fallback: "https://far.test" }\n  /b: 3001\n');
  const explained = async (path: string) => (await runHere(['explain', path, '--config', file])).stdout;
  expect(await explained('/a/x')).toMatch(/Host +as the client sent it\n +fallback +sees its own name/);
  expect(await explained('/b/x')).not.toContain('fallback');
});

test('a WebSocket is opened there', async () => {
  const far = await startService({ halfOpen: true });
  const yaml = `routes:\n  /db: { to: ${await freePort()}, fallback: "http://127.0.0.1:${far.port}" }\n`;
  const gateway = await startTestGateway(yaml, DEVELOPMENT);
  const client = await gateway.connect();
  await client.send(
    handshake('/db/ws', 'Origin: http://localhost').replace('Host: gateway.test', 'Host: localhost'),
  );
  const connection = await far.connection();
  const head = await connection.head();
  expect([head.startLine, head.value('origin')]).toEqual([
    'GET /ws HTTP/1.1',
    `http://127.0.0.1:${far.port}`,
  ]);
  await connection.send(agreement());
  const answer = await client.head();
  expect(answer.startLine).toContain('101');
  expect(answer.value('portway-fallback')).toBe(`127.0.0.1:${far.port}`);
});

describe('a fallback over TLS', () => {
  async function secure() {
    const shown = selfSigned('staging.test');
    const server = createSecureServer(shown, (_request, response) => void response.end('far'));
    const sockets = new Set<Socket>();
    for (const event of ['connection', 'secureConnection'])
      server.on(event, (socket: Socket) => sockets.add(markKitSocket(socket)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return { shown, url: `https://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }

  test.each([
    ['is refused with a certificate of nobody that is known', '', 502],
    [
      'is asked where its authority and its name are given',
      ', tls: { ca: ca.crt, serverName: staging.test }',
      200,
    ],
    ['is asked whatever it shows, where that is said', ', tls: { insecure: true }', 200],
  ])('%s', async (_what, tls, status) => {
    const { shown, url } = await secure();
    const yaml = `routes:\n  /db: { to: ${await freePort()}, fallback: "${url}"${tls} }\n`;
    const gateway = await startTestGateway(yaml, { files: { 'ca.crt': shown.cert } });
    expect((await gateway.get('/db/')).status).toBe(status);
  });
});

describe('what `check` says of it', () => {
  async function check(route: string) {
    const files = { 'keys.txt': `ci:${'0'.repeat(64)}\n` };
    return runHere(['check', await configFile(`routes:\n  ${route}\n`, files)]);
  }

  const key = 'auth: { keys: ./keys.txt }';
  const keyHere = 'headers: { request: { remove: [x-api-key] } }';
  test.each([
    ['sends what auth: asks there in clear', `"http://a.test", ${key}`, 1],
    ['is asked by TLS', `"https://a.test", ${key}`, 0],
    ['is of this machine', `"http://127.0.0.1:3002", ${key}`, 0],
    ['gets no proof', `"http://a.test", ${key}, ${keyHere}`, 0],
    ['is for everybody', '"http://a.test"', 0],
  ])('a warning where it %s: %s', async (_what, keys, warnings) => {
    const { code, stdout } = await check(`/a: { to: 3001, fallback: ${keys} }`);
    expect(code).toBe(0);
    expect(stdout.match(/warning: /g) ?? []).toHaveLength(warnings);
    if (warnings > 0)
      expect(stdout).toContain('the route /a sends what `auth:` asks of its clients (X-API-Key)');
  });

  test.each([
    ['/a: { to: 3001, fallback: index.html }', 'a URL, such as https://staging.example.com'],
    ['/a: { to: 3001, fallback: "ftp://a.test" }', 'http:// or https://'],
    ['/a: { to: 3001, fallback: "https://a.test/x" }', 'path'],
    ['/a: { folder: ., fallback: "https://a.test" }', 'the name of a file in the folder'],
    ['/a: { redirect: /b, fallback: "https://a.test" }', 'no "fallback" here'],
    ['/a: { to: 3001, fallback: "https://a.test", cache: true }', 'no "cache" beside "fallback"'],
    ['/a: { to: 3001, fallback: 3002 }', 'a URL beside "to", or the name of a file beside "folder"'],
  ])('%s', async (route, text) => {
    const { code, stdout, stderr } = await check(route);
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain(text);
  });
});
