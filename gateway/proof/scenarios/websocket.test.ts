import { describe, expect, test } from 'vitest';
import { startDeafPort } from '../testing/deaf-port.ts';
import { gatewaySockets, startTestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { get } from '../testing/raw-client.ts';
import { routeKinds } from '../testing/route-kinds.ts';
import { startRoute } from '../testing/route-stage.ts';
import { ok } from '../testing/service.ts';
import { agreement, handshake, webSocketAccept, webSocketKey } from '../testing/websocket.ts';

describe.each(routeKinds)('the handshake of a WebSocket on $kind', ({ routes, files }) => {
  async function stage(...keys: string[]) {
    const { service, gateway } = await startRoute({ routes, files }, '/chat', keys, { halfOpen: true });
    const client = await gateway.connect({ halfOpen: true });
    return { service, gateway, client };
  }

  test('has its handshake forwarded whole', async () => {
    const { service, client } = await stage();
    const fields = [
      'Origin: https://app.test',
      'Authorization: Bearer x.y.z',
      'Cookie: session=1',
      'Sec-WebSocket-Protocol: chat.v2, chat.v1',
      'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
      'x-Odd: \xe9',
    ];
    await client.send(handshake('/chat/a%2Fb?room=1', ...fields));
    const head = await (await service.connection()).head();
    expect(head.startLine).toBe('GET /a%2Fb?room=1 HTTP/1.1');
    expect(head.lines).toEqual(
      expect.arrayContaining([...fields, webSocketKey, 'Sec-WebSocket-Version: 13']),
    );
    expect(head.value('connection')).toMatch(/^upgrade$/i);
    expect(head.value('upgrade')).toBe('websocket');
    expect(head.value('host')).toBe('gateway.test');
    expect(head.value('x-forwarded-for')).toBe('127.0.0.1');
    expect(head.value('x-forwarded-proto')).toMatch(/^(http|ws)$/);
    expect(head.value('x-forwarded-prefix')).toBe('/chat');
    expect(head.value('via')).toMatch(/^1\.1 portway/);
    expect(head.values('x-request-id')).toHaveLength(1);
  });

  test('names the service in Origin, where the route rewrites Host and it named the gateway', async () => {
    const { service, client } = await stage('hostHeader: rewrite');
    await client.send(handshake('/chat/', 'Origin: http://gateway.test'));
    const head = await (await service.connection()).head();
    expect(head.value('host')).toMatch(new RegExp(`:${service.port}$`));
    expect(head.value('origin')).toBe(`http://${head.value('host')}`);
  });

  test("gets the service's own agreement", async () => {
    const { service, client } = await stage();
    const connection = await service.reachedBy(client, handshake('/chat/', 'Sec-WebSocket-Protocol: a, b'));
    await connection.send(agreement('Sec-WebSocket-Protocol: b', 'Set-Cookie: x=1; Path=/'));
    const head = await client.head();
    expect(head.startLine).toBe('HTTP/1.1 101 Switching Protocols');
    expect(head.value('sec-websocket-accept')).toBe(webSocketAccept);
    expect(head.value('sec-websocket-protocol')).toBe('b');
    expect(head.value('upgrade')).toBe('websocket');
    expect(head.value('connection')).toMatch(/upgrade/i);
    expect(head.value('set-cookie')).toMatch(/Path=\/chat\/?$/);
    expect(head.has('content-length') || head.has('transfer-encoding')).toBe(false);
  });

  test.each([
    ['403 Forbidden', ['Content-Length: 12', 'X-Why: origin'], 'wrong origin'],
    [
      '401 Unauthorized',
      ['WWW-Authenticate: Basic realm="a"', 'WWW-Authenticate: Bearer', 'Content-Length: 0'],
      '',
    ],
    ['426 Upgrade Required', ['Sec-WebSocket-Version: 8, 7', 'Content-Length: 3'], 'old'],
    ['302 Found', ['Location: https://login.test/', 'Content-Length: 0'], ''],
    ['200 OK', ['Content-Length: 8'], 'a plain '],
  ])('that is refused gets %s with its fields and body', async (line, fields, body) => {
    const { service, client } = await stage();
    const connection = await service.reachedBy(client, handshake('/chat/'));
    await connection.send(`HTTP/1.1 ${line}\r\n${fields.join('\r\n')}\r\n\r\n${body}`);
    const answer = await client.answer();
    expect(answer.head.startLine).toBe(`HTTP/1.1 ${line}`);
    expect(answer.head.lines).toEqual(
      expect.arrayContaining(fields.filter((field) => !/^content-l/i.test(field))),
    );
    expect(answer.text).toBe(body);
  });

  test('that is refused in chunks gets the whole refusal', async () => {
    const { service, client } = await stage();
    const connection = await service.reachedBy(client, handshake('/chat/'));
    await connection.send(
      'HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nall\r\n3\r\n of\r\n0\r\n\r\n',
    );
    expect((await client.answer()).text).toBe('all of');
  });

  test('has no byte of its client acted upon before the service has agreed', async () => {
    const { service, gateway, client } = await stage();
    const connection = await service.reachedBy(
      client,
      `${handshake('/chat/')}early frames ${get('/chat/smuggled')}`,
    );
    // A whole exchange on another connection: whatever the gateway would have done with these bytes, it has done by now.
    expect((await gateway.get('/nowhere')).status).toBe(404);
    expect(connection.unread().toString()).toBe('');
    await connection.send(agreement());
    await connection.until('early frames GET /chat/smuggled');
    expect(service.connections).toHaveLength(1);
  });

  test.each([
    ['403 Forbidden', []],
    ['426 Upgrade Required', ['Upgrade: other', 'Connection: Upgrade']],
  ])('that is refused by %s gets the time, and what the status wants', async (line, fields) => {
    const { service, client } = await stage();
    const connection = await service.reachedBy(client, handshake('/chat/'));
    await connection.send([`HTTP/1.1 ${line}`, ...fields, 'Content-Length: 0', '', ''].join('\r\n'));
    const { head } = await client.answer();
    // RFC 9110 §6.6.1, §15.5.22
    expect(head.values('date')).toHaveLength(1);
    expect(head.value('upgrade')).toBe(fields.length > 0 ? 'other' : undefined);
  });

  test('has bytes sent before a refusal acted upon by nobody', async () => {
    const { service, client } = await stage();
    const connection = await service.reachedBy(client, `${handshake('/chat/')}${get('/chat/smuggled')}`);
    await connection.send('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    expect((await client.answer()).status).toBe(403);
    expect(await client.quietEnding()).toBeDefined();
    expect((await connection.rest()).bytes.toString()).toBe('');
    expect(service.connections).toHaveLength(1);
  });

  test.each(['destroy', 'reset'] as const)(
    'that is abandoned while we connect (%s) leaves no socket',
    async (how) => {
      const yaml = routes('/chat', await startDeafPort(), 'timeouts: { connect: 60s }');
      const gateway = await startTestGateway(yaml, { files });
      const client = await gateway.connect();
      await client.send(handshake('/chat/'));
      await until('the gateway is connecting', () => gatewaySockets().some((socket) => socket.connecting));
      client[how]();
      await until('the gateway holds no socket', () => gatewaySockets().length === 0);
    },
  );

  test.each(['destroy', 'reset'] as const)(
    'that is abandoned before the answer (%s) frees the service',
    async (how) => {
      const { service, gateway, client } = await stage();
      const connection = await service.reachedBy(client, handshake('/chat/'));
      client[how]();
      await connection.ending();
      connection.fin();
      await gateway.log.exchange(499);
    },
  );

  test.each([
    ['GET', 'Upgrade: h2c'],
    ['GET', 'Upgrade: TLS/1.0'],
    ['GET', 'Upgrade: foo, bar'],
    ['POST', 'Upgrade: h2c'],
  ])('is the only thing to upgrade to: %s with %s is a plain request', async (method, field) => {
    const { service, gateway } = await stage();
    const asked = get('/chat/x', 'Connection: Upgrade', field).replace('GET', method);
    const client = await gateway.connect();
    await client.send(asked);
    const connection = await service.connection();
    const head = await connection.head();
    expect([head.method, head.has('upgrade')]).toEqual([method, false]);
    await connection.send(ok('plain'));
    expect((await client.answer()).text).toBe('plain');
    // Node forgets the bytes that came together with it, so nothing may follow.
    expect(await client.quietEnding()).toBe('fin');
  });

  test.each([
    ['/nowhere', 404],
    ['/chat/%zz', 400],
    ['/chatter', 404],
  ])('to %s is answered %i and closed', async (target, status) => {
    const { service, client } = await stage();
    await client.send(handshake(target));
    const answer = await client.answer();
    expect(answer.status).toBe(status);
    expect(answer.head.value('content-type')).toMatch(/^application\/problem\+json/);
    expect(await client.quietEnding()).toBe('fin');
    expect(service.connections).toEqual([]);
  });

  test.each([
    ['nothing listens', 'fin-before', 502, 'connection_terminated'],
    ['garbage comes', 'garbage', 502, 'http_protocol_error'],
    ['nothing comes', 'silence', 504, 'http_response_timeout'],
  ])('is answered like any request where %s instead of an answer', async (_what, how, status, type) => {
    const { service, client } = await stage(...(how === 'silence' ? ['timeouts: { response: 300ms }'] : []));
    const connection = await service.reachedBy(client, handshake('/chat/'));
    if (how === 'garbage') await connection.send('+PONG\r\n\r\n');
    if (how === 'fin-before') connection.destroy();
    const answer = await client.answer();
    expect(answer.status).toBe(status);
    expect(answer.head.value('proxy-status')).toContain(type);
    await client.ending();
  });
});
