import { get, request } from '../../testing/http-client.ts';
import { arrives, carried, type HostileRequest, refused, turnedDown } from './case.ts';

const host = '\r\nHost: gateway.test\r\n\r\n';

/** RFC 9112 §3: one line, three parts, single spaces. */
export const requestLines: readonly HostileRequest[] = [
  refused('HTTP/0.9', 'GET /db/\r\n\r\n'),
  refused('HTTP/0.9 with a field', `GET /db/${host}`),
  refused('HTTP/2.0', `GET /db/ HTTP/2.0${host}`, '505 version_refused'),
  refused('HTTP/1.10', `GET /db/ HTTP/1.10${host}`, '505 version_refused'),
  refused('HTTP/01.1', `GET /db/ HTTP/01.1${host}`, '505 version_refused'),
  refused('HTTP/1', `GET /db/ HTTP/1${host}`),
  refused('HTTP/1,1', `GET /db/ HTTP/1,1${host}`),
  refused('what begins as the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSN\r\n\r\n', '505 version_refused'),
  refused('http/1.1 in small letters', `GET /db/ http/1.1${host}`),
  refused('ICY', `GET /db/ ICY/1.1${host}`),
  refused('a tab after the method', `GET\t/db/ HTTP/1.1${host}`),
  refused('a tab before the version', `GET /db/\tHTTP/1.1${host}`),
  refused('a space after the version', `GET /db/ HTTP/1.1 ${host}`),
  refused('a space before the method', ` GET /db/ HTTP/1.1${host}`),
  refused('a space in the target', `GET /db/a b HTTP/1.1${host}`),
  refused('a NUL in the target', `GET /db/\0 HTTP/1.1${host}`),
  refused('a bare CR in the target', `GET /db/\rx HTTP/1.1${host}`),
  refused('a bare LF after the request line', 'GET /db/ HTTP/1.1\nHost: gateway.test\r\n\r\n'),
  refused('a bare CR after the request line', 'GET /db/ HTTP/1.1\rHost: gateway.test\r\n\r\n'),
  refused('CR CR LF after the request line', 'GET /db/ HTTP/1.1\r\r\nHost: gateway.test\r\n\r\n'),
  refused('a target without a slash', `GET db/ HTTP/1.1${host}`),
  refused('no target', `GET HTTP/1.1${host}`),
  refused('an empty target', `GET  HTTP/1.1${host}`),
  refused('a method that is no token', request('GE(T', '/db/')),
  refused('a method with a NUL', request('GE\0T', '/db/')),
  refused('no method', ` /db/ HTTP/1.1${host}`),
  refused('a handshake of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'),
  refused('a greeting of SSH', 'SSH-2.0-OpenSSH_9.2\r\n'),
  refused('a header of the PROXY protocol', `PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n${get('/db/')}`),
  refused('a status line', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
  refused('a byte order mark', `\xef\xbb\xbf${get('/db/')}`),
  turnedDown('GET *', request('GET', '*'), '400 bad_target'),
  turnedDown('TRACE', request('TRACE', '/db/x'), '405 method_refused'),
  refused('CONNECT to a path', request('CONNECT', '/db/x'), '405 method_refused'),
  refused('CONNECT to a port', request('CONNECT', 'gateway.test:443'), '405 method_refused'),

  ...[
    'HEAD',
    'OPTIONS',
    'DELETE',
    'PATCH',
    'PROPFIND',
    'MKCOL',
    'QUERY',
    'SEARCH',
    'PURGE',
    'M-SEARCH',
    'REPORT',
  ].map((method) => carried(method, request(method, '/db/x'), arrives(`${method} /x`))),
  // RFC 9112 §3 lets a server read a run of white space as one, and the next one may not.
  refused('two spaces before the version', `GET /db/  HTTP/1.1${host}`),
  refused('two spaces after the method', `GET  /db/ HTTP/1.1${host}`),
  // RFC 9112 §2.2
  carried('an empty line before the request', `\r\n${get('/db/')}`, arrives('GET /')),
  carried('an empty line that comes before the request', ['\r', '\n', get('/db/')], arrives('GET /')),
  refused('two empty lines before the request', `\r\n\r\n${get('/db/')}`),
  refused('two spaces in a line of HEAD', `HEAD  /db/ HTTP/1.1${host}`, '400 (no body)'),
  refused('HEAD of a target without a slash', `HEAD db/ HTTP/1.1${host}`, '400 (no body)'),
  refused('a bare LF before the request', `\n${get('/db/')}`),
  refused('a bare CR before the request', `\r${get('/db/')}`),
  refused('a target of 20 KiB', get(`/db/${'x'.repeat(20_000)}`), '414 target_too_long'),
  refused('an absolute target of 20 KiB', get(`http://a/db/${'x'.repeat(20_000)}`), '414 target_too_long'),
  // RFC 9110 §2.5: as 1.1, also where Node's parser reads on.
  carried('HTTP/1.2', `GET /db/ HTTP/1.2${host}`, arrives('GET /')),
  carried('HTTP/1.9 in pieces', ['GET /db/ HTTP/1.', `9${host}`], arrives('GET /')),
  carried(
    'an absolute target over HTTP/1.2',
    `GET http://gateway.test/db/ HTTP/1.2${host}`,
    arrives('GET /'),
  ),
  ...['BASELINE-CONTROL', 'VERSION-CONTROL', 'MKWORKSPACE', 'get', 'FOOBAR', "x!#$%&'*+.^_`|~9"].map(
    (method) => ({
      ...refused(`${method}, which Node does not know`, request(method, '/db/'), '501 method_unknown'),
      throughWire: {
        answers: ['200', '200'],
        end: 'open' as const,
        forwarded: [arrives(`${method} /`), arrives('GET /smuggled')],
      },
    }),
  ),
  refused(
    'a method that Node does not know in a request that needs Node',
    request('FOOBAR', 'http://gateway.test/db/'),
    '501 method_unknown',
  ),
  {
    ...carried(
      'HTTP/1.0 without a host',
      'GET /db/ HTTP/1.0\r\n\r\n',
      arrives('GET /', [], { host: 'localhost', version: '1.0' }),
    ),
    end: 'closed',
  },
  {
    ...carried(
      'HTTP/1.0 with what follows it',
      `GET /db/ HTTP/1.0${host}${get('/db/smuggled')}`,
      arrives('GET /', [], { version: '1.0' }),
    ),
    end: 'closed',
  },
  {
    name: 'OPTIONS of a host without a path',
    sent: [request('OPTIONS', 'http://gateway.test')],
    answers: ['204'],
    end: 'open',
    forwarded: [],
  },
  { name: 'OPTIONS *', sent: [request('OPTIONS', '*')], answers: ['204'], end: 'open', forwarded: [] },
];
