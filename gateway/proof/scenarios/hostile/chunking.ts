import { request } from '../../testing/http-client.ts';
import { chunk } from '../../testing/service.ts';
import { arrives, brokenOff, carried, type HostileRequest, smuggled } from './case.ts';

const chunked = (bytes: string, ...fields: string[]) =>
  request('POST', '/db/', ['Transfer-Encoding: chunked', ...fields], bytes);
const bad = (name: string, bytes: string, answer?: string) =>
  brokenOff(name, chunked(bytes), arrives('POST /'), answer);
const good = (name: string, bytes: string | readonly string[], body: string) =>
  carried(name, typeof bytes === 'string' ? chunked(bytes) : bytes, arrives('POST /', [], { chunks: body }));

const withTrailer = (trailer: string) =>
  arrives('POST /', [], { chunks: 'ab' }).replace('chunked\r\n', `chunked\r\n(trailer) ${trailer}\r\n`);

/** RFC 9112 §7.1. What is forwarded is cut anew: no extension, no odd size and no trailer of the client's reaches a service. */
export const chunking: readonly HostileRequest[] = [
  bad('a size that is none', 'zz\r\n'),
  bad('a size with 0x', '0x2\r\nab\r\n0\r\n\r\n'),
  bad('a size with a plus', '+2\r\nab\r\n0\r\n\r\n'),
  bad('a negative size', '-2\r\nab\r\n0\r\n\r\n'),
  bad('a size with an underscore', '0_2\r\nab\r\n0\r\n\r\n'),
  bad('a size with a fraction', '2.0\r\nab\r\n0\r\n\r\n'),
  bad('an empty size', '\r\nab\r\n0\r\n\r\n'),
  bad('a space before a size', ' 2\r\nab\r\n0\r\n\r\n'),
  bad('a space behind a size', '2 \r\nab\r\n0\r\n\r\n'),
  bad('a tab behind a size', '2\t\r\nab\r\n0\r\n\r\n'),
  bad('a size of 17 digits', 'fffffffffffffffff\r\nab\r\n'),
  bad('a chunk longer than its size', '2\r\nabc\r\n0\r\n\r\n'),
  bad('a chunk shorter than its size', '3\r\nab\r\n0\r\n\r\n'),
  bad('a chunk ended by a bare LF', '2\r\nab\n0\r\n\r\n'),
  bad('a chunk ended by a bare CR', '2\r\nab\r0\r\n\r\n'),
  bad('a chunk without an end', '2\r\nab0\r\n\r\n'),
  bad('a size ended by a bare LF', '2\nab\r\n0\r\n\r\n'),
  bad('a size ended by a bare CR', '2\rab\r\n0\r\n\r\n'),
  bad('a size ended by CR CR LF', '2\r\r\nab\r\n0\r\n\r\n'),
  bad('a last size ended by a bare LF', '0\n\r\n'),
  bad('a last chunk ended by a bare LF', '0\r\n\n'),
  bad('an extension with a bare LF', '2;a\nb\r\nab\r\n0\r\n\r\n'),
  bad('an extension with a bare CR', '2;a\rb\r\nab\r\n0\r\n\r\n'),
  bad('an extension with a NUL', '2;a\0\r\nab\r\n0\r\n\r\n'),
  bad('a quoted extension with a bare LF', '2;a="\n"\r\nab\r\n0\r\n\r\n'),
  bad('an endless extension', `2;${'x'.repeat(64 * 1024)}\r\nab\r\n0\r\n\r\n`),
  bad('a trailer that is no field', '2\r\nab\r\n0\r\nno colon\r\n\r\n'),
  bad('a trailer with a bare LF', '2\r\nab\r\n0\r\nX-A: 1\nX-B: 2\r\n\r\n'),
  bad('a folded trailer', '2\r\nab\r\n0\r\nX-A: 1\r\n folded\r\n\r\n'),
  bad('trailers of 20 KiB', `2\r\nab\r\n0\r\nX-A: ${'x'.repeat(20_000)}\r\n\r\n`, '431 head_too_large'),

  good(
    'sizes in both cases, with zeros',
    '00A\r\n0123456789\r\n0a\r\n0123456789\r\n000\r\n\r\n',
    '01234567890123456789',
  ),
  good('no chunk but the last', '0\r\n\r\n', ''),
  good('chunks of one byte', '1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n', 'abc'),
  good('line ends inside a chunk', chunk('a\r\n0\r\n\r\nb') + chunk(''), 'a\r\n0\r\n\r\nb'),
  good('an extension', '2;a=b\r\nab\r\n0;c\r\n\r\n', 'ab'),
  good('a size with many zeros', `${'0'.repeat(40)}2\r\nab\r\n${'0'.repeat(40)}\r\n\r\n`, 'ab'),
  good('a quoted pair in an extension', '2;a="b\\"c"\r\nab\r\n0\r\n\r\n', 'ab'),
  good('bytes beyond ASCII in a quoted extension', '2;a="\xe9"\r\nab\r\n0\r\n\r\n', 'ab'),
  good('a quoted extension', '2;a="b;c"\r\nab\r\n0\r\n\r\n', 'ab'),
  {
    ...good('a trailer', '2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n', 'ab'),
    forwarded: [withTrailer('X-Sum: 1')],
  },
  bad('a length in the trailers', '2\r\nab\r\n0\r\nContent-Length: 99\r\n\r\n'),
  bad('a coding in the trailers', '2\r\nab\r\n0\r\nTransfer-Encoding: gzip\r\n\r\n'),
  good('a host in the trailers', '2\r\nab\r\n0\r\nHost: evil.test\r\n\r\n', 'ab'),
  good('a forwarding field in the trailers', '2\r\nab\r\n0\r\nX-Forwarded-For: 10.9.9.9\r\n\r\n', 'ab'),
  good('chunks that come byte by byte', [...chunked('3\r\nabc\r\n02\r\nde\r\n0\r\n\r\n')], 'abcde'),
  {
    ...bad('a body beyond bodyMax', '', '413 body_too_large'),
    sent: [chunked(chunk('x'.repeat(60_000)) + chunk('x'.repeat(60_000)))],
  },
  {
    ...bad('a size that would wrap round at 32 bits', ''),
    sent: [chunked('100000002\r\nab\r\n0\r\n\r\n') + smuggled],
    answers: [],
    fin: true,
  },
  {
    ...bad('a last chunk that never comes', ''),
    sent: [chunked('2\r\nab\r\n')],
    answers: [],
    fin: true,
  },
];
