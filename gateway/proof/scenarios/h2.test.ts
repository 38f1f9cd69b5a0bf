import { once } from 'node:events';
import http2 from 'node:http2';
import { describe, expect, test } from 'vitest';
import { gatewaySockets, startTestGateway } from '../testing/gateway.ts';
import { answerOf, connectH2, connectSettledH2, exchangeH2, WEBSOCKET } from '../testing/h2-client.ts';
import { connectFrames, FLAG, fieldBlock, frame, TYPE } from '../testing/h2-frames.ts';
import { startH2Service } from '../testing/h2-service.ts';
import { until } from '../testing/poll.ts';
import { routeKinds } from '../testing/route-kinds.ts';
import { connectSecurely } from '../testing/secure-client.ts';
import { SHOP_TLS } from '../testing/self-signed.ts';
import { ok, reply, startService } from '../testing/service.ts';
import { agreement } from '../testing/websocket.ts';

const { yaml: TLS, files: FILES } = SHOP_TLS;

async function gatewayFor(routes: string, files = {}, mode: 'production' | 'development' = 'production') {
  return startTestGateway(TLS + routes, { files: { ...FILES, ...files }, mode });
}

// Its connection in memory kept no time: it was held until the client left.
test("a hook's own answer that stalls is broken off over HTTP/2 too", async () => {
  const module = `
    import { PassThrough } from 'node:stream';
    export default {
      preHandler(_request, reply) {
        const stream = new PassThrough();
        stream.write('begun');
        reply.send(stream);
      },
    };`;
  const gateway = await gatewayFor(
    'routes:\n  /own: { to: 1, extend: ./own.ts, timeouts: { idle: 200ms } }\n',
    { 'own.ts': module },
  );
  const session = await connectH2(gateway.port);
  const stream = session.request({ ':authority': 'shop.test', ':path': '/own/' });
  stream.on('error', () => {}).resume();
  await until('the stream has ended', () => stream.destroyed);
  expect(await gateway.log.exchange(200)).toMatchObject({ code: 'idle_timeout', bytesOut: 5 });
});

