import { describe, expect, test } from 'vitest';
import { type HeadVerdict, RequestReader } from './request-reader.ts';

/** A request with these header lines, Host not among them. */
const head = (line: string, ...fields: string[]) => `${[line, 'Host: a', ...fields].join('\r\n')}\r\n\r\n`;
const get = (...fields: string[]) => head('GET / HTTP/1.1', ...fields);
const bytesOf = (text: string) => Buffer.from(text, 'latin1');

function read(text: string): { verdict: HeadVerdict; reader: RequestReader } {
  const reader = new RequestReader();
  const bytes = bytesOf(text);
  return { verdict: reader.read(bytes, 0, bytes.length), reader };
}

describe('a head that is taken', () => {
  test('gives method, target and fields as they stand on the wire', () => {
    const { verdict, reader } = read(
      'QUERY /a%20b//c?d=e&f HTTP/1.1\r\nhost: A:1\r\nX-A:1\r\nX-A: \t2 3\t \r\nX-Empty:\r\nX-Latin: \xe9\xff\r\n\r\n',
    );
    expect(verdict).toBe('taken');
    expect([reader.method, reader.target]).toEqual(['QUERY', '/a%20b//c?d=e&f']);
    expect(reader.fields).toEqual([
      'host',
      'A:1',
      'X-A',
      '1',
      'X-A',
      '2 3',
      'X-Empty',
      '',
      'X-Latin',
      '\xe9\xff',
    ]);
    expect([reader.framing, reader.persistent, reader.expectsContinue]).toEqual(['none', true, false]);
  });

  test.each([
    ['a method that Node does not know', head('VERSION-CONTROL / HTTP/1.1', 'X: 1'), 'VERSION-CONTROL'],
    ['a method in small letters', head('get / HTTP/1.1', 'X: 1'), 'get'],
    ['HTTP/1.2', head('GET / HTTP/1.2', 'X: 1'), 'GET'],
    ['HTTP/1.9', head('GET / HTTP/1.9', 'X: 1'), 'GET'],
    ['an empty line before it', `\r\n${get('X: 1')}`, 'GET'],
  ])('may have %s', (_what, text, method) => {
    const { verdict, reader } = read(text);
    expect([verdict, reader.method, reader.target, reader.end]).toEqual(['taken', method, '/', text.length]);
    expect(reader.fields).toEqual(['Host', 'a', 'X', '1']);
    for (let length = 1; length < text.length; length++)
      expect(read(text.slice(0, length)).verdict).toBe('partial');
  });

  test('ends where its empty line ends, wherever in the buffer it began', () => {
    const reader = new RequestReader();
    const bytes = bytesOf(`body${get('X: 1')}GET /next`);
    expect(reader.read(bytes, 4, bytes.length)).toBe('taken');
    expect(bytes.toString('latin1', reader.end)).toBe('GET /next');
    expect(reader.fields).toEqual(['Host', 'a', 'X', '1']);
  });

  test.each([
    ['Content-Length: 5', 'counted', 5],
    ['content-length: 0005', 'counted', 5],
    ['Content-Length: 9007199254740991', 'counted', 9_007_199_254_740_991],
    ['Content-Length: 0', 'none', 0],
    ['transfer-ENCODING: chunked', 'chunked', 0],
  ])('frames its body: %s', (field, framing, length) => {
    const { verdict, reader } = read(head('POST / HTTP/1.1', field));
    expect([verdict, reader.framing, reader.length]).toEqual(['taken', framing, length]);
  });

  test.each([
    ['Connection: close', false],
    ['connection: X-A , Close', false],
    ['Connection: keep-alive', true],
    ['Connection: X-Close, closed', true],
  ])('%s means that another request may follow: %s', (field, persistent) => {
    const { verdict, reader } = read(get(field));
    expect([verdict, reader.persistent]).toEqual(['taken', persistent]);
  });

  test.each(['100-continue', '100-Continue'])('expects %s', (expectation) => {
    const { verdict, reader } = read(head('POST / HTTP/1.1', `Expect: ${expectation}`, 'Content-Length: 1'));
    expect([verdict, reader.expectsContinue]).toEqual(['taken', true]);
  });

  test('leaves nothing behind for the next', () => {
    const reader = new RequestReader();
    const first = bytesOf(
      head('POST / HTTP/1.1', 'Content-Length: 5', 'Connection: close', 'Expect: 100-continue'),
    );
    expect(reader.read(first, 0, first.length)).toBe('taken');
    const kept = reader.fields;
    const second = bytesOf('GET / HTTP/1.1\r\nHost: b\r\n\r\n');
    expect(reader.read(second, 0, second.length)).toBe('taken');
    expect([reader.framing, reader.persistent, reader.expectsContinue]).toEqual(['none', true, false]);
    expect(kept).toHaveLength(8);
  });

  test.each([
    ['a method of WebDAV', head('PROPFIND / HTTP/1.1')],
    ['the method QUERY', head('QUERY / HTTP/1.1')],
    ['every byte that a token may hold', head('M-SEARCH / HTTP/1.1', "!#$%&'*+-.^_`|~09AZaz: 1")],
    ['every byte that a target may hold', head(`GET /${visible()} HTTP/1.1`)],
    ['100 fields', get(...Array.from({ length: 99 }, (_, i) => `X-${i}: 1`))],
    ['a target of 8 KiB', head(`GET /${'x'.repeat(8 * 1024 - 1)} HTTP/1.1`)],
    ['a head of 16 KiB', sized(16 * 1024)],
    ['Upgrade-Insecure-Requests, which is no upgrade', get('Upgrade-Insecure-Requests: 1')],
  ])('may have %s', (_what, text) => {
    expect(read(text).verdict).toBe('taken');
  });
});

