import { chunk } from '../../testing/service.ts';
import { bad, cut, type HostileAnswer, okWith } from './answer-case.ts';

const late = (name: string, ...parts: string[]): HostileAnswer => ({
  ...bad(name, ''),
  parts,
  seen: ['504 response_timeout'],
});
const trickling = (text: string) => Array.from({ length: 40 }, () => text);
const chunked = okWith(['Transfer-Encoding: chunked']);

/** The route waits 600 ms for a head, and as long for each next piece of a body. One that is slow and moves: timeouts.test.ts. */
export const slowAnswers: readonly HostileAnswer[] = [
  late('no answer at all'),
  late('half of a head', 'HTTP/1.1 200 OK\r\nX-A'),
  { ...late('a head that trickles', ...'HTTP/1.1 200 OK\r\nX-A: ', ...trickling('x')), pauseMs: 50 },
  {
    ...late('1xx without an end', ...trickling('HTTP/1.1 102 Processing\r\n\r\n')),
    pauseMs: 70,
    seen: ['102', '504 response_timeout'],
  },
  bad('an endless status line', `HTTP/1.1 200 ${'x'.repeat(200_000)}`),
  // What can't become a head is not waited for.
  bad('a bare LF at the end of the head', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n'),
  bad('a handshake of TLS', '\x15\x03\x03\x00\x02\x02\x46'),
  bad('bare LF for every end of a line', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'),
  cut('a body that stalls', okWith(['Content-Length: 9']), 'abc'),
  cut('a chunk that stalls', chunked, '9\r\nabc'),
  cut('chunks without the last', chunked, chunk('abc')),
  cut('a last chunk without its trailers', chunked, chunk('abc'), '0\r\nX-A'),
];
