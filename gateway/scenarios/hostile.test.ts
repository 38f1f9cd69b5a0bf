import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { connect, get } from '../testing/raw-client.ts';
import { ok, startService } from '../testing/service.ts';

const post = (fields: string, body = '') => `POST /db/ HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n${body}`;
const smuggled = 'GET /db/smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
const chunked = (bytes: string) => post('Transfer-Encoding: chunked', bytes);

/** Bytes, and the statuses that are right for them. What follows in the same connection must never be served. */
const refused: readonly [string, string, number[]][] = [
  ['a length and chunks', post('Content-Length: 5\r\nTransfer-Encoding: chunked', '0\r\n\r\n'), [400]],
  ['chunks and a length', post('Transfer-Encoding: chunked\r\nContent-Length: 5', '0\r\n\r\n'), [400]],
  ['differing lengths', post('Content-Length: 1\r\nContent-Length: 2', 'ab'), [400]],
  ['the same length twice', post('Content-Length: 1\r\nContent-Length: 1', 'a'), [400]],
  ['a list of lengths', post('Content-Length: 1, 1', 'a'), [400]],
  ['a length with a plus', post('Content-Length: +1', 'a'), [400]],
  ['a negative length', post('Content-Length: -1', 'a'), [400]],
  ['a hexadecimal length', post('Content-Length: 0x1', 'a'), [400]],
  ['a length with a fraction', post('Content-Length: 1.0', 'a'), [400]],
  ['an empty length', post('Content-Length:'), [400]],
  ['a length with a space inside', post('Content-Length: 1 1', 'a'), [400]],
  ['a huge length', post('Content-Length: 99999999999999999999'), [400, 413]],
  ['an unknown transfer coding', post('Transfer-Encoding: gzip', 'x'), [400, 501]],
  ['chunked and then another coding', post('Transfer-Encoding: chunked, gzip', '0\r\n\r\n'), [400, 501]],
  ['another coding and then chunked', post('Transfer-Encoding: gzip, chunked', '0\r\n\r\n'), [400, 501]],
  ['chunked twice in one field', post('Transfer-Encoding: chunked, chunked', '0\r\n\r\n'), [400, 501]],
  [
    'chunked twice in two',
    post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
    [400, 501],
  ],
  ['identity', post('Transfer-Encoding: identity', ''), [400, 501]],
  ['chunked with a quote', post('Transfer-Encoding: "chunked"', '0\r\n\r\n'), [400, 501]],
  ['xchunked', post('Transfer-Encoding: xchunked', '0\r\n\r\n'), [400, 501]],
  ['an empty transfer coding', post('Transfer-Encoding:', '0\r\n\r\n'), [400, 501]],
  ['a vertical tab before chunked', post('Transfer-Encoding: \x0bchunked', '0\r\n\r\n'), [400, 501]],
  [
    'chunks on HTTP/1.0',
    'POST /db/ HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    [400],
  ],
  ['a space before the colon', post('Transfer-Encoding : chunked', '0\r\n\r\n'), [400]],
  ['a tab before the colon', post('Content-Length\t: 1', 'a'), [400]],
  ['a bare LF in the head', 'GET /db/ HTTP/1.1\nHost: a\n\n', [400]],
  ['a bare LF between fields', 'GET /db/ HTTP/1.1\r\nHost: a\r\nX-A: 1\nX-B: 2\r\n\r\n', [400]],
  ['a bare LF at the end of the head', 'GET /db/ HTTP/1.1\r\nHost: a\r\n\n', [400]],
  ['a bare CR in a value', post('X-A: 1\rContent-Length: 5'), [400]],
  ['a NUL in a value', post('X-A: 1\0'), [400]],
  ['a NUL in a name', post('X\0A: 1'), [400]],
  ['a folded line', post('X-A: 1\r\n folded'), [400]],
  ['a line that begins with a space', 'GET /db/ HTTP/1.1\r\n Host: a\r\n\r\n', [400]],
  ['a field without a colon', post('X-A'), [400]],
  ['a field without a name', post(': x'), [400]],
  ['a name that is no token', post('X[A]: 1'), [400]],
  ['no host', 'GET /db/ HTTP/1.1\r\n\r\n', [400]],
  ['two hosts', 'GET /db/ HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n', [400]],
  ['an empty host', 'GET /db/ HTTP/1.1\r\nHost:\r\n\r\n', [400]],
  ['a host with a path', 'GET /db/ HTTP/1.1\r\nHost: a/b\r\n\r\n', [400]],
  ['a host with a user', 'GET /db/ HTTP/1.1\r\nHost: u@a\r\n\r\n', [400]],
  ['a host with a space', 'GET /db/ HTTP/1.1\r\nHost: a b\r\n\r\n', [400]],
  ['a host with a comma', 'GET /db/ HTTP/1.1\r\nHost: a, b\r\n\r\n', [400]],
  ['HTTP/0.9', 'GET /db/\r\n\r\n', [400]],
  ['HTTP/1.2', 'GET /db/ HTTP/1.2\r\nHost: a\r\n\r\n', [400, 505]],
  ['HTTP/2.0', 'GET /db/ HTTP/2.0\r\nHost: a\r\n\r\n', [400, 505]],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400, 405, 505]],
  ['http/1.1 in small letters', 'GET /db/ http/1.1\r\nHost: a\r\n\r\n', [400]],
  ['a tab in the request line', 'GET\t/db/ HTTP/1.1\r\nHost: a\r\n\r\n', [400]],
  ['a target without a slash', 'GET db/ HTTP/1.1\r\nHost: a\r\n\r\n', [400]],
  ['a handshake of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', [400]],
  ['a chunk size that is none', chunked('zz\r\n'), [400]],
  ['a chunk size with 0x', chunked('0x2\r\nab\r\n0\r\n\r\n'), [400]],
  ['a chunk size with a sign', chunked('+2\r\nab\r\n0\r\n\r\n'), [400]],
  ['a negative chunk size', chunked('-2\r\nab\r\n0\r\n\r\n'), [400]],
  ['an empty chunk size', chunked('\r\nab\r\n0\r\n\r\n'), [400]],
  ['a chunk size with a space before', chunked(' 2\r\nab\r\n0\r\n\r\n'), [400]],
  ['a chunk size beyond 64 bits', chunked('fffffffffffffffff\r\nab\r\n'), [400, 413]],
  ['a chunk longer than its size', chunked('2\r\nabc\r\n0\r\n\r\n'), [400]],
  ['a chunk ended by a bare LF', chunked('2\r\nab\n0\r\n\r\n'), [400]],
  ['a chunk size ended by a bare LF', chunked('2\nab\r\n0\r\n\r\n'), [400]],
  ['an extension with a bare LF', chunked('2;a\nb\r\nab\r\n0\r\n\r\n'), [400]],
  ['an endless extension', chunked(`2;${'x'.repeat(64 * 1024)}\r\nab\r\n0\r\n\r\n`), [400, 413, 431]],
  ['a trailer that is no field', chunked('2\r\nab\r\n0\r\nno colon\r\n\r\n'), [400]],
  ['a head of 20 KiB', get('/db/', `X: ${'x'.repeat(20_000)}`), [431]],
  ['an endless head', `GET /db/ HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(200_000)}`, [431]],
];

