import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { createAuthority, issueCertificate } from '../../tls/authority.ts';
import { freePorts } from '../testing/free-port.ts';
import { configurationFolder, gatewaySockets, startTestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { connect, get, request } from '../testing/raw-client.ts';
import { routeKinds } from '../testing/route-kinds.ts';
import { connectSecurely, shownCertificate } from '../testing/secure-client.ts';
import { selfSigned } from '../testing/self-signed.ts';
import { ok, type Script, startService } from '../testing/service.ts';
import { agreement, handshake } from '../testing/websocket.ts';

const shop = selfSigned('shop.test');
const wild = selfSigned('*.app.test');

const FILES = { 'shop.crt': shop.cert, 'shop.key': shop.key, 'wild.crt': wild.cert, 'wild.key': wild.key };
const CERTIFICATES = 'certificates: [{ cert: shop.crt, key: shop.key }, { cert: wild.crt, key: wild.key }]';

function secure(routes: string, ...keys: string[]): string {
  return `tls: { ${[CERTIFICATES, ...keys].join(', ')} }\n${routes}`;
}

describe.each(routeKinds)('over TLS, on $kind', ({ routes, files }) => {
  async function start() {
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(secure(routes('/db', service.port)), {
      files: { ...FILES, ...files },
    });
    return { service, gateway };
  }

  test('requests follow each other on one connection, and the service is told of https', async () => {
    const { service, gateway } = await start();
    const client = await connectSecurely(gateway.port);
    for (const path of ['/db/1', '/db/2', '/db/3'])
      expect((await client.exchange(get(path))).status).toBe(200);
    for (const { head } of service.requests) {
      expect(head.values('x-forwarded-proto')).toEqual(['https']);
      expect(head.value('forwarded')).toContain('proto=https');
    }
  });

  test('bodies pass in both directions', async () => {
    const { service, gateway } = await start();
    const body = 'x'.repeat(300_000);
    service.answer((received) => ok(received.body.toString()));
    const client = await connectSecurely(gateway.port);
    expect((await client.exchange(request('POST', '/db', [], body))).text).toBe(body);
  });

  test('plain HTTP is spoken on the same port', async () => {
    const { service, gateway } = await start();
    const client = await gateway.connect();
    for (const path of ['/db/1', '/db/2']) expect((await client.exchange(get(path))).status).toBe(200);
    for (const { head } of service.requests) expect(head.values('x-forwarded-proto')).toEqual(['http']);
  });

  test('a head may come in pieces, with and without TLS', async () => {
    const { gateway } = await start();
    for (const client of [await connectSecurely(gateway.port), await gateway.connect()]) {
      await client.send('G');
      await client.send('ET /db HTTP/1.1\r\nHost: a');
      await client.send('.test\r\n\r\n');
      expect((await client.answer()).status).toBe(200);
    }
  });
});

test('a WebSocket over TLS is a tunnel', async () => {
  const service = await startService();
  const gateway = await startTestGateway(secure(`routes:\n  /chat: ${service.port}\n`), { files: FILES });
  const client = await connectSecurely(gateway.port);
  const connection = await service.reachedBy(client, handshake('/chat'));
  await connection.send(agreement());
  expect((await client.head()).status).toBe(101);
  await client.send('hello');
  expect(String(await connection.bytes(5))).toBe('hello');
  await connection.send('there');
  expect(String(await client.bytes(5))).toBe('there');
});

describe('which certificate is shown', () => {
  test.each([
    ['shop.test', 'shop.test'],
    ['SHOP.test', 'shop.test'],
    ['a.app.test', '*.app.test'],
    ['a.b.app.test', 'shop.test'],
    ['app.test', 'shop.test'],
    ['nobody.test', 'shop.test'],
    ['', 'shop.test'],
  ])('for the name %j: %s', async (name, shown) => {
    const gateway = await startTestGateway(secure('routes: {}'), { files: FILES });
    expect(await shownCertificate(gateway.port, name)).toBe(shown);
  });

  test('a renewed one is shown from the next connection on, and the one before lives on', async () => {
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(secure(`routes:\n  /db: ${service.port}\n`), { files: FILES });
    const client = await connectSecurely(gateway.port);
    const folder = dirname(gateway.configFile);
    const renewed = selfSigned('renewed.test');
    await writeFile(join(folder, 'shop.crt'), renewed.cert);
    await writeFile(join(folder, 'shop.key'), renewed.key);
    const holds = async () => (await shownCertificate(gateway.port, 'x.test')) === 'renewed.test';
    await until('the renewed certificate is shown', holds);
    expect((await client.exchange(get('/db'))).status).toBe(200);
  });

  test('one that its key does not fit changes nothing, and the log says so', async () => {
    const gateway = await startTestGateway(secure('routes: {}'), { files: FILES });
    await writeFile(join(dirname(gateway.configFile), 'shop.crt'), selfSigned('other.test').cert);
    const line = await gateway.log.find('the rejection', ({ msg }) => String(msg).includes('were rejected'));
    expect(line.problems).toContain(
      'tls.certificates[0].key: the key of another certificate than other.test',
    );
    expect(await shownCertificate(gateway.port, 'shop.test')).toBe('shop.test');
  });

  test('tls: is taken away and comes back while the gateway runs', async () => {
    const gateway = await startTestGateway(secure('routes: {}'), { files: FILES });
    await gateway.editAndReload('routes: {}');
    await expect(connectSecurely(gateway.port)).rejects.toThrow();
    await gateway.editAndReload(secure('routes: {}'));
    expect(await shownCertificate(gateway.port, 'shop.test')).toBe('shop.test');
  });
});

describe('of TLS 1.2', () => {
  // A name of the first certificate, of another one, and none: each has a context of its own.
  test.each(['shop.test', 'a.app.test', ''])(
    'no connection shakes hands twice, as %j',
    async (servername) => {
      const gateway = await startTestGateway(secure('routes: {}'), { files: FILES });
      const client = await connectSecurely(gateway.port, { servername, maxVersion: 'TLSv1.2' });
      const renewed = new Promise((resolve) => {
        client.socket.once('error', resolve).renegotiate({ rejectUnauthorized: false }, resolve);
      });
      // It is read of meanwhile.
      const [outcome] = await Promise.all([renewed, client.ending()]);
      expect(outcome).toMatchObject({ code: 'ERR_SSL_NO_RENEGOTIATION' });
    },
  );

  test.each([
    ['shop.test', 'ECDHE-ECDSA-AES256-GCM-SHA384', true],
    ['shop.test', 'ECDHE-ECDSA-CHACHA20-POLY1305', true],
    ['shop.test', 'ECDHE-ECDSA-AES128-SHA256', false],
    ['a.app.test', 'ECDHE-ECDSA-AES256-SHA384', false],
    ['', 'ECDHE-ECDSA-AES128-SHA', false],
  ])('as %j, %s is taken: %s', async (servername, ciphers, taken) => {
    const gateway = await startTestGateway(secure('routes: {}'), { files: FILES });
    const connected = connectSecurely(gateway.port, { servername, ciphers, maxVersion: 'TLSv1.2' });
    const used = await connected.then(({ socket }) => socket.getCipher().name, String);
    expect(used).toContain(taken ? ciphers : 'handshake failure');
  });
});

describe('handshakes that come to nothing leave nothing', () => {
  const half = Buffer.from([0x16, 3, 1, 0, 200]);

  test.each([
    ['garbage in a record', Buffer.from([0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5]), 'reset'],
    ['half of a record, and a reset', half, 'reset'],
    ['nothing at all, and an end', Buffer.alloc(0), 'fin'],
  ] as const)('%s', async (_what, bytes, ending) => {
    const gateway = await startTestGateway(secure('routes: {}'), { files: FILES });
    const client = await gateway.connect();
    await client.send(bytes);
    client[ending]();
    await until('no socket is left', () => gatewaySockets().length === 0);
    expect(await shownCertificate(gateway.port, 'shop.test')).toBe('shop.test');
  });

  test('what is under way when the gateway stops', async () => {
    const gateway = await startTestGateway(secure('routes: {}'), { files: FILES });
    const [silent, begun] = [await gateway.connect(), await gateway.connect()];
    await begun.send(half);
    await gateway.close();
    for (const client of [silent, begun]) await client.rest();
    expect(gatewaySockets()).toEqual([]);
  });
});

describe('a port for TLS alone', () => {
  async function start() {
    const [port] = await freePorts(1);
    const service = (await startService()).answer(ok());
    const yaml = secure(`routes:\n  /db: ${service.port}\n`, `port: ${port}`);
    return { gateway: await startTestGateway(yaml, { files: FILES }), port: port! };
  }

  test('serves what the other one serves', async () => {
    const { port } = await start();
    const client = await connectSecurely(port);
    for (const path of ['/db/1', '/db/2']) expect((await client.exchange(get(path))).status).toBe(200);
  });

  test('tells a client that speaks no TLS what it is', async () => {
    const { port } = await start();
    const client = await connect(port);
    const answer = await client.exchange(get('/db', 'Accept: application/problem+json'));
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({
      code: 'tls_expected',
      title: 'Only https is answered here',
    });
    expect(await client.quietEnding()).toBe('fin');
  });
});

describe('redirect: true', () => {
  async function start(...keys: string[]) {
    const service = (await startService()).answer(ok());
    const yaml = secure(`routes:\n  /db: ${service.port}\n`, 'redirect: true', ...keys);
    return startTestGateway(`trustProxy: loopback\n${yaml}`, { files: FILES });
  }

  test.each([
    ['GET', '/db/x?y=1', 'https://shop.test:8080/db/x?y=1'],
    ['POST', '/db/x', 'https://shop.test:8080/db/x'],
    ['GET', '/no/route', 'https://shop.test:8080/no/route'],
    ['GET', 'http://other.test/db', 'https://other.test/db'],
  ])('plain %s %s is answered 308 to %s', async (method, target, location) => {
    const gateway = await start();
    const { status, head } = await gateway.exchange(request(method, target, ['Host: shop.test:8080']));
    expect([status, head.value('location')]).toEqual([308, location]);
  });

  test('to the port that speaks TLS, if that is another one', async () => {
    const [port] = await freePorts(1);
    const gateway = await start(`port: ${port}`);
    const { head } = await gateway.exchange(get('/db', 'Host: shop.test:80'));
    expect(head.value('location')).toBe(`https://shop.test:${port}/db`);
  });

  test('not over TLS, not behind a trusted proxy that ends it, and not what an authority asks for', async () => {
    const gateway = await start();
    const client = await connectSecurely(gateway.port);
    expect((await client.exchange(get('/db'))).status).toBe(200);
    expect((await gateway.exchange(get('/db', 'X-Forwarded-Proto: https'))).status).toBe(200);
    expect((await gateway.exchange(get('/.well-known/acme-challenge/x'))).status).toBe(404);
  });

  test('a WebSocket is told, too', async () => {
    const gateway = await start();
    expect((await gateway.exchange(handshake('/db'))).status).toBe(308);
  });
});

describe.each(routeKinds)('hsts: on, on $kind', ({ routes, files }) => {
  test('answers over TLS say so once, whatever the service says, and others do not', async () => {
    const service = (await startService()).answer(ok('ok', 'Strict-Transport-Security: max-age=1'));
    const yaml = secure(routes('/db', service.port), 'hsts: { maxAge: 24h, subDomains: on }');
    const gateway = await startTestGateway(yaml, { files: { ...FILES, ...files } });
    const client = await connectSecurely(gateway.port);
    for (const path of ['/db', '/nothing']) {
      const seen = (await client.exchange(get(path))).head.values('strict-transport-security');
      expect(seen).toEqual(['max-age=86400; includeSubDomains']);
    }
    expect((await gateway.get('/nothing')).head.has('strict-transport-security')).toBe(false);
  });
});

describe('certificates of clients', () => {
  const authority = createAuthority('Test CA', 1);
  const alice = issueCertificate(authority, { names: ['alice.test'], days: 1, client: true });
  const stranger = issueCertificate(createAuthority('Other CA', 1), {
    names: ['eve.test'],
    days: 1,
    client: true,
  });

  async function start(mode: 'require' | 'request', script: Script | Uint8Array = ok(), keys = '') {
    const service = (await startService()).answer(script);
    const yaml = secure(
      `routes:\n  /db: { to: ${service.port}${keys} }\n`,
      `clientCertificates: { ca: ca.crt, mode: ${mode} }`,
    );
    return {
      service,
      gateway: await startTestGateway(yaml, { files: { ...FILES, 'ca.crt': authority.cert } }),
    };
  }

  /** In TLS 1.3 a client is done before the server has looked at its certificate. */
  async function statusFor(port: number, options: ConnectionOptions): Promise<number | null> {
    try {
      return (await (await connectSecurely(port, options)).exchange(get('/db'))).status;
    } catch {
      return null;
    }
  }

  test.each([
    ['none', {}, null],
    ['one of a stranger', stranger, null],
    ['one of the authority', alice, 200],
  ] as const)('required: %s', async (_what, options, status) => {
    const { gateway, service } = await start('require');
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const)
      expect(await statusFor(gateway.port, { ...options, maxVersion })).toBe(status);
    expect(service.requests.length).toBe(status === null ? 0 : 2);
  });

  test.each([
    ['', '/db', 400],
    ['redirect: true', '/db', 308],
    ['redirect: true', '/.well-known/acme-challenge/x', 400],
  ])('required: plain HTTP leads nowhere around them (%s %s)', async (more, path, status) => {
    const service = (await startService()).answer(ok());
    const clients = 'clientCertificates: { ca: ca.crt }';
    const yaml = secure(
      `trustProxy: 127.0.0.1\nroutes: { /: ${service.port} }\n`,
      ...[clients, more].filter((key) => key !== ''),
    );
    const gateway = await startTestGateway(yaml, { files: { ...FILES, 'ca.crt': authority.cert } });
    expect((await gateway.get(path)).status).toBe(status);
    // What a trusted proxy says of itself is no certificate.
    expect((await gateway.get(path, 'X-Forwarded-Proto: https')).status).toBe(400);
    expect((await (await gateway.connect()).exchange(handshake(path))).status).toBe(status);
    expect(service.connections).toEqual([]);
  });

  test.each([
    ['none', {}, []],
    ['one of a stranger', stranger, []],
    ['one of the authority', alice, [expect.stringMatching(/^Hash=[0-9a-f]{64};Subject="CN=alice.test"$/)]],
  ] as const)(
    'requested: %s is let in, and the service is told of a sound one alone',
    async (_what, options, told) => {
      const { gateway, service } = await start('request');
      const client = await connectSecurely(gateway.port, options);
      const forged = 'X-Forwarded-Client-Cert: Subject="CN=root"';
      expect((await client.exchange(get('/db', forged))).status).toBe(200);
      expect(service.request.head.values('x-forwarded-client-cert')).toEqual(told);
    },
  );

  test.each([
    ['max-age=60', 'X-Other', 'a stranger'],
    ['public, max-age=60', 'X-Forwarded-Client-Cert', 'a stranger'],
    ['public, max-age=60', 'X-Other', 'alice'],
  ])('beside a cache, what says %s and varies by %s is to a stranger: %s', async (said, vary, text) => {
    const script: Script = ({ head }) =>
      ok(
        head.has('x-forwarded-client-cert') ? 'alice' : 'a stranger',
        `Cache-Control: ${said}`,
        `Vary: ${vary}`,
      );
    const { gateway } = await start('request', script, ', cache: true');
    expect((await (await connectSecurely(gateway.port, alice)).exchange(get('/db'))).text).toBe('alice');
    expect((await (await connectSecurely(gateway.port)).exchange(get('/db'))).text).toBe(text);
  });

  test('a subject can not break out of its quotes', async () => {
    const eve = issueCertificate(authority, { names: ['a"\\ü,CN=root'], days: 1, client: true });
    const { gateway, service } = await start('request');
    await (await connectSecurely(gateway.port, eve)).exchange(get('/db'));
    expect(service.request.head.value('x-forwarded-client-cert')).toMatch(/;Subject="[^"]*"$/);
  });
});

