import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { cacheStatus, startCachedRoute } from '../testing/cached-route.ts';
import { get, request } from '../testing/raw-client.ts';
import { chunk, ok, reply } from '../testing/service.ts';

const FRESH = 'Cache-Control: public, max-age=60';

describe('an answer is kept', () => {
  test.each([
    ['with max-age', ok('x', 'Cache-Control: max-age=60')],
    ['with s-maxage', ok('x', 'Cache-Control: s-maxage=60, max-age=0')],
    ['with Expires', ok('x', `Expires: ${new Date(Date.now() + 60_000).toUTCString()}`)],
    [
      'in chunks',
      `HTTP/1.1 200 OK\r\n${FRESH}\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('x')}${chunk('')}`,
    ],
    ['without a body', reply(200, [FRESH])],
    ['of status 204', `HTTP/1.1 204 No Content\r\n${FRESH}\r\n\r\n`],
    ['of status 301', reply(301, [FRESH, 'Location: /there'])],
    ['of status 404, where the service says for how long', reply(404, [FRESH], 'none')],
  ])('%s', async (_what, answer) => {
    const { service, ask } = await startCachedRoute(answer);
    const [first, second] = [await ask('/a'), await ask('/a')];
    expect(cacheStatus(first)).toMatch(/^portway; fwd=uri-miss; fwd-status=\d+; stored$/);
    expect(cacheStatus(second)).toBe('portway; hit');
    expect(second.status).toBe(first.status);
    expect(second.text).toBe(first.text);
    expect(second.head.value('age')).toBe('0');
    expect(service.requests).toHaveLength(1);
  });

  test.each(['public', 's-maxage=60', 'must-revalidate'])(
    'that was asked for with Authorization, where the service says %s',
    async (directive) => {
      const { ask } = await startCachedRoute(ok('x', `Cache-Control: max-age=60, ${directive}`));
      await ask('/a', 'Authorization: Basic eDp5');
      expect(cacheStatus(await ask('/a'))).toBe('portway; hit');
    },
  );
});

describe('an answer is never kept', () => {
  test.each([
    ['that says nothing about it', 'no-lifetime', ok('x')],
    [
      'that only says when it was changed',
      'no-lifetime',
      ok('x', 'Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT'),
    ],
    ['with no-store', 'no-store', ok('x', `${FRESH}, no-store`)],
    ['with private', 'private', ok('x', `${FRESH}, private`)],
    ['with Set-Cookie', 'set-cookie', ok('x', FRESH, 'Set-Cookie: session=1')],
    ['with Vary: *', 'vary', ok('x', FRESH, 'Vary: *')],
    ['that varies by what the gateway writes itself', 'vary', ok('x', FRESH, 'Vary: X-Forwarded-For')],
    [
      'that varies by more fields than can be compared at each request',
      'vary',
      ok('x', FRESH, `Vary: ${Array.from({ length: 33 }, (_each, index) => `X-${index}`).join()}`),
    ],
    ['that is stale already', 'already-stale', ok('x', FRESH, 'Age: 61')],
    ['that is a part', 'status', reply(206, [FRESH, 'Content-Range: bytes 0-0/5'], 'x')],
    [
      'that is an event stream',
      'event-stream',
      `HTTP/1.1 200 OK\r\n${FRESH}\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('x')}${chunk('')}`,
    ],
    ['of status 400', 'status', reply(400, [FRESH], 'x')],
    ['of status 401', 'status', reply(401, [FRESH, 'WWW-Authenticate: Basic'], 'x')],
    ['of status 405', 'status', reply(405, [FRESH, 'Allow: PUT'], 'x')],
    ['of status 412', 'status', reply(412, [FRESH], 'x')],
    ['of status 500', 'status', reply(500, [FRESH], 'x')],
    ['of status 503', 'status', reply(503, [FRESH], 'x')],
  ])('%s: %s', async (_what, reason, answer) => {
    const { service, ask } = await startCachedRoute(answer);
    const first = await ask('/a');
    expect(cacheStatus(first)).toBe(`portway; fwd=uri-miss; fwd-status=${first.status}; detail=${reason}`);
    expect(cacheStatus(await ask('/a'))).toBe(
      `portway; fwd=uri-miss; fwd-status=${first.status}; detail=${reason}`,
    );
    expect(service.requests).toHaveLength(2);
  });

  test.each(['Authorization: Basic eDp5', 'Cookie: session=1'])(
    'that was asked for with %s, unless the service says that it is for everybody',
    async (credential) => {
      const { service, ask } = await startCachedRoute(ok('x', 'Cache-Control: max-age=60'));
      await ask('/a', credential);
      expect(cacheStatus(await ask('/a'))).toBe('portway; fwd=uri-miss; fwd-status=200; stored');
      expect(service.requests).toHaveLength(2);
    },
  );

  test.each([
    ['with a length', `HTTP/1.1 200 OK\r\n${FRESH}\r\nContent-Length: 10\r\n\r\nhalf`],
    ['in chunks', `HTTP/1.1 200 OK\r\n${FRESH}\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('half')}`],
  ])('that breaks off, %s', async (_what, truncated) => {
    const { service, gateway, ask } = await startCachedRoute(async (_request, connection) => {
      if (service.requests.length > 1) return ok('whole', FRESH);
      await connection.send(truncated);
      connection.destroy();
      return undefined;
    });
    await expect(ask('/a')).rejects.toThrow('truncated');
    const next = await ask('/a');
    const seen = [next.text, cacheStatus(next)];
    expect(seen).toEqual(['whole', 'portway; fwd=uri-miss; fwd-status=200; stored']);
    expect((await gateway.log.find('cause', ({ code }) => code !== undefined)).code).toBe('answer_truncated');
  });

  test('that is larger than maxEntry, whether it says so or not', async () => {
    const { service, ask } = await startCachedRoute(
      ({ target }) =>
        target === '/length'
          ? ok('x'.repeat(2_000), FRESH)
          : `HTTP/1.1 200 OK\r\n${FRESH}\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('x'.repeat(2_000))}${chunk('')}`,
      { cache: '{ maxEntry: 1KiB }' },
    );
    for (const path of ['/length', '/length', '/chunks', '/chunks'])
      expect((await ask(path)).text).toHaveLength(2_000);
    expect(service.requests).toHaveLength(4);
  });

  // The client got 500 in its place.
  test('for which the system has no memory', async () => {
    const { ask } = await startCachedRoute(ok('x'.repeat(54_321), FRESH));
    const { allocUnsafeSlow } = Buffer;
    const allocated = vi.spyOn(Buffer, 'allocUnsafeSlow').mockImplementation((bytes) => {
      if (bytes === 54_321) throw new RangeError('Failed to allocate memory');
      return allocUnsafeSlow(bytes);
    });
    onTestFinished(() => allocated.mockRestore());
    const answer = await ask('/a');
    expect([answer.status, answer.text.length]).toEqual([200, 54_321]);
    expect(cacheStatus(answer)).toBe('portway; fwd=uri-miss; fwd-status=200; detail=no-room');
  });

  test('whose client left in the middle of it', async () => {
    const { service, gateway, ask } = await startCachedRoute(null);
    const client = await gateway.connect();
    const connection = await service.reachedBy(client, get('/img/a'));
    await connection.send(`HTTP/1.1 200 OK\r\n${FRESH}\r\nContent-Length: 10\r\n\r\nhalf`);
    await client.head();
    client.reset();
    await connection.ending();
    service.answer(ok('whole', FRESH));
    expect((await ask('/a')).text).toBe('whole');
  });
});