/** What is wrong, and what is only uncommon: both are for the general lane. */
const refused: readonly [string, string][] = [
  ['absolute-form', head('GET http://a/ HTTP/1.1')],
  ['asterisk-form', head('OPTIONS * HTTP/1.1')],
  ['authority-form', head('CONNECT a:1 HTTP/1.1')],
  ['CONNECT with a path', head('CONNECT /a HTTP/1.1')],
  ['TRACE', head('TRACE / HTTP/1.1')],
  ['Proxy-Connection', get('Proxy-Connection: close')],
  ['a tab behind a value', get('X-A: 1\t')],
  ['HTTP/1.0', head('GET / HTTP/1.0')],
  ['HTTP/1.10', head('GET / HTTP/1.10')],
  ['HTTP/2.0', head('GET / HTTP/2.0')],
  ['HTTP/0.9', 'GET /\r\n\r\n'],
  ['http in small letters', head('GET / http/1.1')],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a handshake of TLS', '\x16\x03\x01\x02\x00\x01'],
  ['two empty lines before it', `\r\n\r\n${get()}`],
  ['a bare LF before it', `\n${get()}`],
  ['a bare CR before it', `\r${get()}`],
  ['a space before the method', ` ${get()}`],
  ['two spaces behind the method', head('GET  / HTTP/1.1')],
  ['two spaces behind the target', head('GET /  HTTP/1.1')],
  ['a tab in the request line', head('GET\t/ HTTP/1.1')],
  ['a space behind the version', head('GET / HTTP/1.1 ')],
  ['a NUL in the target', head('GET /\0 HTTP/1.1')],
  ['a byte beyond ASCII in the target', head('GET /\xe9 HTTP/1.1')],
  ['a DEL in the target', head('GET /\x7f HTTP/1.1')],
  ['a target longer than 8 KiB', head(`GET /${'x'.repeat(8 * 1024)} HTTP/1.1`)],
  ['no Host', 'GET / HTTP/1.1\r\nX: 1\r\n\r\n'],
  ['two Hosts', get('Host: a')],
  ['a space before the colon', get('X : 1')],
  ['a tab before the colon', get('X\t: 1')],
  ['a line without a colon', get('X')],
  ['a line without a name', get(': 1')],
  ['a name that is no token', get('X(): 1')],
  ['a name beyond ASCII', get('X\xe9: 1')],
  ['obs-fold', get('X: 1', ' 2')],
  ['a first line that begins with a space', 'GET / HTTP/1.1\r\n Host: a\r\n\r\n'],
  ['a bare LF behind the request line', 'GET / HTTP/1.1\nHost: a\r\n\r\n'],
  ['a bare LF behind a field', 'GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n'],
  ['a bare LF at the end', 'GET / HTTP/1.1\r\nHost: a\r\n\n'],
  ['a bare CR in a value', get('X: 1\r2')],
  ['a bare CR at the end', 'GET / HTTP/1.1\r\nHost: a\r\n\rX'],
  ['two CRs', 'GET / HTTP/1.1\r\nHost: a\r\r\n\r\n'],
  ['a NUL in a value', get('X: \0')],
  ['a control character in a value', get('X: \x1b')],
  ['a DEL in a value', get('X: \x7f')],
  ['a length and chunks', get('Content-Length: 1', 'Transfer-Encoding: chunked')],
  ['chunks and a length', get('Transfer-Encoding: chunked', 'Content-Length: 1')],
  ['chunks and a length of 0', get('Transfer-Encoding: chunked', 'Content-Length: 0')],
  ['two lengths', get('Content-Length: 1', 'Content-Length: 1')],
  ['two lengths of 0', get('Content-Length: 0', 'Content-Length: 0')],
  ['a list of lengths', get('Content-Length: 1, 1')],
  ['a length with a sign', get('Content-Length: +1')],
  ['a hexadecimal length', get('Content-Length: 0x1')],
  ['an empty length', get('Content-Length:')],
  ['a length beyond 2^53', get('Content-Length: 9007199254740992')],
  ['CHUNKED', get('Transfer-Encoding: CHUNKED')],
  ['chunked twice', get('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')],
  ['another coding', get('Transfer-Encoding: gzip, chunked')],
  ['an upgrade', get('Connection: Upgrade', 'Upgrade: websocket')],
  ['an upgrade to another protocol', get('upgrade: h2c')],
  ['another expectation', get('Expect: 200-ok')],
  ['two expectations', get('Expect: 100-continue', 'Expect: 100-continue')],
  ['101 fields', get(...Array.from({ length: 100 }, (_, i) => `X-${i}: 1`))],
  ['a head of more than 16 KiB', sized(16 * 1024 + 1)],
  ['16 KiB without an end', sized(17 * 1024).slice(0, 16 * 1024)],
];