describe('tls: dev', () => {
  test('shows a certificate of the authority of this machine, for every host of the gateway', async () => {
    const folder = await configurationFolder('');
    const env = { PORTWAY_CA: folder };
    const gateway = await startTestGateway('tls: dev\nroutes:\n  shop.test/: 1\n  "*.app.test/": 1\n', {
      env,
    });
    const ca = await readFile(join(folder, 'ca.pem'));
    for (const servername of ['localhost', 'vite.localhost', 'shop.test', 'a.app.test']) {
      const client = await connectSecurely(gateway.port, { servername, ca, rejectUnauthorized: true });
      expect(client.socket.authorized).toBe(true);
    }
    await gateway.editAndReload('tls: dev\nroutes:\n  new.test/: 1\n');
    const client = await connectSecurely(gateway.port, {
      servername: 'new.test',
      ca,
      rejectUnauthorized: true,
    });
    expect(client.socket.authorized).toBe(true);
  });

  test('says where it can not keep its authority', async () => {
    const folder = await configurationFolder('');
    const env = { PORTWAY_CA: join(folder, 'gateway.config.yaml', 'no-folder') };
    await expect(startTestGateway('tls: dev\nroutes: {}\n', { env })).rejects.toThrow(
      /^tls: dev keeps its authority in .*, and can't: /,
    );
  });
});
