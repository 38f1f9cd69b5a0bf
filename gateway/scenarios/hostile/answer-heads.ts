import { bad, good, type HostileAnswer, okWith } from './answer-case.ts';

const empty = 'Content-Length: 0';
const lengths = (...values: string[]) => values.map((value) => `Content-Length: ${value}`);
const chunked = 'Transfer-Encoding: chunked';

/** SEMANTICS 3: from a service, what is ambiguous is 502, and its connection is thrown away. */
export const answerHeads: readonly HostileAnswer[] = [
  bad('a greeting of SSH', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'),
  bad('HTTP/0.9', '<html>hello</html>\r\n\r\n'),
  bad('a request', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
  bad('HTTP/3.0', 'HTTP/3.0 200 OK\r\nContent-Length: 0\r\n\r\n'),
  {
    ...bad('HTTP/2.0', 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n'),
    // undici keeps the version to itself; what follows is read as HTTP/1.1 by both sides.
    throughUndici: { seen: ['200'] },
  },
  bad('http in small letters', 'http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
  bad('ICY', 'ICY 200 OK\r\nContent-Length: 0\r\n\r\n'),
  bad('a status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n'),
  bad('a status of four digits', 'HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n'),
  bad('a status of letters', 'HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n'),
  bad('a status with a sign', 'HTTP/1.1 +20 OK\r\nContent-Length: 0\r\n\r\n'),
  bad('status 0', 'HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n'),
  bad('status 99', 'HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n'),
  bad('a tab before the status', 'HTTP/1.1\t200 OK\r\nContent-Length: 0\r\n\r\n'),
  bad('a NUL in the reason', 'HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n'),
  bad('a bare CR in the reason', 'HTTP/1.1 200 OK\rX-A: 1\r\nContent-Length: 0\r\n\r\n'),
  bad('differing lengths', okWith(lengths('1', '2'), 'ab')),
  bad('the same length twice', okWith(lengths('1', '1'), 'a')),
  ...['1, 1', '+1', '-1', '', '0x1', '1 1', '1a', '1.0', '99999999999999999999', '18446744073709551617'].map(
    (value) => bad(`the length ${JSON.stringify(value)}`, okWith(lengths(value), 'a')),
  ),
  bad('a length and chunks', okWith([...lengths('5'), chunked], '0\r\n\r\n')),
  bad('chunks and a length', okWith([chunked, ...lengths('5')], '0\r\n\r\n')),
  bad('a bare LF behind the status line', 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n'),
  bad('a bare LF between fields', okWith(['X-A: 1\nX-B: 2', empty])),
  bad('a bare CR in a value', okWith(['X-A: 1\rX-B: 2', empty])),
  bad('a NUL in a value', okWith(['X-A: 1\0', empty])),
  bad('a NUL in a name', okWith(['X\0A: 1', empty])),
  bad('a control character in a value', okWith(['X-A: \x01', empty])),
  bad('a folded line', okWith(['X-A: 1\r\n folded', empty])),
  bad('a space before the colon', okWith(['X-A : 1', empty])),
  bad('a space before the colon of the length', okWith(['Content-Length : 0'])),
  bad('a field without a name', okWith([': 1', empty])),
  bad('a field without a colon', okWith(['X-A', empty])),
  bad('a name that is no token', okWith(['X(A): 1', empty])),
  bad('a line that begins with a space', okWith([' X-A: 1', empty])),
  bad('an oversized head', okWith([`X-A: ${'x'.repeat(200_000)}`, empty])),
  bad('an endless head', okWith(Array.from({ length: 20_000 }, (_, i) => `X-${i}: 1`)).slice(0, -4)),
  bad(
    '101 that nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  ),
  {
    ...bad(
      'a bad head behind a good 103',
      `HTTP/1.1 103 Early Hints\r\n\r\n${okWith(lengths('1', '2'), 'ab')}`,
    ),
    seen: ['103', '502 bad_answer'],
  },
  { ...bad('nothing, and an end', '', 'connection_terminated'), parts: [], ends: 'fin' },
  { ...bad('nothing, and a reset', '', 'connection_terminated'), parts: [], ends: 'reset' },
  { ...bad('half of a head, and an end', 'HTTP/1.1 200 OK\r\nX-A', 'connection_terminated'), ends: 'fin' },
  { ...bad('half of a head, and a reset', 'HTTP/1.1 200 OK\r\nX-A', 'connection_terminated'), ends: 'reset' },
  bad('a tab behind chunked', okWith(['Transfer-Encoding: chunked\t'], '0\r\n\r\n')),
  bad('chunked twice', okWith([chunked, chunked], '0\r\n\r\n')),
  bad('chunked twice in one field', okWith(['Transfer-Encoding: chunked, chunked'], '0\r\n\r\n')),
  bad('another coding than chunked', okWith(['Transfer-Encoding: gzip'], 'abc')),

  good('a value with spaces around it', okWith(['X-A: \t 1  ', empty]), '200'),
  good('a length with zeros before it', okWith(lengths('0002'), 'ab'), '200 ab'),
  good('no reason', 'HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nab', '200 ab'),
  good('a status that nobody knows', 'HTTP/1.1 299 Odd\r\nContent-Length: 2\r\n\r\nab', '299 ab'),
  good('status 599', 'HTTP/1.1 599 Odd\r\nContent-Length: 2\r\n\r\nab', '599 ab'),
  good('a head that comes byte by byte', [...okWith(['X-A: 1', ...lengths('2')], 'ab')], '200 ab'),
];
