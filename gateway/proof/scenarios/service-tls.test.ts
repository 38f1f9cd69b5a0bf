import { once } from 'node:events';
import { createServer as createSecureServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Issued } from '../../tls/authority.ts';
import { startTestGateway } from '../testing/gateway.ts';
import { runHere } from '../testing/portway.ts';
import { configFile } from '../testing/program.ts';
import { get } from '../testing/raw-client.ts';
import { selfSigned } from '../testing/self-signed.ts';
import { agreement, handshake } from '../testing/websocket.ts';
import { markKitSocket } from '../testing/wire.ts';

const DAY_MS = 86_400_000;

/** A service that speaks HTTP/1.1 over TLS. */
async function secureService(shown: Issued): Promise<{ port: number; server: Server; asked: string[] }> {
  const asked: string[] = [];
  const server = createSecureServer(shown, (request, response) => {
    asked.push(`${(request.socket as { servername?: string }).servername} ${request.url}`);
    response.end('ok');
  });
  server.on('upgrade', (_request, socket) => socket.write(agreement()));
  const sockets = new Set<Socket>();
  for (const event of ['connection', 'secureConnection'])
    server.on(event, (socket: Socket) => sockets.add(markKitSocket(socket)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port, server, asked };
}

async function gatewayTo(port: number, tls: string, ca = '') {
  const route = `routes:\n  /db: { to: "https://127.0.0.1:${port}"${tls} }\n`;
  return startTestGateway(route, { files: { 'ca.crt': ca } });
}

describe('a service over TLS', () => {
  const shown = selfSigned('db.test');

  test('is asked where its authority and its name are given', async () => {
    const { port, asked } = await secureService(shown);
    const gateway = await gatewayTo(port, ', tls: { ca: ca.crt, serverName: db.test }', shown.cert);
    const client = await gateway.connect();
    expect((await client.exchange(get('/db/x'))).text).toBe('ok');
    expect((await client.exchange(get('/db/y'))).text).toBe('ok');
    expect(asked).toEqual(['db.test /x', 'db.test /y']);
  });

  test('is asked whatever it shows, where that is said, and the log says it too', async () => {
    const { port } = await secureService(selfSigned('other.test', -DAY_MS));
    const gateway = await gatewayTo(port, ', tls: { insecure: true }');
    expect((await (await gateway.connect()).exchange(get('/db'))).text).toBe('ok');
    expect(gateway.log.text()).toContain('the route /db takes any certificate of its service');
    const seen = (await gateway.gateway.figure('routes'))[0]?.problems;
    expect(seen).toEqual([expect.stringContaining('insecure: true')]);
  });

  test.each([
    ['takes a WebSocket', ', tls: { ca: ca.crt, serverName: db.test }', 101],
    ['is sent no handshake where its certificate is refused', '', 502],
  ])('%s', async (_what, tls, status) => {
    const { port } = await secureService(shown);
    const client = await (await gatewayTo(port, tls, shown.cert)).connect();
    await client.send(handshake('/db'));
    expect((await client.head()).status).toBe(status);
  });

  test.each<[what: string, shown: Issued, tls: string, said: RegExp]>([
    [
      'of nobody that is known',
      shown,
      ', tls: { serverName: db.test }',
      /shows a certificate for db.test, issued by CN=db.test: nobody .* vouches for it .*DEPTH_ZERO.*ca: FILE/,
    ],
    [
      'for another name',
      shown,
      ', tls: { ca: ca.crt, serverName: elsewhere.test }',
      /it is not for elsewhere.test .*ALTNAME.*serverName: NAME/,
    ],
    ['for no address', shown, ', tls: { ca: ca.crt }', /it is not for 127.0.0.1/],
    [
      'that has expired',
      selfSigned('db.test', -DAY_MS),
      ', tls: { ca: ca.crt, serverName: db.test }',
      /it has expired on .*CERT_HAS_EXPIRED.*renew it/,
    ],
  ])(
    'with a certificate %s is not asked, and the log says why and what to do',
    async (_what, pair, tls, said) => {
      const { port, asked } = await secureService(pair);
      const gateway = await gatewayTo(port, tls, pair.cert);
      const answer = await (await gateway.connect()).exchange(get('/db', 'Accept: application/json'));
      expect([answer.status, JSON.parse(answer.text).code]).toEqual([502, 'certificate_refused']);
      expect(answer.head.value('proxy-status')).toContain('tls_certificate_error');
      expect(JSON.stringify(await gateway.log.exchange(502))).toMatch(said);
      expect(answer.text).not.toContain('db.test');
      expect(asked).toEqual([]);
    },
  );
});

async function check(route: string) {
  return runHere(['check', await configFile(`routes:\n  /db: { ${route} }\n`, { 'text.txt': 'hello' })]);
}

describe('portway check', () => {
  test.each([
    [
      'an authority that is not there',
      'to: "https://a.test", tls: { ca: none.crt }',
      /tls\.ca .*got no file/,
    ],
    ['an authority that is none', 'to: "https://a.test", tls: { ca: text.txt }', /got no certificate/],
    ['certificates that nobody will show', 'to: 3001, tls: { insecure: true }', /expected an https:/],
    ['a name with a port', 'to: "https://a.test", tls: { serverName: "b.test:1" }', /without a port/],
  ])('refuses %s', async (_what, route, said) => {
    const { code, stdout } = await check(route);
    expect([code, stdout]).toEqual([1, expect.stringMatching(said)]);
  });

  test('warns where any certificate is taken', async () => {
    const { code, stdout } = await check('to: "https://a.test", tls: { insecure: true }');
    expect(code).toBe(0);
    expect(stdout).toContain('warning: the route /db takes any certificate');
  });
});
