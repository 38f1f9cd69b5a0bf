import { get, request } from '../../testing/http-client.ts';
import { chunk } from '../../testing/service.ts';
import { arrives, brokenOff, carried, type HostileRequest, smuggled } from './case.ts';

const [first, second] = [get('/db/1'), get('/db/2')];
const chunkedPost = request('POST', '/db/1', ['Transfer-Encoding: chunked'], chunk('ab') + chunk(''));

/** RFC 9112 §9.3.2: answered in order, each once. What is in doubt ends the connection behind the answers before it. */
export const pipelining: readonly HostileRequest[] = [
  carried('two requests', first + second, arrives('GET /1'), arrives('GET /2')),
  carried(
    'twenty requests',
    Array.from({ length: 20 }, (_, i) => get(`/db/${i}`)).join(''),
    ...Array.from({ length: 20 }, (_, i) => arrives(`GET /${i}`)),
  ),
  carried(
    'a body with a length, and a request',
    request('POST', '/db/1', [], 'ab') + second,
    arrives('POST /1', [], { body: 'ab' }),
    arrives('GET /2'),
  ),
  carried(
    'a body in chunks, and a request',
    chunkedPost + second,
    arrives('POST /1', [], { chunks: 'ab' }),
    arrives('GET /2'),
  ),
  carried('an empty line between requests', `${first}\r\n${second}`, arrives('GET /1'), arrives('GET /2')),
  carried(
    'requests cut in the middle',
    [`${first}${second.slice(0, 9)}`, second.slice(9)],
    arrives('GET /1'),
    arrives('GET /2'),
  ),
  carried(
    'byte by byte',
    [...chunkedPost, ...second],
    arrives('POST /1', [], { chunks: 'ab' }),
    arrives('GET /2'),
  ),
  { ...carried('HEAD before GET', request('HEAD', '/db/1') + second, arrives('HEAD /1'), arrives('GET /2')) },
  {
    name: 'to several routes, one that is none',
    sent: [first + get('/nowhere') + get('/other/3')],
    answers: ['200', '404 no_route', '200'],
    end: 'open',
    forwarded: [arrives('GET /1'), arrives('GET /3', [], { prefix: '/other' })],
  },
  {
    name: 'Connection: close before another',
    sent: [get('/db/1', 'Connection: close') + smuggled],
    answers: ['200'],
    end: 'closed',
    forwarded: [arrives('GET /1')],
  },
  {
    name: 'garbage behind a request',
    sent: [`${first}garbage\r\n\r\n${smuggled}`],
    answers: ['200', '400 bad_request'],
    end: 'closed',
    forwarded: [arrives('GET /1')],
  },
  {
    name: 'a body longer than its length',
    sent: [`${request('POST', '/db/1', ['Content-Length: 2'], 'ab{GARBAGE}')}${smuggled}`],
    answers: ['200', '400 bad_request'],
    end: 'closed',
    forwarded: [arrives('POST /1', [], { body: 'ab' })],
  },
  brokenOff(
    'a good request in a bad chunk',
    request('POST', '/db/1', ['Transfer-Encoding: chunked'], `zz\r\n${second}`),
    arrives('POST /1'),
  ),
  {
    name: 'CONNECT behind a request',
    sent: [`${first}${request('CONNECT', 'gateway.test:443')}${smuggled}`],
    answers: ['200', '405 method_refused'],
    end: 'closed',
    forwarded: [arrives('GET /1')],
  },
];
