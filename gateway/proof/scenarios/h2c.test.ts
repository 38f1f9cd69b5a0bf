import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { gatewaySockets, startTestGateway } from '../testing/gateway.ts';
import { connectH2, connectSettledH2, exchangeH2, WEBSOCKET } from '../testing/h2-client.ts';
import { scrape } from '../testing/metrics-text.ts';
import { until } from '../testing/poll.ts';
import { connect, get } from '../testing/raw-client.ts';
import { routeKinds } from '../testing/route-kinds.ts';
import { connectSecurely } from '../testing/secure-client.ts';
import { SHOP_TLS } from '../testing/self-signed.ts';
import { ok, startService } from '../testing/service.ts';
import { agreement } from '../testing/websocket.ts';

const { yaml: TLS, files: FILES } = SHOP_TLS;

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
/** SETTINGS, and GET http://a/ as HEADERS that end the stream (RFC 9113 §6; RFC 7541 §A). */
const GET_ROOT = Buffer.from('000000040000000000' + '000006010500000001' + '828684410161', 'hex');

describe.each(routeKinds)('HTTP/2 by prior knowledge, on $kind', ({ routes, files }) => {
  test.each([
    ['without TLS', ''],
    ['beside TLS', TLS],
  ])('requests and bodies pass on the plain port, %s', async (_how, tls) => {
    const service = (await startService()).answer(({ head, body }) => ok(`${head.target} ${body.length}`));
    const gateway = await startTestGateway(tls + routes('/db', service.port), {
      files: { ...FILES, ...files },
    });
    const session = await connectH2(gateway.port, 'http');
    const body = 'x'.repeat(200_000);
    const answers = await Promise.all([
      exchangeH2(session, { ':path': '/db/a' }),
      exchangeH2(session, { ':method': 'POST', ':path': '/db/b' }, body),
    ]);
    expect(answers.map(({ status, text }) => [status, text])).toEqual([
      [200, '/a 0'],
      [200, '/b 200000'],
    ]);
    const told = service.requests.map(({ head }) => head.values('x-forwarded-proto'));
    expect(told).toEqual([['http'], ['http']]);
  });
});

test('a preface that comes byte by byte is understood', async () => {
  const service = await startService();
  const gateway = await startTestGateway(`routes: { /: ${service.port} }\n`);
  const client = await connect(gateway.port);
  for (const byte of PREFACE) await client.send(byte);
  await client.send(GET_ROOT);
  expect((await (await service.connection()).head()).target).toBe('/');
});

test('a WebSocket over it is a tunnel', async () => {
  const service = await startService();
  const gateway = await startTestGateway(`routes: { /chat: ${service.port} }\n`);
  const session = await connectSettledH2(gateway.port, 'http');
  const stream = session.request({ ...WEBSOCKET, ':path': '/chat' });
  const connection = await service.connection();
  await connection.head();
  await connection.send(agreement());
  await once(stream, 'response');
  stream.write('hello');
  expect(String(await connection.bytes(5))).toBe('hello');
  stream.end();
});

describe('what is not taken for it', () => {
  test('a preface behind a request', async () => {
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(`routes: { /: ${service.port} }\n`);
    const client = await connect(gateway.port);
    await client.send(get('/'));
    expect((await client.answer()).status).toBe(200);
    await client.send(PREFACE);
    expect((await client.answer()).status).toBe(505);
  });

  test('a preface over TLS that did not agree on it', async () => {
    const gateway = await startTestGateway(`${TLS}routes: { /: 1 }\n`, { files: FILES });
    const client = await connectSecurely(gateway.port, { ALPNProtocols: ['http/1.1'] });
    await client.send(PREFACE);
    expect((await client.answer()).status).toBe(505);
  });
});

test('connections of HTTP/2, and handshakes of TLS that fail, are counted', async () => {
  const gateway = await startTestGateway(`admin: 3900\n${TLS}routes: { /: 1 }\n`, { files: FILES });
  await connectH2(gateway.port, 'http');
  await connectH2(gateway.port);
  await connectSecurely(gateway.port);
  await (await connect(gateway.port)).send('\x16\x03\x01\x00\x05hello');
  let failures = 0;
  await until('the failure is counted', async () => {
    const metrics = await scrape(gateway.adminPort);
    failures = metrics.sum('portway_tls_handshake_failures_total');
    expect(metrics.sum('portway_http2_open_connections')).toBe(2);
    return failures > 0;
  });
  expect(failures).toBe(1);
});

test('a client that leaves in the middle of a preface, or behind it, leaves no socket', async () => {
  const gateway = await startTestGateway('routes: { /: 1 }\n');
  for (const begun of [PREFACE.slice(0, 10), PREFACE]) {
    const client = await connect(gateway.port);
    await client.send(begun);
    await until('the gateway has it', () => gatewaySockets().length === 1);
    client.destroy();
    await until('no socket is left', () => gatewaySockets().length === 0);
  }
});
