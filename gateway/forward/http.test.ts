import { describe, expect, test } from 'vitest';
import type { Downstream, DownstreamListener, Fields, RequestBody } from '../exchange/contract.ts';
import type { LongLived } from '../exchange/long-lived.ts';
import { type ExchangeRecord, newExchangeRecord } from '../exchange/record.ts';
import { Clock } from '../exchange/timer-wheel.ts';
import type { TimeoutsConfig } from '../model/config.ts';
import { freePort } from '../proof/testing/free-port.ts';
import { until } from '../proof/testing/poll.ts';
import { quietMemory } from '../proof/testing/quiet-memory.ts';
import { ok, startService } from '../proof/testing/service.ts';
import { anyClient, upstreamTo } from '../proof/testing/upstream.ts';
import type { Endpoint } from '../upstream/endpoint.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { HttpForward } from './http.ts';

const TIMEOUTS: TimeoutsConfig = { connectMs: 5_000, responseMs: 5_000, idleMs: 5_000, tunnelIdleMs: 5_000 };

/** A client that takes everything, and writes down what it got. */
class WritingDownstream implements Downstream {
  readonly method: string;
  readonly fields: Fields = [];
  readonly body: RequestBody | null;
  readonly got: string[] = [];
  listener: DownstreamListener | null = null;
  /** Thrown by the next head. */
  refusesHead: Error | null = null;

  constructor(method: string, body: RequestBody | null) {
    this.method = method;
    this.body = body;
  }

  listen(listener: DownstreamListener): void {
    this.listener = listener;
  }

  informational(status: number, fields: Fields): void {
    this.got.push([status, ...fields].join(' '));
  }

  head(status: number, _reason: string, fields: Fields): void {
    if (this.refusesHead) throw this.refusesHead;
    this.got.push([status, ...fields].join(' '));
  }

  write(chunk: Buffer): boolean {
    this.got.push(String(chunk));
    return true;
  }

  end(trailers: Fields): void {
    this.got.push(['end', ...trailers].join(' '));
    this.listener?.closed(true);
  }

  abort(): void {
    this.got.push('abort');
  }
}

interface Forwarded {
  readonly downstream: WritingDownstream;
  readonly forward: HttpForward;
  readonly record: ExchangeRecord;
  /** `closed`, or `failed` with the error's code. */
  readonly outcome: Promise<string>;
  readonly longLived: LongLived[];
}

interface Overrides {
  readonly method?: string;
  readonly body?: RequestBody | null;
  readonly timeouts?: Partial<TimeoutsConfig>;
  readonly refusesHead?: Error;
}

function forward(
  upstream: Upstream,
  { method = 'GET', body = null, timeouts, refusesHead }: Overrides = {},
): Forwarded {
  const downstream = new WritingDownstream(method, body);
  downstream.refusesHead = refusesHead ?? null;
  const record = newExchangeRecord('id', method, '/', 'HTTP/1.1', '127.0.0.1');
  const outcome = Promise.withResolvers<string>();
  const longLived: LongLived[] = [];
  const plan = {
    upstream,
    choice: anyClient,
    stickyCookie: null,
    decidedFields: new Set<string>(),
    sentTarget: '/',
    body,
    timeouts: { ...TIMEOUTS, ...timeouts },
    retries: { attempts: 3, budget: 0.2, perTryMs: null },
    expectsContinue: false,
    memory: quietMemory(),
    clock: new Clock(),
    serverTiming: false,
    requestFields: () => ['Host', 'a'],
    answerFields: (_endpoint: Endpoint, fields: Fields, trailers: boolean) =>
      fields.filter((_, at) => trailers || fields[at - (at % 2)]?.toLowerCase() !== 'trailer'),
    informationalFields: (_endpoint: Endpoint, fields: Fields) =>
      fields.filter((_, at) => fields[at - (at % 2)]?.toLowerCase() !== 'trailer'),
  };
  const started = new HttpForward(downstream, plan, record, {
    failed: (error) => outcome.resolve(`failed ${error.code}`),
    lasts: (exchange) => longLived.push(exchange),
    closed: () => outcome.resolve('closed'),
  });
  started.start();
  return { downstream, forward: started, record, outcome: outcome.promise, longLived };
}

const chunked = 'Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n';

