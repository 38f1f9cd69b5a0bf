import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { get, request } from '../testing/raw-client.ts';
import { chunk, ok, startService } from '../testing/service.ts';
import { agreement, handshake } from '../testing/websocket.ts';

/** A gateway with a route for each lane, and one service that says what it got. */
async function stage() {
  const service = (await startService()).answer(({ method, target, body }) =>
    ok(`${method} ${target} ${body}`),
  );
  const yaml = `page: true\nroutes:\n  /wire: ${service.port}\n  /general: { to: ${service.port}, lane: general }\n  /extended: { to: ${service.port}, extend: ./extension.ts }\n`;
  const gateway = await startTestGateway(yaml, { files: { 'extension.ts': 'export default {};\n' } });
  const lanes = async (count: number) => {
    await expect.poll(() => gateway.log.exchanges().length).toBe(count);
    return gateway.log.exchanges().map(({ target, lane }) => `${target} ${lane}`);
  };
  return { service, gateway, lanes };
}

describe('an exchange is carried', () => {
  test.each([
    ['in the wire lane', get('/wire/a'), 'wire'],
    ['in the wire lane, though no route takes it', get('/nowhere'), 'wire'],
    ['in the general lane, which its route asks for', get('/general/a'), 'general'],
    ['in the general lane, because its route is extended', get('/extended/a'), 'general'],
    ["in the general lane, because it asks for the gateway's own page", get('/'), 'general'],
    ['in the general lane, where it is uncommon', get('http://a/wire/a'), 'general'],
  ])('%s', async (_what, bytes, lane) => {
    const { gateway } = await stage();
    await gateway.exchange(bytes);
    expect((await gateway.log.find('exchange', ({ lane }) => lane !== undefined)).lane).toBe(lane);
  });
});

