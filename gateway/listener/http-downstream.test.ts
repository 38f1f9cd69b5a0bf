import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { BodySink } from '../exchange/contract.ts';
import { until } from '../proof/testing/poll.ts';
import { connect, get, type RawClient, request } from '../proof/testing/raw-client.ts';
import { CountedResponse } from './counted-response.ts';
import { HttpDownstream } from './http-downstream.ts';

interface Arrived {
  readonly wire: RawClient;
  readonly downstream: HttpDownstream;
  /** `drained`, `closed true`, `closed false`, in order. */
  readonly events: string[];
}

/** Sends a request to a bare server, and hands over what the gateway would work with. */
async function arrive(bytes: string, policy = { draining: false }): Promise<Arrived> {
  const arrived = Promise.withResolvers<HttpDownstream>();
  const server = http.createServer({ ServerResponse: CountedResponse }, (incoming, response) => {
    const reading = Object.assign(incoming.socket, { bodyLeft: Number.POSITIVE_INFINITY, pass: () => null });
    arrived.resolve(new HttpDownstream(incoming, response, policy, false, reading));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close().closeAllConnections());
  const wire = await connect((server.address() as AddressInfo).port);
  await wire.send(bytes);
  const downstream = await arrived.promise;
  const events: string[] = [];
  downstream.listen({
    drained: () => events.push('drained'),
    closed: (completed) => events.push(`closed ${completed}`),
  });
  return { wire, downstream, events };
}

const old = 'GET / HTTP/1.0\r\nHost: a\r\n\r\n';

describe('the head of an answer', () => {
  test('goes out before there is a body', async () => {
    const { wire, downstream } = await arrive(get('/'));
    downstream.head(200, 'OK', ['Content-Length', '2']);
    expect((await wire.head()).status).toBe(200);
  });

  test.each([
    ['latin-1', 'attachment; filename="\xe9.txt"'],
    ['UTF-8', 'attachment; filename="\xc3\xa9.txt"'],
    ['plain', 'attachment; filename="e.txt"'],
  ])('keeps the bytes of a Content-Disposition behind a Content-Length: %s', async (_what, value) => {
    const { wire, downstream } = await arrive(get('/'));
    downstream.head(200, 'OK', ['Content-Length', '2', 'Content-Disposition', value, 'X-A', '1']);
    downstream.write(Buffer.from('ok'));
    const { head, text } = await wire.answer();
    expect([head.value('content-disposition'), text]).toEqual([value, 'ok']);
  });

  test('has a reason that every client can read', async () => {
    const { wire, downstream } = await arrive(get('/'));
    downstream.head(404, 'Gr\ufffd\u0001n \u2713', ['Content-Length', '0']);
    downstream.end([]);
    expect((await wire.head()).startLine).toBe('HTTP/1.1 404 Gr?n ?');
  });

  test.each([
    ['while the gateway drains', get('/'), { draining: true }],
    ['before the end of an upload', request('POST', '/', ['Content-Length: 5'], ''), { draining: false }],
  ])('says that it is the last %s', async (_what, bytes, policy) => {
    const { wire, downstream } = await arrive(bytes, policy);
    downstream.head(200, 'OK', ['Content-Length', '0']);
    downstream.end([]);
    expect((await wire.head()).value('connection')).toBe('close');
    expect(await wire.ending()).toBe('fin');
  });
});

describe('a 1xx answer', () => {
  test('goes out with every value of its fields', async () => {
    const { wire, downstream } = await arrive(get('/'));
    downstream.informational(103, ['Link', '</a>', 'Link', '</b>', 'X-A', '\xe9']);
    const head = await wire.head();
    expect([head.status, head.values('link').join(), head.value('x-a')]).toEqual([103, '</a>,</b>', '\xe9']);
  });

  test.each([
    ['to HTTP/1.0, which has none', old, () => {}],
    [
      'behind the head',
      get('/'),
      (downstream: HttpDownstream) => downstream.head(200, 'OK', ['Content-Length', '0']),
    ],
  ])('is left out %s', async (_what, bytes, before) => {
    const { wire, downstream } = await arrive(bytes);
    before(downstream);
    downstream.informational(103, ['Link', '</a>']);
    if (bytes === old) downstream.head(200, 'OK', ['Content-Length', '0']);
    downstream.end([]);
    const { status, interim } = await wire.answer();
    expect([status, interim]).toEqual([200, []]);
  });
});

describe('the body of an answer', () => {
  test.each([
    ['small', 3],
    ['large', 100_000],
  ])('ends with the last of the promised bytes, and the connection goes on: %s', async (_what, size) => {
    const { wire, downstream, events } = await arrive(get('/'));
    downstream.head(200, 'OK', ['Content-Length', String(size)]);
    downstream.write(Buffer.alloc(1, 'x'));
    downstream.write(Buffer.alloc(size - 1, 'x'));
    downstream.end([]);
    expect((await wire.answer()).text).toBe('x'.repeat(size));
    await until('it is over', () => events.includes('closed true'));
    await wire.send(get('/again'));
  });

  test('keeps every byte', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const { wire, downstream } = await arrive(get('/'));
    downstream.head(200, 'OK', ['Content-Length', '256']);
    downstream.write(bytes);
    expect(Buffer.compare((await wire.answer()).body, bytes)).toBe(0);
  });

  test('is held back by a slow reader, and goes on when that one has read', async () => {
    const { wire, downstream, events } = await arrive(get('/'));
    downstream.head(200, 'OK', []);
    let written = 0;
    while (downstream.write(Buffer.alloc(1024 * 1024))) written++;
    expect(events).toEqual([]);
    const head = await wire.head();
    expect(head.value('transfer-encoding')).toBe('chunked');
    for (let i = 0; i <= written; i++) await wire.chunk();
    await until('it is told', () => events.includes('drained'));
  });

  test('may have trailers behind its chunks', async () => {
    const { wire, downstream } = await arrive(get('/'));
    downstream.head(200, 'OK', ['Trailer', 'X-A']);
    downstream.write(Buffer.from('ok'));
    downstream.end(['X-A', '1']);
    expect((await wire.until('0\r\nX-A: 1\r\n\r\n')).endsWith('2\r\nok\r\n0\r\nX-A: 1\r\n\r\n')).toBe(true);
  });

  test.each([
    ['with a length', get('/'), ['Content-Length', '5']],
    ['with a length of no bytes to come', get('/'), ['Content-Length', '0']],
    ['on HTTP/1.0', old, []],
  ])('has no trailers without chunks: %s', async (_what, bytes, fields) => {
    const { wire, downstream } = await arrive(bytes);
    downstream.head(200, 'OK', fields);
    downstream.end(['X-A', '1']);
    expect((await wire.head()).status).toBe(200);
    expect(wire.unread().toString()).toBe('');
  });
});