describe('what comes of an answer', () => {
  test.each([
    [
      'trailers follow their announcement, and none that must not',
      `HTTP/1.1 200 OK\r\nTrailer: X-A\r\n${chunked}X-A: 1\r\nSet-Cookie: a=1\r\nHost: b\r\n\r\n`,
      ['200 Trailer X-A Transfer-Encoding chunked', 'ok', 'end X-A 1'],
    ],
    [
      'trailers are not announced for an answer with a length',
      'HTTP/1.1 200 OK\r\nTrailer: X-A\r\nContent-Length: 2\r\n\r\nok',
      ['200 Content-Length 2', 'ok', 'end'],
    ],
    ['nor for 204', 'HTTP/1.1 204 None\r\nTrailer: X-A\r\n\r\n', ['204', 'end']],
    ['nor for 304', 'HTTP/1.1 304 Same\r\nTrailer: X-A\r\n\r\n', ['304', 'end']],
    [
      'a 1xx answer goes first, without the length that it must not have',
      'HTTP/1.1 103 Early\r\nContent-Length: 5\r\nX-A: 1\r\n\r\nHTTP/1.1 204 None\r\n\r\n',
      ['103 X-A 1', '204', 'end'],
    ],
  ])('%s', async (_what, bytes, expected) => {
    const service = (await startService()).answer(bytes);
    const { downstream, outcome } = forward(upstreamTo([service.port]));
    expect(await outcome).toBe('closed');
    expect(downstream.got).toEqual(expected);
  });

  test.each([
    [
      'in a coding that the client would not be told of',
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    ],
    [
      'in such a coding until the end of the connection',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n\r\nok',
    ],
    [
      'behind a flood of 1xx answers, which would fill the memory',
      `${'HTTP/1.1 103 Early\r\n\r\n'.repeat(1_000)}HTTP/1.1 204 None\r\n\r\n`,
    ],
    ['of a status below 100', 'HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n'],
  ])('one %s is no answer', async (_what, bytes) => {
    const service = (await startService()).answer(bytes);
    const { downstream, outcome } = forward(upstreamTo([service.port]));
    expect(await outcome).toBe('failed bad_answer');
    expect(downstream.got.filter((what) => what !== '103')).toEqual([]);
    expect(downstream.got.length).toBeLessThan(100);
    await service.connections[0]?.ending();
  });

  test('a head that can’t be written is a failure that can still be answered', async () => {
    const service = (await startService()).answer(ok());
    const refusesHead = Object.assign(new Error('no'), { code: 'ERR_INVALID_CHAR' });
    const { outcome } = forward(upstreamTo([service.port]), { refusesHead });
    expect(await outcome).toBe('failed bad_answer');
  });

  test('one without an end of its own is handed over, and broken off when it is closed', async () => {
    const service = (await startService()).answer(
      'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n',
    );
    const { downstream, outcome, longLived, record } = forward(upstreamTo([service.port]));
    await until('it is handed over', () => longLived.length === 1);
    longLived[0]?.close();
    longLived[0]?.close();
    expect(await outcome).toBe('closed');
    expect([downstream.got.at(-1), record.errorCode]).toEqual(['abort', 'drained']);
  });
});

describe('what is tried again', () => {
  const hangsUpOnReuse = async () => {
    const service = await startService();
    service.answer((_request, connection) => {
      const first =
        service.requests.filter(({ connection: index }) => index === connection.index).length === 1;
      if (first) return ok(`connection ${connection.index}`);
      connection.reset();
      return undefined;
    });
    return service;
  };

  test.each([
    ['GET', 'closed', 3],
    ['PUT', 'closed', 3],
    ['POST', 'failed connection_terminated', 2],
    ['PATCH', 'failed connection_terminated', 2],
  ])('%s on a kept connection that died: %s', async (method, expected, requests) => {
    const service = await hangsUpOnReuse();
    const upstream = upstreamTo([service.port]);
    expect(await forward(upstream, { method }).outcome).toBe('closed');
    expect(await forward(upstream, { method }).outcome).toBe(expected);
    expect(service.requests.length).toBe(requests);
  });

  test('a service that refuses, on another endpoint, whatever the method', async () => {
    const service = (await startService()).answer(ok());
    const { outcome, record } = forward(upstreamTo([await freePort(), service.port]), { method: 'POST' });
    expect(await outcome).toBe('closed');
    expect(record.attempts).toBe(2);
  });

  test('nothing, where every endpoint refuses', async () => {
    const { outcome, record } = forward(upstreamTo([await freePort(), await freePort()]));
    expect(await outcome).toBe('failed connection_refused');
    expect(record.attempts).toBe(2);
  });
});

describe('a client that leaves', () => {
  test.each(['while we wait for an answer', 'in the middle of it'])(
    '%s ends the exchange with the service',
    async (when) => {
      const service = await startService();
      const { downstream, outcome, record } = forward(upstreamTo([service.port]));
      const connection = await service.connection();
      await connection.head();
      if (when !== 'while we wait for an answer') {
        await connection.send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nha');
        await until('its first bytes are there', () => downstream.got.includes('ha'));
      }
      downstream.listener?.closed(false);
      expect(await outcome).toBe('closed');
      await connection.ending();
      expect(record).toMatchObject({ status: 499, errorCode: 'client_left' });
    },
  );
});
