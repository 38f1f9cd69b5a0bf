import { expect, test } from 'vitest';
import { parseAutocannon } from './load.ts';
import { parseWrk } from './wrk.ts';

const clean = `Running 3s test @ http://127.0.0.1:28765/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     2.68ms    0.93ms   6.97ms   68.82%
    Req/Sec     1.46k   152.89     1.66k    54.55%
  Latency Distribution
     50%  812.00us
     75%    3.24ms
     90%    3.89ms
     99%    1.02s
  150310 requests in 3.10s, 37.59MB read
Requests/sec:  48487.10
Transfer/sec:     12.13MB
`;

test('requests, duration, bytes and latencies are read, whatever their units', () => {
  expect(parseWrk(clean)).toEqual({
    requests: 150_310,
    seconds: 3.1,
    bytes: 37.59 * 1024 ** 2,
    p50Ms: 0.812,
    p99Ms: 1020,
    problems: [],
  });
});

test.each([
  ['  Non-2xx or 3xx responses: 2873', '2873 answers of status 400 or above'],
  [
    '  Socket errors: connect 0, read 3, write 0, timeout 1',
    'socket errors: connect 0, read 3, write 0, timeout 1',
  ],
])('%s is a problem', (line, problem) => {
  expect(parseWrk(clean.replace('Requests/sec', `${line}\nRequests/sec`)).problems).toEqual([problem]);
});

test.each(['1.00m', '60.00s'])('a latency of %s is a minute', (text) => {
  expect(parseWrk(clean.replace('1.02s', text)).p99Ms).toBe(60_000);
});

test.each(['', clean.replace('requests in', 'requests over'), clean.replace('99%', '98%')])(
  'output without a figure is refused',
  (output) => {
    expect(() => parseWrk(output)).toThrow('wrk printed nothing that matches');
  },
);

test('what autocannon prints is read, and what went wrong is a problem', () => {
  const printed = {
    requests: { total: 900 },
    throughput: { total: 90_000 },
    latency: { p50: 1, p99: 4 },
    duration: 3.01,
    non2xx: 2,
    errors: 0,
    timeouts: 1,
    mismatches: 0,
  };
  expect(parseAutocannon(JSON.stringify(printed))).toEqual({
    requests: 900,
    seconds: 3.01,
    bytes: 90_000,
    p50Ms: 1,
    p99Ms: 4,
    problems: ['non2xx 2', 'timeouts 1'],
  });
});