describe('an answer that is broken off', () => {
  test.each([
    ['inside its length', get('/'), ['Content-Length', '5'], 'fin', 'ha'],
    ['between its chunks', get('/'), [], 'fin', '2\r\nha\r\n'],
    ['where only the end of the connection would end it', old, [], 'reset', 'ha'],
  ])('never looks complete: %s', async (_what, bytes, fields, ending, body) => {
    const { wire, downstream, events } = await arrive(bytes);
    downstream.head(200, 'OK', fields);
    downstream.write(Buffer.from('ha'));
    await wire.head();
    await wire.until(body);
    downstream.abort();
    expect(await wire.ending()).toBe(ending);
    await until('it is over', () => events.includes('closed false'));
  });
});

test('who listens only after the connection has closed is told, too', async () => {
  const { wire, downstream, events } = await arrive(get('/'));
  wire.reset();
  await until('the first is told', () => events.includes('closed false'));
  const late: boolean[] = [];
  downstream.listen({ drained() {}, closed: (completed) => late.push(completed) });
  await until('the second is told', () => late.length === 1);
  expect([late, events]).toEqual([[false], ['closed false']]);
});

test('a connection on which one fault follows another closes after its answer', async () => {
  const { wire, downstream } = await arrive(get('/'));
  downstream.head(200, 'OK', ['Content-Length', '2']);
  await wire.head();
  for (let i = 0; i < 20; i++) downstream.fault(new Error('garbage'));
  expect(downstream.socket.destroyed).toBe(false);
  downstream.write(Buffer.from('ok'));
  expect((await wire.rest()).bytes.toString()).toBe('ok');
});

test.each([
  ['before its answer', []],
  ['behind a head that somebody else has written', ['flush']],
])('a fault in a body %s does not wait', async (_what, before) => {
  const { wire, downstream, events } = await arrive(request('POST', '/', ['Content-Length: 9'], 'half'));
  const failed: string[] = [];
  downstream.body?.read({ data() {}, end() {}, fail: ({ message }) => failed.push(message) });
  if (before.length > 0) downstream.flushHead();
  downstream.fault(new Error('no chunk'));
  if (before.length === 0) return expect(failed).toEqual(['no chunk']);
  await until('the connection is gone', () => events.includes('closed false'));
  expect((await wire.rest()).ending).toBeTruthy();
});

describe('the body of a request', () => {
  const collect = () => {
    const events: string[] = [];
    const sink: BodySink = {
      data: (chunk) => events.push(String(chunk)),
      end: () => events.push('end'),
      fail: (cause) => events.push(`fail ${cause.message}`),
    };
    return { events, sink };
  };

  test.each([
    ['with a length', request('POST', '/', [], 'hello'), 5],
    ['in chunks', request('POST', '/', ['Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\n\r\n'), null],
  ])('is read %s', async (_what, bytes, length) => {
    const { downstream } = await arrive(bytes);
    const { events, sink } = collect();
    expect(downstream.body?.length).toBe(length);
    downstream.body?.read(sink);
    await until('it has ended', () => events.includes('end'));
    expect(events.join('')).toBe('helloend');
  });

  test.each([
    ['none at all', get('/')],
    ['a length of 0', request('POST', '/', ['Content-Length: 0'])],
  ])('is none where there is %s', async (_what, bytes) => {
    expect((await arrive(bytes)).downstream.body).toBe(null);
  });

  test('tells of a client that leaves in the middle of it', async () => {
    const { wire, downstream } = await arrive(request('POST', '/', ['Content-Length: 9'], 'half'));
    const { events, sink } = collect();
    downstream.body?.read(sink);
    await until('the first half has come', () => events.includes('half'));
    wire.reset();
    await until('it has failed', () => events.some((event) => event.startsWith('fail')));
  });

  test.each([
    ['before anybody reads it', true],
    ['while it is read', false],
  ])('tells of a fault that was met %s', async (_what, faultFirst) => {
    const { downstream } = await arrive(request('POST', '/', ['Content-Length: 9'], 'half'));
    const { events, sink } = collect();
    if (faultFirst) downstream.fault(new Error('no chunk'));
    downstream.body?.read(sink);
    if (!faultFirst) downstream.fault(new Error('no chunk'));
    expect(events).toContain('fail no chunk');
  });
});
