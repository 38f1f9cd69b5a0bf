import { expect, test } from 'vitest';
import { parseH2load } from './h2load.ts';

const clean = `starting benchmark...
spawning thread #0: 64 total client(s). Timing-based test with 0s of warm-up time and 2s of main duration for measurements.
TLS Protocol: TLSv1.3
Application protocol: h2

finished in 2.01s, 14921.00 req/s, 3.07MB/s
requests: 29842 total, 29906 started, 29842 done, 29842 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 29842 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 6.14MB (6439362) total, 1.21MB (1270362) headers (space savings 77.12%), 2.99MB (3133410) data
`;
const log = '1700000000000001\t200\t1000\n1700000000000002\t200\t2000\n1700000000000003\t200\t9000\n';

test('requests, duration, bytes and, out of the log, latencies are read', () => {
  expect(parseH2load(clean, log)).toEqual({
    requests: 29_842,
    seconds: 2.01,
    bytes: 6_439_362,
    p50Ms: 2,
    p99Ms: 9,
    problems: [],
  });
});

test.each([
  ['29842 succeeded, 0 failed', '29840 succeeded, 2 failed', ['failed 2']],
  ['29842 2xx, 0 3xx, 0 4xx', '29841 2xx, 0 3xx, 1 4xx', ['answers of another status than 2xx']],
])('%s instead of %s is a problem', (said, instead, problems) => {
  expect(parseH2load(clean.replace(said, instead), log).problems).toEqual(problems);
});

test('output without a figure is refused', () => {
  expect(() => parseH2load('', log)).toThrow('h2load printed nothing that matches');
});