describe('a head that is left to the general lane', () => {
  test.each(refused)('%s', (_what, text) => {
    expect(read(text).verdict).toBe('refused');
  });

  test.each(refused)(
    '%s is never taken for another request, however little of it has come',
    (_what, text) => {
      const reader = new RequestReader();
      const bytes = bytesOf(text);
      const step = Math.max(1, Math.floor(bytes.length / 300));
      for (let to = 1; to <= bytes.length; to += step) expect(reader.read(bytes, 0, to)).not.toBe('taken');
    },
  );
});

test('a head of which a part is missing is partial at each of its bytes, and then taken', () => {
  const text = head('POST /a?b HTTP/1.1', 'X-A: 1 2 ', 'Empty:', 'Content-Length: 3', 'Expect: 100-continue');
  const bytes = bytesOf(`${text}abc`);
  const reader = new RequestReader();
  for (let to = 0; to < text.length; to++) expect([to, reader.read(bytes, 0, to)]).toEqual([to, 'partial']);
  for (let to = text.length; to <= bytes.length; to++) {
    expect(reader.read(bytes, 0, to)).toBe('taken');
    expect(reader.end).toBe(text.length);
  }
});

describe('fields that come again on a connection', () => {
  /** Reads heads one after the other, as a connection does. */
  function readAll(...heads: string[]) {
    const reader = new RequestReader();
    let last: RequestReader['last'] = null;
    return heads.map((text) => {
      const bytes = bytesOf(text);
      const verdict = reader.read(bytes, 0, bytes.length, last);
      ({ last } = reader);
      const { method, target, fields, block, persistent, end, framing, length } = reader;
      return { verdict, method, target, fields, block, persistent, end, framing, length };
    });
  }

  test('are one object from the second time on, whatever the request line', () => {
    const lines = ['GET /a HTTP/1.1', 'HEAD /b?c HTTP/1.1', 'GET /d HTTP/1.1', 'GET /e HTTP/1.2'];
    const [first, second, third, fourth] = readAll(...lines.map((line) => head(line, 'Connection: close')));
    expect(first!.block).toBe(null);
    expect(second!.block?.fields).toEqual(['Host', 'a', 'Connection', 'close']);
    expect([third!.block, fourth!.block]).toEqual([second!.block, second!.block]);
    expect(third!.block).toBe(second!.block);
    expect(third).toMatchObject({ verdict: 'taken', method: 'GET', target: '/d', persistent: false });
    expect(third!.end).toBe(head(lines[2]!, 'Connection: close').length);
  });

  test.each([
    ['Content-Length: 0005', { framing: 'counted', length: 5 }],
    ['Content-Length: 0', { framing: 'none', length: 0 }],
  ])('frame the same body again, and nothing behind it: %s', (line, body) => {
    const counted = head('POST / HTTP/1.1', line);
    const [first, second, third, fourth] = readAll(counted, counted, counted, get());
    expect([first!.block, third!.block]).toEqual([null, second!.block]);
    expect(third!.block).not.toBe(null);
    for (const one of [first, second, third]) expect(one).toMatchObject(body);
    expect(fourth).toMatchObject({ block: null, framing: 'none' });
  });

  test.each([
    ['another value', get('X: 1'), get('X: 2')],
    ['a body of another length', get('Content-Length: 3'), get('Content-Length: 4')],
    ['chunks', get('Transfer-Encoding: chunked'), get('Transfer-Encoding: chunked')],
    ['one field more', get('X: 1'), get('X: 1', 'Y: 1')],
    ['one field less', get('X: 1', 'Y: 1'), get('X: 1')],
    ['a body', get('X: 1'), get('X: 1', 'Content-Length: 3')],
    ['an expectation', get('Expect: 100-continue'), get('Expect: 100-continue')],
    ['more than 2 KiB', sized(4000), sized(4000)],
  ])('are read anew with %s', (_what, before, now) => {
    const [, , third] = readAll(before, before, now);
    expect([third!.verdict, third!.block]).toEqual(['taken', null]);
    expect(third!.fields).toEqual(read(now).reader.fields);
  });

  test('are not kept with a target that makes their head longer than 2 KiB', () => {
    const long = head(`GET /${'x'.repeat(2048)} HTTP/1.1`);
    const [, second, , , fifth] = readAll(long, long, get(), get(), long);
    expect(second!.block).toBe(null);
    expect(fifth!.block).not.toBe(null);
  });

  test.each(['TRACE', 'CONNECT'])('are no reason to take %s', (method) => {
    const [, , third] = readAll(get(), get(), head(`${method} / HTTP/1.1`));
    expect(third!.verdict).toBe('refused');
  });

  test('are waited for to their last byte', () => {
    const reader = new RequestReader();
    const bytes = bytesOf(get('X: 1'));
    reader.read(bytes, 0, bytes.length);
    reader.read(bytes, 0, bytes.length, reader.last);
    const { last } = reader;
    for (let to = 1; to < bytes.length; to++) expect(reader.read(bytes, 0, to, last)).toBe('partial');
    expect(reader.read(bytes, 0, bytes.length, last)).toBe('taken');
    expect(reader.block).toBe(last!.block);
  });
});

function visible(): string {
  return String.fromCharCode(...Array.from({ length: 0x7f - 0x21 }, (_, i) => 0x21 + i));
}

/** A head of exactly so many bytes, its empty line included. */
function sized(bytes: number): string {
  return get(`X: ${'x'.repeat(bytes - get('X: ').length)}`);
}