describe('what passes the cache by', () => {
  test.each([
    ['several parts', get('/img/a', 'Range: bytes=0-0,0-0')],
    ['a part that there is not', get('/img/a', 'Range: bytes=1-')],
    ['a part of something else', get('/img/a', 'Range: bytes=0-0', 'X-Original-URL: /b')],
    ['a GET with a body', request('GET', '/img/a', [], 'body')],
    ['a condition that is for the service alone', get('/img/a', 'If-Match: "other"')],
    [
      'a field by which some services take a request for another one',
      get('/img/a', 'X-HTTP-Method-Override: DELETE'),
    ],
    ...[
      'X-Url-Scheme: http',
      'X-HTTP-Host-Override: evil.test',
      'Front-End-Https: on',
      'X-Client-IP: 10.0.0.1',
      'X_Client_IP: 10.0.0.1',
    ].map((field) => [`a GET with ${field}`, get('/img/a', field)]),
  ])('%s: not answered from it, not kept in it', async (_what, asked = '') => {
    const { service, gateway, ask } = await startCachedRoute(ok('x', FRESH));
    expect(cacheStatus(await gateway.exchange(asked))).toBe('portway; fwd=bypass');
    expect(cacheStatus(await ask('/a'))).toBe('portway; fwd=uri-miss; fwd-status=200; stored');
    expect(cacheStatus(await gateway.exchange(asked))).toBe('portway; fwd=bypass');
    expect(service.requests).toHaveLength(3);
  });

  test('a part, until the whole is kept', async () => {
    const whole = ok('0123456789', FRESH, 'ETag: "1"');
    const part = reply(206, [FRESH, 'Content-Range: bytes 0-1/10'], '01');
    const { service, ask } = await startCachedRoute(({ head }) => (head.has('range') ? part : whole));
    for (const outcome of ['fwd=bypass', 'hit']) {
      const { status, text, head } = await ask('/a', 'Range: bytes=0-1');
      expect([status, text, head.value('content-length')]).toEqual([206, '01', '2']);
      expect(head.values('cache-status').at(-1)).toBe(`portway; ${outcome}`);
      if (outcome !== 'hit') await ask('/a');
    }
    const { head } = await ask('/a', 'Range: bytes=-3');
    expect([head.value('content-range'), head.value('age')]).toEqual(['bytes 7-9/10', '0']);
    expect((await ask('/a', 'Range: bytes=0-1', 'If-None-Match: "1"')).status).toBe(304);
    expect((await ask('/a', 'Range: bytes=0-1', 'If-Range: "0"')).text).toBe('0123456789');
    expect((await ask('/a')).text).toBe('0123456789');
    expect(service.requests).toHaveLength(2);
  });

  test("a trusted peer's field by which a service answers for another scheme", async () => {
    const { ask } = await startCachedRoute(ok('x', FRESH), { top: 'trustProxy: loopback\n' });
    expect(cacheStatus(await ask('/a', 'X-Forwarded-Protocol: http'))).toBe('portway; fwd=bypass');
    expect(cacheStatus(await ask('/a'))).toBe('portway; fwd=uri-miss; fwd-status=200; stored');
  });

  test('other methods keep their conditions and their limits', async () => {
    const { service, gateway } = await startCachedRoute(reply(412), { keys: ['bodyMax: 4B'] });
    const put = await gateway.exchange(request('PUT', '/img/a', ['If-None-Match: *'], 'four'));
    expect([put.status, cacheStatus(put)]).toEqual([412, 'portway; fwd=method']);
    expect(service.request.head.value('if-none-match')).toBe('*');
    const large = await gateway.exchange(
      `${request('PUT', '/img/a', ['Transfer-Encoding: chunked'])}${chunk('five.')}${chunk('')}`,
    );
    expect(large.status).toBe(413);
  });
});
