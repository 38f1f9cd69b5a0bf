import { get, request } from '../../testing/http-client.ts';
import { arrives, carried, carriedLast, type HostileRequest, refused, turnedDown } from './case.ts';

const bare = (lines: string) => `GET /db/ HTTP/1.1\r\n${lines}\r\n\r\n`;
const kept = (...fields: string[]) => arrives('GET /', fields);
const ninetyNine = Array.from({ length: 99 }, (_, i) => `X-${i}: 1`);

const expecting = (expectation: string) =>
  [
    `the expectation ${expectation}`,
    request('POST', '/db/', [`Expect: ${expectation}`, 'Content-Length: 0']),
    '417 expectation_failed',
  ] as const;
const many = [
  'Accept: text/plain, */*;q=0.1',
  'Cookie: b="2, 3"',
  'User-Agent: t\xe9st (\xff)',
  'authorization: Basic eDp5',
  'Proxy-Status: passed',
  'X-Long: '.padEnd(4_000, 'z'),
];

/** RFC 9112 §5, RFC 9110 §5 and §7.6.1. */
export const headers: readonly HostileRequest[] = [
  refused('a space before the colon', get('/db/', 'X-A : 1')),
  refused('a tab before the colon', get('/db/', 'X-A\t: 1')),
  refused(
    'a space before the colon of the coding',
    request('POST', '/db/', ['Transfer-Encoding : chunked'], '0\r\n\r\n'),
  ),
  refused('a tab before the colon of the length', request('POST', '/db/', ['Content-Length\t: 1'], 'a')),
  refused('bare LF for every end of a line', 'GET /db/ HTTP/1.1\nHost: a\n\n'),
  refused('a bare LF between fields', bare('Host: a\r\nX-A: 1\nX-B: 2')),
  refused('a bare LF at the end of the head', 'GET /db/ HTTP/1.1\r\nHost: a\r\n\n'),
  refused('LF CR at the end of the head', 'GET /db/ HTTP/1.1\r\nHost: a\n\r\n\r'),
  refused('a bare CR in a value', get('/db/', 'X-A: 1\rContent-Length: 5')),
  refused('a bare CR at the end of a value', get('/db/', 'X-A: 1\r')),
  refused('a bare CR at the end of the head', 'GET /db/ HTTP/1.1\r\nHost: a\r\n\r\r\n'),
  refused('a NUL in a value', get('/db/', 'X-A: 1\0')),
  refused('a NUL in a name', get('/db/', 'X\0A: 1')),
  refused('a control character in a value', get('/db/', 'X-A: \x01')),
  refused('DEL in a value', get('/db/', 'X-A: \x7f')),
  refused('a folded line', get('/db/', 'X-A: 1\r\n folded')),
  refused('a line folded with a tab', get('/db/', 'X-A: 1\r\n\tfolded')),
  refused('a folded line of only a space', get('/db/', 'X-A: 1\r\n ')),
  refused('a line that begins with a space', 'GET /db/ HTTP/1.1\r\n Host: a\r\n\r\n'),
  refused('a field without a colon', get('/db/', 'X-A')),
  refused('a field without a name', get('/db/', ': x')),
  refused('a name that is no token', get('/db/', 'X[A]: 1')),
  refused('a name with a space', get('/db/', 'X A: 1')),
  refused('a name beyond ASCII', get('/db/', 'X-\xc4: 1')),
  refused('a head of 20 KiB', get('/db/', `X: ${'x'.repeat(20_000)}`), '431 head_too_large'),
  refused(
    'an endless head',
    `GET /db/ HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(200_000)}`,
    '431 head_too_large',
  ),
  turnedDown('101 fields', get('/db/', ...ninetyNine, 'X-100: 1'), '431 head_too_large'),
  turnedDown('no host', 'GET /db/ HTTP/1.1\r\n\r\n', '400 bad_host'),
  turnedDown('two hosts', bare('Host: a\r\nHost: a'), '400 bad_host'),
  turnedDown('two hosts that differ', bare('Host: a\r\nX-A: 1\r\nhost: b'), '400 bad_host'),
  ...[
    '',
    'a/b',
    'u@a',
    'a b',
    'a, b',
    'a:b',
    'a:99999',
    '[::1',
    'a?b',
    'a#b',
    'a\\b',
    '%61',
    '\xe9',
    ':80',
    'http://a',
    '[....]',
    '[1:2]',
    '..example.com',
    'a..b',
    '.',
  ].map((host) => turnedDown(`the host ${JSON.stringify(host)}`, bare(`Host: ${host}`), '400 bad_host')),
  ...['200-ok', 'x', '100-continue, x-more'].map((expectation) => turnedDown(...expecting(expectation))),

  carried('a value with spaces around it', get('/db/', 'X-A:  \t 1 \t '), kept('X-A: 1')),
  carried('no space behind the colon', get('/db/', 'X-A:1'), kept('X-A: 1')),
  carried('an empty value', get('/db/', 'X-A:'), kept('X-A: ')),
  carried('bytes beyond ASCII', get('/db/', 'X-A: t\xe9st (\xff)'), kept('X-A: t\xe9st (\xff)')),
  carried('odd names', get('/db/', "x-odd!#$%&'*+.^`|~: y"), kept("x-odd!#$%&'*+.^`|~: y")),
  carried(
    'names of JavaScript',
    get('/db/', '__proto__: 1', 'constructor: 2'),
    kept('__proto__: 1', 'constructor: 2'),
  ),
  carried(
    'order, case and repetition',
    get('/db/', 'x-b: 1', 'X-a: 2', 'X-B: 3', 'Cookie: a', 'Cookie: b'),
    kept('x-b: 1', 'X-a: 2', 'X-B: 3', 'Cookie: a', 'Cookie: b'),
  ),
  carried('fields of all kinds', get('/db/', ...many), kept(...many)),
  carried('100 fields', get('/db/', ...ninetyNine), kept(...ninetyNine)),
  carried('a host with a port', bare('Host: a:80'), arrives('GET /', [], { host: 'a:80' })),
  carried('a host in capitals', bare('Host: Shop.Test:80'), arrives('GET /', [], { host: 'Shop.Test:80' })),
  carried(
    'a host that is an address',
    bare('Host: [::1]:3000'),
    arrives('GET /', [], { host: '[::1]:3000' }),
  ),
  carried('a head that comes byte by byte', [...get('/db/', 'X-A: 1')], kept('X-A: 1')),
  carried(
    'Keep-Alive and Proxy-Connection stay here',
    get('/db/', 'Keep-Alive: timeout=5', 'Proxy-Connection: keep-alive'),
    kept(),
  ),
  carried('Proxy-Authorization stays here', get('/db/', 'Proxy-Authorization: Basic eDp5'), kept()),
  ...['gzip, trailers;q=0.5', 'trailers', 'deflate;q=0.5, trailers', 'Trailers, gzip'].map((value) =>
    carried(
      `of TE: ${value} trailers alone goes on`,
      get('/db/', `TE: ${value}`, 'Connection: TE'),
      kept('TE: trailers'),
    ),
  ),
  ...[
    ['TE: gzip', 'Connection: TE'],
    ['TE: gzip;q=0.5'],
    ['Trailer: X-Sum'],
    ['Upgrade: foo/2'],
    ['Connection: X-First', 'X-First: 1', 'Connection: X-Second', 'X-Second: 2'],
    ['X-Private: 1', 'Connection: keep-alive, , X-PRIVATE ,'],
  ].map((fields) => carried(`${fields.join(' and ')} stay here`, get('/db/', ...fields), kept())),
  carried(
    'what Connection names stays here',
    get('/db/', 'Connection: x-a, X-B', 'X-A: 1', 'X-B: 2', 'X-C: 3'),
    kept('X-C: 3'),
  ),
  carried(
    'Connection takes no length away',
    request('POST', '/db/', ['Connection: content-length'], 'four'),
    arrives('POST /', [], { body: 'four' }),
  ),
  carried(
    'Connection takes no coding away',
    request(
      'POST',
      '/db/',
      ['Connection: transfer-encoding', 'Transfer-Encoding: chunked'],
      '4\r\nfour\r\n0\r\n\r\n',
    ),
    arrives('POST /', [], { chunks: 'four' }),
  ),
  carried(
    'Connection takes no host away, and nothing of the message',
    get(
      '/db/',
      'Connection: host, cookie, authorization, content-type',
      'Cookie: a',
      'Authorization: b',
      'Content-Type: c',
    ),
    kept('Cookie: a', 'Authorization: b', 'Content-Type: c'),
  ),
  carriedLast(
    'h2c is not for us',
    get('/db/', 'Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AA'),
    kept(),
  ),
  carriedLast(
    'an upgrade to TLS is not for us',
    get('/db/', 'Upgrade: TLS/1.0', 'Connection: Upgrade'),
    kept(),
  ),
];