describe.each(routeKinds)('HTTP/2 over TLS, on $kind', ({ routes, files, throughFastify }) => {
  async function start() {
    const service = (await startService()).answer(ok());
    const gateway = await gatewayFor(routes('/db', service.port), files);
    return { service, gateway, session: await connectH2(gateway.port) };
  }

  test('a request reaches the service as HTTP/1.1, with the authority as its Host', async () => {
    const { service, session } = await start();
    const answer = await exchangeH2(session, {
      ':path': '/db/x?y=1',
      cookie: ['a=1', 'b=2'] as never,
      'x-many': ['1', '2'],
    });
    expect([answer.status, answer.text]).toEqual([200, 'ok']);
    const { head } = service.request;
    expect([head.method, head.target]).toEqual(['GET', '/x?y=1']);
    expect(head.values('host')).toEqual(['shop.test']);
    expect(head.values('cookie')).toEqual(['a=1; b=2']);
    expect(head.values('x-many').join(', ')).toBe('1, 2');
    expect(head.values('x-forwarded-proto')).toEqual(['https']);
    expect(head.raw).not.toMatch(/^:/m);
  });

  test('bodies pass in both directions, with a length and without one', async () => {
    const { service, session } = await start();
    const body = 'x'.repeat(400_000);
    service.answer((received) => ok(received.body.toString()));
    const counted = { ':method': 'POST', ':path': '/db', 'content-length': body.length };
    expect((await exchangeH2(session, counted, body)).text).toBe(body);
    expect((await exchangeH2(session, { ':method': 'POST', ':path': '/db' }, body)).text).toBe(body);
  });

  // Node's 'drain' did not come where a window of HTTP/2 and a head that is on its way were just more than its buffer.
  test('a body of more than one window passes by prior knowledge', async () => {
    const service = (await startService()).answer(({ body }) => ok(String(body.length)));
    const gateway = await gatewayFor(routes('/db', service.port), files);
    const session = await connectSettledH2(gateway.port, 'http');
    const asked = { ':method': 'POST', ':path': '/db' };
    expect((await exchangeH2(session, asked, 'x'.repeat(100_000))).text).toBe('100000');
  });

  // Its end came before the connection to the service, and was waited for.
  test.each([{}, { 'x-t': 'a' }])(
    'a body without a byte ends, behind it the trailers %j',
    async (trailers) => {
      const { service, session } = await start();
      const asked = { ':authority': 'shop.test', ':path': '/db', ':method': 'POST' };
      const stream = session.request(asked, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers(trailers));
      stream.end();
      expect(await answerOf(stream)).toMatchObject({ status: 200, text: 'ok' });
      expect([String(service.request.body), service.request.trailers.values('x-t')]).toEqual([
        '',
        Object.values(trailers),
      ]);
    },
  );

  // They came before the request had its turn, and nobody listened yet.
  test.each(['', 'abc'])('trailers that come with the head and the body %j pass', async (body) => {
    const { service, gateway } = await start();
    const client = await connectFrames(gateway.port, 'h2c');
    const head = fieldBlock(
      ...([
        [':method', 'POST'],
        [':scheme', 'http'],
        [':authority', 'shop.test'],
        [':path', '/db'],
      ] as const),
    );
    const { headers, data } = TYPE;
    await client.send(
      Buffer.concat([
        frame(headers, FLAG.endHeaders, 1, head),
        frame(data, 0, 1, Buffer.from(body)),
        frame(headers, FLAG.endHeaders | FLAG.endStream, 1, fieldBlock(['x-t', 'a'])),
      ]),
    );
    await until('the service has it', () => service.requests.length > 0);
    expect([String(service.request.body), service.request.trailers.values('x-t')]).toEqual([body, ['a']]);
  });

  test('a head reaches the service before its body', async () => {
    const service = await startService();
    const session = await connectH2((await gatewayFor(routes('/db', service.port), files)).port);
    const stream = session.request({ ':authority': 'shop.test', ':path': '/db', ':method': 'POST' });
    const connection = await service.connection();
    expect((await connection.head()).method).toBe('POST');
    await connection.send(ok('early'));
    expect(await answerOf(stream)).toMatchObject({ status: 200, text: 'early' });
  });

  test('a hundred requests at once on one connection are all answered', async () => {
    const { service, session } = await start();
    service.answer((received) => ok(received.head.target));
    const paths = Array.from({ length: 100 }, (_, index) => `/db/${index}`);
    const answers = await Promise.all(paths.map((path) => exchangeH2(session, { ':path': path })));
    expect(answers.map(({ text }) => `/db${text}`)).toEqual(paths);
  });

  test('HEAD, 204 and 304 have no body', async () => {
    const { service, session } = await start();
    service.answer(({ head }) => reply(Number(head.target.slice(1))));
    const seen = await exchangeH2(session, { ':method': 'HEAD', ':path': '/db/200' });
    expect(seen).toMatchObject({ status: 200, text: '' });
    for (const status of [204, 304])
      expect(await exchangeH2(session, { ':path': `/db/${status}` })).toMatchObject({ status, text: '' });
  });

  test.skipIf(throughFastify)('trailers and 1xx pass', async () => {
    const { service, session } = await start();
    service.answer(
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: grpc-status\r\n\r\n2\r\nok\r\n0\r\ngrpc-status: 0\r\n\r\n',
    );
    const seen = await exchangeH2(session, { ':path': '/db', te: 'trailers' });
    expect(seen).toMatchObject({ status: 200, text: 'ok', interim: [103], trailers: { 'grpc-status': '0' } });
  });

  test('odd fields of a service end no more than they must', async () => {
    const { service, session } = await start();
    service.answer(
      ok(
        'ok',
        'ETag: "a"',
        'Age: 1',
        'Age: 2',
        'TE: gzip',
        'HTTP2-Settings: x',
        'X-Latin: \xe9',
        'Set-Cookie: a=1',
        'Set-Cookie: b=2',
      ),
    );
    const { status, headers } = await exchangeH2(session, { ':path': '/db' });
    expect([status, headers['x-latin'], headers['set-cookie']]).toEqual([200, '\xe9', ['a=1', 'b=2']]);
    expect(headers).not.toHaveProperty('http2-settings');
  });

  test('an answer that breaks off is a stream that breaks off', async () => {
    const { service, session } = await start();
    service.answer(async (_request, connection) => {
      await connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
      connection.reset();
      return '';
    });
    const stream = session.request({ ':authority': 'shop.test', ':path': '/db' });
    await expect(answerOf(stream)).rejects.toThrow();
    // The gateway's own reset, not the client's for a length that does not fit.
    expect(stream.rstCode).toBe(http2.constants.NGHTTP2_INTERNAL_ERROR);
  });

  test.each([
    ['a body of no known length', 413, 'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['no body', 204, '\r\n'],
  ])('an early answer with %s ends before its upload is stopped', async (_what, status, rest) => {
    const service = await startService();
    const session = await connectH2((await gatewayFor(routes('/db', service.port), files)).port);
    const stream = session.request({ ':authority': 'shop.test', ':path': '/db', ':method': 'POST' });
    stream.write('half');
    const connection = await service.connection();
    await connection.head();
    await connection.send(`HTTP/1.1 ${status} Early\r\n${rest}`);
    expect(await answerOf(stream)).toMatchObject({ status, text: '' });
    if (!stream.closed) await once(stream, 'close');
    expect(stream.rstCode).toBe(http2.constants.NGHTTP2_NO_ERROR);
  });

  // What was held back kept the stream, and with it the exchange, until the client's connection ended.
  test('an early answer ends its exchange, though a part of the upload is held back', async () => {
    const service = await startService();
    const yaml = routes('/db', service.port, 'bandwidth: { requests: 4KiB/s, burst: 4KiB }');
    const gateway = await gatewayFor(yaml, files);
    const session = await connectH2(gateway.port);
    const stream = session.request({ ':authority': 'shop.test', ':path': '/db', ':method': 'POST' });
    stream.write('x'.repeat(60_000));
    const connection = await service.connection();
    await connection.head();
    await connection.send('HTTP/1.1 413 Early\r\nContent-Length: 0\r\n\r\n');
    expect(await answerOf(stream)).toMatchObject({ status: 413, text: '' });
    expect((await gateway.log.exchange(413)).bytesIn).toBeLessThan(60_000);
  });

  test('a client that resets its stream has left, and its connection lives on', async () => {
    const service = await startService();
    const gateway = await gatewayFor(routes('/db', service.port), files);
    const session = await connectH2(gateway.port);
    const stream = session.request({ ':authority': 'shop.test', ':path': '/db/slow' });
    stream.on('error', () => {});
    const connection = await service.connection();
    await connection.head();
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await connection.rest();
    expect((await exchangeH2(session, { ':path': '/nothing' })).status).toBe(404);
  });
});

// Each id drove a field that comes again out of the table of its connection, and was compared with all that had come before.
test('ids never enter the table of a connection, of a client or of a service', async () => {
  let asked: unknown;
  const service = await startH2Service((stream, headers) => {
    asked = headers[http2.sensitiveHeaders as never];
    stream.respond({ ':status': 200, 'x-of-service': 'again' });
    stream.end('ok');
  });
  const gateway = await gatewayFor(`routes:\n  /db: { to: "h2c://127.0.0.1:${service.port}" }\n`);
  const { headers, status } = await exchangeH2(await connectH2(gateway.port), { ':path': '/db' });
  expect(status).toBe(200);
  expect(headers[http2.sensitiveHeaders as never]).toEqual(['x-request-id']);
  expect(asked).toEqual(expect.arrayContaining(['x-request-id']));
  expect(asked).not.toContain('x-forwarded-for');
});

describe('what the gateway answers by itself', () => {
  test.each([
    ['no route', { ':path': '/nothing' }, 404],
    ['a path that is none', { ':path': '/db/../x' }, 400],
    ['two hosts', { ':path': '/db', host: 'other.test' }, 400],
    ['CONNECT', { ':method': 'CONNECT', ':authority': 'a.test:80' }, 405],
  ])('%s', async (_what, headers, status) => {
    const gateway = await gatewayFor('routes: { /db: 1 }\n');
    const answer = await exchangeH2(await connectH2(gateway.port), {
      accept: 'application/json',
      ...headers,
    });
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject({ status });
  });

  test('its page', async () => {
    const gateway = await gatewayFor('page: true\nroutes: { /db: 1 }\n');
    const answer = await exchangeH2(await connectH2(gateway.port), { ':path': '/', accept: 'text/html' });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('<!doctype html>');
  });
});

const ASK = { ...WEBSOCKET, ':path': '/chat' };

describe('a WebSocket over HTTP/2 (RFC 8441)', () => {
  test('is a tunnel to the service, which sees a handshake of HTTP/1.1', async () => {
    const service = await startService();
    const gateway = await gatewayFor(`routes: { /chat: ${service.port} }\n`);
    const session = await connectSettledH2(gateway.port);
    const websocket = { 'sec-websocket-version': '13', 'sec-websocket-protocol': 'chat' };
    const stream = session.request({ ...ASK, ...websocket });
    const connection = await service.connection();
    const head = await connection.head();
    const seen = [head.method, head.value('upgrade'), head.value('sec-websocket-protocol')];
    expect(seen).toEqual(['GET', 'websocket', 'chat']);
    await connection.send(agreement('Sec-WebSocket-Protocol: chat'));
    const [answer] = await once(stream, 'response');
    expect([answer[':status'], answer['sec-websocket-protocol']]).toEqual([200, 'chat']);
    stream.write('hello');
    expect(String(await connection.bytes(5))).toBe('hello');
    await connection.send('there');
    expect(String((await once(stream, 'data'))[0])).toBe('there');
    stream.end();
    await connection.rest();
  });

  test('that the service refuses is told its answer', async () => {
    const service = (await startService()).answer(reply(403, [], 'no'));
    const gateway = await gatewayFor(`routes: { /chat: ${service.port} }\n`);
    const session = await connectSettledH2(gateway.port);
    expect(await answerOf(session.request(ASK))).toMatchObject({ status: 403, text: 'no' });
  });

  test('that the service answers with 200 is not open, and one of another protocol never is', async () => {
    const service = (await startService()).answer(ok());
    const gateway = await gatewayFor(`routes: { /chat: ${service.port} }\n`);
    const session = await connectSettledH2(gateway.port);
    expect(await answerOf(session.request(ASK))).toMatchObject({ status: 502, text: 'ok' });
    expect(await gateway.log.exchange(502)).toMatchObject({ code: 'bad_answer', protocol: 'HTTP/2' });
    const other = await answerOf(session.request({ ...ASK, ':protocol': 'ssh' }));
    expect([other.status, JSON.parse(other.text).code]).toEqual([501, 'upgrade_refused']);
    expect(service.requests).toHaveLength(1);
  });

  test.each([
    ['a policy', 'respond: { body: x }', 501],
    ['a hook', 'to: 1, extend: ./own.ts', 502],
  ])('that %s answers with 200 is refused, and no service is blamed', async (_what, keys, status) => {
    const files = { 'own.ts': "export default { preHandler: (_request, reply) => void reply.send('x') };" };
    const gateway = await gatewayFor(`routes: { /chat: { ${keys} } }\n`, files);
    const session = await connectSettledH2(gateway.port);
    expect(await answerOf(session.request(ASK))).toMatchObject({ status });
    expect(await gateway.log.exchange(status)).toMatchObject({ code: 'upgrade_refused' });
  });
});

describe('a WebSocket over HTTP/2 that breaks', () => {
  async function opened(answer = agreement()) {
    const service = await startService();
    const gateway = await gatewayFor(`routes: { /chat: ${service.port} }\n`);
    const session = await connectSettledH2(gateway.port);
    const stream = session.request(ASK);
    stream.on('error', () => {});
    const connection = await service.connection();
    await connection.head();
    await connection.send(answer);
    const [head] = await once(stream, 'response');
    return { gateway, stream, connection, status: head[':status'] };
  }

  test('at its service is reset by CANCEL, and not ended', async () => {
    const { stream, connection } = await opened();
    const over = once(stream, 'close');
    connection.reset();
    await over;
    expect([stream.rstCode, stream.aborted]).toEqual([http2.constants.NGHTTP2_CANCEL, true]);
  });

  test('at its client is reset at its service', async () => {
    const { stream, connection } = await opened();
    stream.destroy(new Error('gone'));
    expect(await connection.ending()).toBe('reset');
  });

  test('for another protocol is none: 502', async () => {
    const other = agreement().replace('websocket', 'ssh');
    const { gateway, status } = await opened(other);
    expect(status).toBe(502);
    expect(await gateway.log.exchange(502)).toMatchObject({ code: 'bad_answer' });
  });
});

describe('what a stranger does to it', () => {
  test('a flood of streams that are reset at once ends the connection, and no other one', async () => {
    const service = (await startService()).answer(ok());
    const gateway = await gatewayFor(`routes: { /db: ${service.port} }\n`);
    const [attacker, other] = [await connectH2(gateway.port), await connectH2(gateway.port)];
    for (let round = 0; round < 100 && !attacker.destroyed; round++) {
      for (let i = 0; i < 100 && !attacker.destroyed && !attacker.closed; i++) {
        const stream = attacker.request({ ':authority': 'shop.test', ':path': '/db' });
        stream.on('error', () => {});
        stream.close(http2.constants.NGHTTP2_CANCEL);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until('the attacker has been sent away', () => attacker.destroyed || attacker.closed);
    expect((await exchangeH2(other, { ':path': '/db' })).status).toBe(200);
  });

  test('a head of more than 16 KiB is refused, and the connection lives on', async () => {
    const gateway = await gatewayFor('routes: { /db: 1 }\n');
    const session = await connectH2(gateway.port);
    const large = { ':path': '/db', 'x-large': 'x'.repeat(17_000) };
    expect((await exchangeH2(session, large)).status).toBe(431);
    expect((await exchangeH2(session, { ':path': '/nothing' })).status).toBe(404);
  });

  test('a client that leaves without a word leaves nothing under way', async () => {
    const service = await startService();
    const gateway = await gatewayFor(`routes: { /: ${service.port} }\n`);
    const client = await connectSecurely(gateway.port, { ALPNProtocols: ['h2'] });
    // The preface, SETTINGS, and GET https://a/ as HEADERS that end the stream (RFC 9113 §3.4, §6; RFC 7541 §A).
    await client.send('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    await client.send(Buffer.from('000000040000000000' + '000006010500000001' + '828784410161', 'hex'));
    const connection = await service.connection();
    await connection.head();
    client.destroy();
    await connection.rest();
    await until('no socket is left', () => gatewaySockets().length === 0);
  });

  test('a gateway that stops ends what is idle', async () => {
    const gateway = await gatewayFor('routes: { /db: 1 }\n');
    const session = await connectH2(gateway.port);
    expect((await exchangeH2(session, { ':path': '/nothing' })).status).toBe(404);
    await gateway.close(2_000);
    await until('the session is over', () => session.closed || session.destroyed);
  });
});
