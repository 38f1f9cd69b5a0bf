import { expect, test } from 'vitest';
import type { ExchangeView } from '../../model/exchanges.ts';
import { harOf } from './har.ts';
import { spansOf } from './spans.ts';

const view: ExchangeView = {
  id: '1-1',
  requestId: 'r',
  startedAt: 1_700_000_000_000,
  endedAt: 1_700_000_000_100,
  method: 'GET',
  target: '/db?x=1',
  host: 'localhost:3000',
  protocol: 'HTTP/1.1',
  client: '127.0.0.1',
  user: null,
  route: '/db',
  endpoint: 'localhost:3002',
  status: 200,
  code: null,
  cause: null,
  policy: null,
  cache: null,
  attempts: 2,
  headMs: 80,
  totalMs: 100,
  bytesIn: 0,
  bytesOut: 7,
  tunnel: false,
  fallback: false,
  lane: 'wire',
  detailed: true,
  errorType: null,
  escaped: null,
  request: { fields: [['Host', 'localhost:3000']] },
  answer: { fields: [['Content-Type', 'text/plain']] },
  tries: [
    {
      endpoint: 'localhost:3001',
      startMs: 5,
      sentMs: null,
      reused: false,
      headMs: null,
      failedMs: 10,
      status: 0,
      code: 'connection_refused',
    },
    {
      endpoint: 'localhost:3002',
      startMs: 20,
      sentMs: 30,
      reused: false,
      headMs: 80,
      failedMs: null,
      status: 200,
      code: null,
    },
  ],
  why: '',
};

test('the time of an exchange is told from its first to its last millisecond, each failed try by its name', () => {
  expect(spansOf(view).map(({ what, fromMs, toMs }) => [what, fromMs, toMs])).toEqual([
    ['gateway', 0, 5],
    ['connection_refused', 5, 10],
    ['connect', 20, 30],
    ['first byte', 30, 80],
    ['body', 80, 100],
  ]);
});

test('an HTTP archive has the request, the answer and the times, in the shape of version 1.2', () => {
  const { log } = harOf([view], 'http://localhost:3000');
  expect(log).toMatchObject({ version: '1.2', creator: { name: 'Portway' } });
  expect(log.entries).toEqual([
    expect.objectContaining({
      startedDateTime: '2023-11-14T22:13:20.000Z',
      time: 100,
      request: expect.objectContaining({
        method: 'GET',
        url: 'http://localhost:3000/db?x=1',
        queryString: [{ name: 'x', value: '1' }],
        headers: [{ name: 'Host', value: 'localhost:3000' }],
      }),
      response: expect.objectContaining({ status: 200, content: { size: 7, mimeType: 'text/plain' } }),
      timings: { blocked: 10, connect: 10, send: 0, wait: 50, receive: 20 },
    }),
  ]);
});
