import { request } from '../../testing/http-client.ts';
import { chunk } from '../../testing/service.ts';
import { ask, bad, cut, good, type HostileAnswer, okWith, spoiling } from './answer-case.ts';

const head = okWith(['Transfer-Encoding: chunked']);
const BAD_CHUNKS: ReadonlyArray<readonly [name: string, bytes: string]> = [
  ['a chunk size that is none', 'zz\r\nabc\r\n'],
  ['a chunk longer than its size', '2\r\nabc\r\n0\r\n\r\n'],
  ['a chunk shorter than its size', '4\r\nabc\r\n0\r\n\r\n'],
  ['a chunk size with a sign', '+3\r\nabc\r\n0\r\n\r\n'],
  ['a negative chunk size', '-3\r\nabc\r\n0\r\n\r\n'],
  ['a chunk size with 0x', '0x3\r\nabc\r\n0\r\n\r\n'],
  ['an empty chunk size', '\r\nabc\r\n0\r\n\r\n'],
  ['a chunk size of 17 digits', 'fffffffffffffffff\r\nabc\r\n'],
  ['a bare LF behind a chunk size', '3\nabc\r\n0\r\n\r\n'],
  ['a bare LF behind a chunk', '3\r\nabc\n0\r\n\r\n'],
  ['a bare LF behind the last chunk', '3\r\nabc\r\n0\r\n\n\r\n\r\n'],
  ['a bare LF in an extension', '3;a\nb\r\nabc\r\n0\r\n\r\n'],
  ['a NUL in an extension', '3;a\0b\r\nabc\r\n0\r\n\r\n'],
  ['a trailer that is no field', '3\r\nabc\r\n0\r\nno colon\r\n\r\n'],
  ['a trailer with a bare LF', '3\r\nabc\r\n0\r\nX-A: 1\nX-B: 2\r\n\r\n'],
];
const whole = okWith(['Content-Length: 5'], 'first');
const early = '\r\nContent-Length: 6\r\nConnection: close\r\n\r\nenough';

/** What is cut short reaches the client as cut short, never as whole (SEMANTICS 3); what stands behind a whole answer reaches nobody. */
export const answerBodies: readonly HostileAnswer[] = [
  ...BAD_CHUNKS.map(([name, bytes]) => cut(name, head, bytes)),
  // Nothing was sent yet, so it is an error like any other. (The client got an empty reply.)
  ...BAD_CHUNKS.map(([name, bytes]) => bad(`${name}, together with the head`, head + bytes)),
  { ...cut('an end before the last chunk', head, '3\r\nabc\r\n'), ends: 'fin' },
  { ...cut('a reset before the last chunk', head, '3\r\nabc\r\n'), ends: 'reset' },
  { ...cut('an end inside a chunk', head, '8\r\nabc'), ends: 'fin' },
  { ...cut('an end behind the last size', head, '3\r\nabc\r\n0\r\n'), ends: 'fin' },
  { ...cut('an end inside a length', okWith(['Content-Length: 10']), 'abc'), ends: 'fin' },
  { ...cut('a reset inside a length', okWith(['Content-Length: 10']), 'abc'), ends: 'reset' },
  { ...cut('a reset of an answer without a length', okWith([]), 'abc'), ends: 'reset' },
  { ...spoiling('an answer without a length', [okWith([]), 'abc'], '200 abc'), ends: 'fin' },
  spoiling('HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc', '200 abc'),

  spoiling('another answer behind it', whole + okWith(['Content-Length: 6'], 'poison'), '200 first'),
  spoiling('an empty line behind it', `${whole}\r\n`, '200 first'),
  spoiling('garbage behind it', `${whole}garbage`, '200 first'),
  spoiling('a body longer than its length', okWith(['Content-Length: 5'], 'first and more'), '200 first'),
  spoiling('bytes behind the last chunk', `${head}${chunk('first')}${chunk('')}poison`, '200 first'),
  spoiling('bytes behind 204', `HTTP/1.1 204 No Content\r\n\r\n${whole}`, '204'),
  spoiling('bytes behind 304', 'HTTP/1.1 304 Not Modified\r\n\r\nbody', '304'),
  { ...spoiling('a body for HEAD', whole, '200'), asked: request('HEAD', '/db/') },

  good('304 with a length', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n', '304'),
  // RFC 9110 §8.6: what the client reads refuses a 204 with one.
  good('204 with a length', 'HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n', '204'),
  { ...good('a length for HEAD', okWith(['Content-Length: 9']), '200'), asked: request('HEAD', '/db/') },
  { ...good('chunks for HEAD', head, '200'), asked: request('HEAD', '/db/') },
  good('chunk sizes with zeros, in capitals', `${head}00A\r\n0123456789\r\n000\r\n\r\n`, '200 0123456789'),
  good(
    'a chunk size with many zeros',
    `${head}${'0'.repeat(40)}3\r\nabc\r\n${'0'.repeat(40)}\r\n\r\n`,
    '200 abc',
  ),
  good('an extension with a quoted pair', `${head}3;a="b\\"c"\r\nabc\r\n0\r\n\r\n`, '200 abc'),
  good('an extension with bytes beyond ASCII', `${head}3;a="\xe9"\r\nabc\r\n0\r\n\r\n`, '200 abc'),
  good('an extension', `${head}3;a=b\r\nabc\r\n0;c\r\n\r\n`, '200 abc'),
  good('chunks that come byte by byte', [...`${head}${chunk('abc')}${chunk('')}`], '200 abc'),
  good('trailers', `${head}${chunk('abc')}0\r\nX-Sum: 3\r\n\r\n`, '200 abc'),
  // Node's parser takes the end of such a connection for the end of the answer.
  bad('103 that closes its connection', `HTTP/1.1 103 Early Hints\r\nConnection: close\r\n\r\n${whole}`),
  good('103 before the answer', `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${whole}`, '103', '200 first'),
  good(
    'three 1xx before the answer',
    `${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(3)}${whole}`,
    '102',
    '200 first',
  ),
  {
    ...bad('a flood of 1xx', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(1_000)),
    seen: ['102', '502 bad_answer'],
  },
  // RFC 9110 §15.2: to be parsed, whoever asked for it.
  good('100 that nobody asked for', `HTTP/1.1 100 Continue\r\n\r\n${whole}`, '100', '200 first'),

  {
    ...spoiling('an early answer to a length', `HTTP/1.1 413 No${early}`, '413 enough'),
    asked: request('PUT', '/db/', ['Content-Length: 1000'], 'x'.repeat(10)),
    early: true,
  },
  {
    ...spoiling('an early answer to chunks', `HTTP/1.1 401 No${early}`, '401 enough'),
    asked: request('PUT', '/db/', ['Transfer-Encoding: chunked'], chunk('x')),
    early: true,
  },
  {
    ...good('an answer to HTTP/1.0 in chunks', `${head}${chunk('abc')}${chunk('')}`, '200 abc'),
    asked: ask.replace('HTTP/1.1', 'HTTP/1.0'),
  },
];
