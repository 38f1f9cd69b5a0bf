import { get, request } from '../../testing/http-client.ts';
import { arrives, brokenOff, carried, type HostileRequest, refused, turnedDown } from './case.ts';

const post = (fields: readonly string[], body = '') =>
  `${['POST /db/ HTTP/1.1', 'Host: gateway.test', ...fields].join('\r\n')}\r\n\r\n${body}`;
const lengths = (...values: string[]) => values.map((value) => `Content-Length: ${value}`);
const coding = (value: string) => post([`Transfer-Encoding: ${value}`], '0\r\n\r\n');
const chunked = 'Transfer-Encoding: chunked';

/** RFC 9112 §6: one framing, said once and in one way. */
export const framing: readonly HostileRequest[] = [
  refused('a length and chunks', post([...lengths('5'), chunked], '0\r\n\r\n')),
  refused('chunks and a length', post([chunked, ...lengths('5')], '0\r\n\r\n')),
  refused('a length of zero and chunks', post([...lengths('0'), chunked], '0\r\n\r\n')),
  refused('differing lengths', post(lengths('1', '2'), 'ab')),
  refused('the same length twice', post(lengths('1', '1'), 'a')),
  refused('the same length twice on GET', get('/db/', ...lengths('0', '0'))),
  ...[
    ['a list of lengths', '1, 1'],
    ['a list of differing lengths', '1, 2'],
    ['a length with a plus', '+1'],
    ['a negative length', '-1'],
    ['a hexadecimal length', '0x1'],
    ['a length with a fraction', '1.0'],
    ['a length in scientific notation', '1e0'],
    ['an empty length', ''],
    ['a length with a space inside', '1 1'],
    ['a length with letters', '1a'],
    ['a quoted length', '"1"'],
    ['a length with a semicolon', '1;'],
    ['a length with an underscore', '1_0'],
    ['a length beyond 64 bits', '99999999999999999999'],
    ['a length of 2^64', '18446744073709551616'],
    ['a length in other digits', '\xd9\xa1'],
  ].map(([name, value]) => refused(name!, post(lengths(value!), 'a'))),
  refused('chunks on HTTP/1.0', `POST /db/ HTTP/1.0\r\nHost: gateway.test\r\n${chunked}\r\n\r\n0\r\n\r\n`),
  refused('an unknown transfer coding', coding('gzip'), '501 coding_refused'),
  refused('chunked and then another coding', coding('chunked, gzip')),
  refused('another coding and then chunked', coding('gzip, chunked'), '501 coding_refused'),
  refused('chunked twice in one field', coding('chunked, chunked')),
  refused('chunked twice in two', post([chunked, chunked], '0\r\n\r\n')),
  refused('identity', coding('identity'), '501 coding_refused'),
  refused('identity and then chunked', coding('identity, chunked'), '501 coding_refused'),
  refused('identity and a length', post(['Transfer-Encoding: identity', ...lengths('1')], 'a')),
  refused('chunked with a quote', coding('"chunked"'), '501 coding_refused'),
  refused('xchunked', coding('xchunked'), '501 coding_refused'),
  refused('chunkedx', coding('chunkedx'), '501 coding_refused'),
  refused('chunked with a parameter', coding('chunked;q=1'), '501 coding_refused'),
  refused('chunked behind a comma', coding(', chunked'), '501 coding_refused'),
  refused('chunked before a comma', coding('chunked,')),
  refused('an empty transfer coding', coding('')),
  refused('a vertical tab before chunked', coding('\x0bchunked')),
  refused('chunked on a folded line', post(['Transfer-Encoding:\r\n chunked'], '0\r\n\r\n')),
  refused('chunks on a GET with a length', get('/db/', chunked, ...lengths('3'))),
  turnedDown('a length beyond bodyMax', post(lengths('200000')), '413 body_too_large'),

  carried('a length with zeros before it', post(lengths('0001'), 'a'), arrives('POST /', [], { body: 'a' })),
  carried(
    'a length with a tab around it',
    post(['Content-Length:\t1\t'], 'a'),
    arrives('POST /', [], { body: 'a' }),
  ),
  carried('CHUNKED', coding('CHUNKED'), arrives('POST /', [], { chunks: '' })),
  carried(
    'a field that only looks like a coding',
    get('/db/', 'X-Transfer-Encoding: chunked'),
    arrives('GET /', ['X-Transfer-Encoding: chunked']),
  ),
  carried(
    'fields that CGI and WSGI would read as a length and a coding',
    get('/db/', 'Content_Length: 5', 'Transfer_Encoding: chunked', 'Content_Type: x'),
    arrives('GET /', ['Content_Type: x']),
  ),
  carried('a GET with a body', request('GET', '/db/', [], 'body'), arrives('GET /', [], { body: 'body' })),
  ...['DELETE', 'OPTIONS', 'PROPFIND'].map((method) =>
    carried(
      `a ${method} with a body`,
      request(method, '/db/', [], 'body'),
      arrives(`${method} /`, [], { body: 'body' }),
    ),
  ),
  carried('a POST with a length of zero', post(lengths('0')), arrives('POST /')),
  carried('a POST in no chunks', post([chunked], '0\r\n\r\n'), arrives('POST /')),
  carried('a GET with a length of zero', get('/db/', ...lengths('0')), arrives('GET /')),
  carried('a POST without a length', post([]), arrives('POST /')),
  carried(
    'a body that is a request',
    post(lengths('40'), get('/db/smuggled').slice(0, 40)),
    arrives('POST /', [], { body: get('/db/smuggled').slice(0, 40) }),
  ),
  {
    ...brokenOff('a body that the client never ends', '', arrives('POST /', [], { body: 'abc' })),
    sent: [post(lengths('10'), 'abc')],
    answers: [],
    fin: true,
  },
];