describe('bytes that are refused, and end their connection', () => {
  test.each(refused)('%s', async (_what, bytes, statuses) => {
    const service = await startService();
    service.answer(ok());
    const gateway = await startTestGateway(`routes:\n  /db: ${service.port}\n`);
    const client = await connect(gateway.port);
    await client.send(bytes + smuggled);
    const answer = await client.answer();
    expect(statuses).toContain(answer.status);
    // What comes behind the refusal is nothing, and the connection ends.
    expect((await client.rest()).bytes.toString()).toBe('');
    expect(service.requests.map((received) => received.target)).not.toContain('/smuggled');
    expect((await gateway.get('/db/')).status).toBe(200);
  });
});

describe('requests that are refused while it is clear where they end', () => {
  test.each([
    ['a foreign scheme', get('ftp://a/db/'), 400],
    ['a user in the target', get('http://u:p@a/db/'), 400],
    ['an authority that is none', get('http://a:b/db/'), 400],
    ['a target of 9 KiB', get(`/db/${'x'.repeat(9_000)}`), 414],
  ])('%s', async (_what, bytes, status) => {
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(`routes:\n  /db: ${service.port}\n`);
    expect((await gateway.exchange(bytes)).status).toBe(status);
    expect(service.connections).toEqual([]);
  });
});

describe('odd bytes that are right', () => {
  test.each([
    ['an empty line before the request', `\r\n${get('/db/')}`],
    ['a value with spaces around it', get('/db/', 'X-A:  \t 1 \t ')],
    ['a length with zeros before it', post('Content-Length: 0001', 'a')],
    [
      'chunk sizes in both cases, with zeros',
      chunked('00A\r\n0123456789\r\n0a\r\n0123456789\r\n000\r\n\r\n'),
    ],
    ['CHUNKED', post('Transfer-Encoding: CHUNKED', '0\r\n\r\n')],
    ['a host with a port', 'GET /db/ HTTP/1.1\r\nHost: a:80\r\n\r\n'],
    ['a host that is an address', 'GET /db/ HTTP/1.1\r\nHost: [::1]:3000\r\n\r\n'],
    ['HTTP/1.0 without a host', 'GET /db/ HTTP/1.0\r\n\r\n'],
    ['100 fields', get('/db/', ...Array.from({ length: 99 }, (_, i) => `X-${i}: 1`))],
    ['a head that comes byte by byte', get('/db/')],
  ])('%s', async (what, bytes) => {
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(`routes:\n  /db: ${service.port}\n`);
    const client = await connect(gateway.port);
    const parts = what.endsWith('byte by byte') ? [...bytes] : [bytes];
    for (const part of parts) await client.send(part);
    expect((await client.answer()).status).toBe(200);
  });
});

test('a thousand broken connections leave nothing behind', async () => {
  const service = (await startService()).answer(ok());
  const gateway = await startTestGateway(`log: { level: silent }\nroutes:\n  /db: ${service.port}\n`);
  const samples = refused.map(([, bytes]) => bytes);
  for (let round = 0; round < 20; round++) {
    const clients = await Promise.all(Array.from({ length: 50 }, () => connect(gateway.port)));
    for (const [at, client] of clients.entries()) {
      const bytes = samples[(round * 50 + at) % samples.length] ?? '';
      void client.send(bytes.slice(0, 1 + ((at * 37) % Math.max(1, bytes.length))));
      client.reset();
    }
  }
  expect((await gateway.get('/db/')).status).toBe(200);
});