describe('a connection that goes from the wire lane to the general one', () => {
  test.each([
    ['for its route', get('/general/1'), 'GET /1 '],
    ['for an upload', request('PUT', '/general/1', [], 'body'), 'PUT /1 body'],
    ['for an absolute-form target', get('http://a/wire/1'), 'GET /1 '],
    [
      'for a coding in capitals',
      `${request('PUT', '/wire/1', ['Transfer-Encoding: CHUNKED'])}${chunk('body')}${chunk('')}`,
      'PUT /1 body',
    ],
    ['for HTTP/1.0', 'GET /wire/1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', 'GET /1 '],
  ])('%s goes on there', async (_what, bytes, text) => {
    const { gateway, lanes } = await stage();
    const client = await gateway.connect();
    expect((await client.exchange(get('/wire/0'))).text).toBe('GET /0 ');
    await client.send(bytes);
    expect((await client.answer()).text).toBe(text);
    expect((await client.exchange(request('POST', '/wire/2', [], 'more'))).text).toBe('POST /2 more');
    expect((await lanes(3)).map((line) => line.split(' ')[1])).toEqual(['wire', 'general', 'wire']);
  });

  test.each([
    ['HTTP/1.2', 'GET /wire/1 HTTP/1.2\r\nHost: a\r\n\r\n', 200],
    ['a method that Node does not know', request('FOOBAR', '/wire/1'), 200],
    ['two spaces in its line', 'GET  /wire/1 HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['a bare LF in front', `\n${get('/wire/1')}`, 400],
    ['another major version', 'GET /wire/1 HTTP/2.0\r\nHost: a\r\n\r\n', 505],
    ['a long target', get(`/wire/${'x'.repeat(9_000)}`), 414],
  ])('has a later request with %s judged as its first one would be', async (_what, bytes, status) => {
    const { gateway } = await stage();
    const client = await gateway.connect();
    expect((await client.exchange(get('http://a/wire/0'))).status).toBe(200);
    expect((await client.exchange(bytes)).status).toBe(status);
  });

  test('takes an upload along that comes in pieces', async () => {
    const { gateway, service } = await stage();
    const client = await gateway.connect();
    const bytes = request('PUT', '/general/', ['Content-Length: 300000']);
    for (const piece of [bytes.slice(0, 10), bytes.slice(10), 'a'.repeat(100_000)]) {
      await client.send(piece);
      await setImmediate();
    }
    await client.send('b'.repeat(200_000));
    expect((await client.answer()).status).toBe(200);
    expect(service.request.body.toString()).toBe('a'.repeat(100_000) + 'b'.repeat(200_000));
  });

  test('takes an upgrade along, and what stands behind its head', async () => {
    const service = await startService();
    const gateway = await startTestGateway(`routes:\n  /db: ${service.port}\n`);
    const client = await gateway.connect();
    const plain = await service.reachedBy(client, `${get('/db/')}${handshake('/db/socket')}early`);
    await plain.send(ok('plain'));
    expect((await client.answer()).text).toBe('plain');
    const connection = await service.connection();
    await connection.head();
    await connection.send(agreement());
    expect((await client.head()).status).toBe(101);
    expect(await connection.until('early')).toBe('early');
    await connection.send('late');
    expect(await client.until('late')).toBe('late');
  });
});

describe('pipelined requests', () => {
  const mixed =
    get('/wire/1') +
    request('PUT', '/wire/2', [], 'two') +
    `${request('PUT', '/wire/3', ['Transfer-Encoding: chunked'])}${chunk('th')}${chunk('ree')}${chunk('')}` +
    get('/general/4') +
    request('PUT', '/wire/5', [], 'five');
  const answers = ['GET /1 ', 'PUT /2 two', 'PUT /3 three', 'GET /4 ', 'PUT /5 five'];

  test('of both lanes are answered in order', async () => {
    const { gateway, lanes } = await stage();
    const client = await gateway.connect();
    await client.send(mixed);
    for (const text of answers) expect((await client.answer()).text).toBe(text);
    const taken = ['wire', 'wire', 'wire', 'general', 'wire'];
    expect((await lanes(5)).map((line) => line.split(' ')[1])).toEqual(taken);
  });

  test('mean the same wherever the bytes are cut in two', { timeout: 60_000 }, async () => {
    const { gateway } = await stage();
    for (let at = 1; at < mixed.length; at++) {
      const client = await gateway.connect();
      await client.send(mixed.slice(0, at));
      await setImmediate();
      await client.send(mixed.slice(at));
      for (const text of answers) expect([at, (await client.answer()).text]).toEqual([at, text]);
      client.destroy();
    }
  });

  test('of any number wait for their turn, and a service sees one at a time', async () => {
    const { gateway, service } = await stage();
    const client = await gateway.connect();
    const count = 3_000;
    const sending = client.send(Array.from({ length: count }, (_, i) => get(`/wire/${i}`)).join(''));
    for (let i = 0; i < count; i++) expect((await client.answer()).text).toBe(`GET /${i} `);
    await sending;
    expect(service.connections).toHaveLength(1);
  });

  test('behind the last one that its client wants answered are not acted upon', async () => {
    const { gateway, service } = await stage();
    const client = await gateway.connect();
    await client.send(get('/wire/1', 'Connection: close') + get('/wire/2'));
    expect((await client.answer()).head.value('connection')).toBe('close');
    expect(await client.quietEnding()).toBe('fin');
    expect(service.requests).toHaveLength(1);
  });

  test('of a client that leaves go no further', async () => {
    const service = await startService();
    const gateway = await startTestGateway(`routes:\n  /db: ${service.port}\n`);
    const client = await gateway.connect();
    const connection = await service.reachedBy(client, get('/db/1') + get('/db/2'));
    client.fin();
    await connection.ending();
    await gateway.log.exchange(499);
    expect(service.connections).toHaveLength(1);
  });
});

test.each([
  ['a head', 'GET /wire/ HTTP/1.1\r\nHost: a\r\n', 400],
  ['a chunk size', `${request('PUT', '/wire/', ['Transfer-Encoding: chunked'])}x`, 400],
])(
  'a client that ends in the middle of %s gets its answer where there is one',
  async (what, bytes, status) => {
    const { gateway, service } = await stage();
    const client = await gateway.connect({ halfOpen: true });
    await client.send(bytes);
    if (what === 'a head') client.fin();
    else await client.send('yz\r\n');
    expect((await client.answer()).status).toBe(status);
    await client.ending();
    expect(service.requests).toEqual([]);
  },
);
