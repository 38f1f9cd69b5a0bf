import { describe, expect, test } from 'vitest';
import { cacheStatus, startCachedRoute } from '../testing/cached-route.ts';
import { holdCalendar } from '../testing/held-clock.ts';
import { until } from '../testing/poll.ts';
import { get, request } from '../testing/raw-client.ts';
import { chunk, ok, type ReceivedRequest, reply, type ServiceConnection } from '../testing/service.ts';

const YESTERDAY = new Date(Date.now() - 86_400_000).toUTCString();
const MINUTE = 'Cache-Control: public, max-age=60';

/** A service whose answer is `"1"` until it changes. */
function versions(fields: readonly string[], changedFields: readonly string[] = fields) {
  let version = 1;
  const script = ({ head }: ReceivedRequest) => {
    const tag = `"${version}"`;
    const validated = head.value('if-none-match') === tag;
    return validated
      ? `HTTP/1.1 304 Not Modified\r\n${[...changedFields, `ETag: ${tag}`].join('\r\n')}\r\n\r\n`
      : ok(`version ${version}`, ...fields, `ETag: ${tag}`);
  };
  return { script, change: () => void version++ };
}

describe('an answer that has become stale', () => {
  test('is asked for by its tag, and fresh again after a 304', async () => {
    const calendar = holdCalendar();
    const { service, ask } = await startCachedRoute(versions([MINUTE]).script);
    await ask('/a');
    calendar.advance(30);
    const hit = await ask('/a');
    expect([hit.head.value('age'), cacheStatus(hit)]).toEqual(['30', 'portway; hit']);
    calendar.advance(31);
    const validated = await ask('/a');
    expect([validated.status, validated.text]).toEqual([200, 'version 1']);
    expect(cacheStatus(validated)).toBe('portway; fwd=stale; fwd-status=304; stored');
    expect(service.requests[1]?.head.value('if-none-match')).toBe('"1"');
    const again = await ask('/a');
    const seen = [again.text, again.head.value('age'), cacheStatus(again)];
    expect(seen).toEqual(['version 1', '0', 'portway; hit']);
    expect(again.head.has('warning')).toBe(false);
    expect(service.requests).toHaveLength(2);
  });

  test.each([
    ['twice its lifetime', 'max-age=6', 13],
    ['the end of stale-while-revalidate', 'max-age=6, stale-while-revalidate=1', 8],
    ['the end of stale-while-revalidate and twice its lifetime', 'max-age=6, stale-while-revalidate=1', 14],
    ['the end of stale-if-error', 'max-age=6, stale-if-error=1', 30],
    ['a month', 'max-age=6', 30 * 86_400],
  ])('is still asked for by its tag after %s', async (_what, directives, seconds) => {
    const calendar = holdCalendar();
    const { ask } = await startCachedRoute(versions([`Cache-Control: ${directives}`]).script);
    await ask('/a');
    calendar.advance(seconds);
    const validated = await ask('/a');
    expect(cacheStatus(validated)).toBe('portway; fwd=stale; fwd-status=304; stored');
    expect(validated.text).toBe('version 1');
  });

  test('without a tag is still asked for by its date after twice its lifetime', async () => {
    const calendar = holdCalendar();
    const date = 'Sun, 01 Nov 2026 00:00:00 GMT';
    const { ask } = await startCachedRoute(({ head }) =>
      head.value('if-modified-since') === date
        ? 'HTTP/1.1 304 Not Modified\r\n\r\n'
        : ok('x', 'Cache-Control: max-age=6', `Last-Modified: ${date}`),
    );
    await ask('/a');
    calendar.advance(60);
    expect(cacheStatus(await ask('/a'))).toBe('portway; fwd=stale; fwd-status=304; stored');
  });

  test('without Last-Modified is asked for by its own Date, whichever time it is here', async () => {
    const calendar = holdCalendar();
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    const { service, ask } = await startCachedRoute(({ head }) =>
      head.value('if-modified-since') === date
        ? `HTTP/1.1 304 Not Modified\r\n${MINUTE}\r\n\r\n`
        : ok('x', MINUTE, `Date: ${date}`),
    );
    await ask('/a');
    calendar.advance(61);
    expect(cacheStatus(await ask('/a'))).toBe('portway; fwd=stale; fwd-status=304; stored');
    expect(service.requests).toHaveLength(2);
  });

  test.each([
    ['0, 0', [' 0, 0']],
    ['in two lines', [' 7', ' 9']],
    ['of words', [' nope']],
    ['below nothing', [' -5']],
    ['of a fraction', [' 1.5']],
    ['empty', ['']],
  ])('Age %s does not keep an answer from being kept', async (_what, values) => {
    const { ask } = await startCachedRoute(ok('x', MINUTE, ...values.map((value) => `Age:${value}`)));
    await ask('/a');
    expect(cacheStatus(await ask('/a'))).toBe('portway; hit');
  });

  test('counts the first member of Age, and no other', async () => {
    const { ask } = await startCachedRoute(ok('x', MINUTE, 'Age: 7, 900'));
    await ask('/a');
    expect((await ask('/a')).head.value('age')).toBe('7');
  });

  test('is not kept where its Age, of digits alone, is past its lifetime', async () => {
    const { ask } = await startCachedRoute(ok('x', MINUTE, 'Age: 99999999999999999999'));
    await ask('/a');
    expect(cacheStatus(await ask('/a'))).toContain('fwd=uri-miss');
  });

  test('takes over the fields of the 304, and keeps those of its bytes', async () => {
    const calendar = holdCalendar();
    const { ask } = await startCachedRoute(
      versions(
        [MINUTE, 'X-State: old', 'Content-Type: text/plain', 'Content-MD5: b2xk', 'Content-Language: de'],
        [
          'Cache-Control: max-age=600',
          'X-State: new',
          'Content-Type: text/plain; charset=utf-8',
          'Content-Length: 999',
          'Content-MD5: bmV3',
          'Content-Encoding: gzip',
          'Content-Range: bytes 0-1/2',
          'Content-Language: fr',
        ],
      ).script,
    );
    await ask('/a');
    calendar.advance(61);
    await ask('/a');
    calendar.advance(300);
    const { head } = await ask('/a');
    expect(
      ['x-state', 'content-type', 'content-length', 'age', 'cache-control'].map((name) => head.value(name)),
    ).toEqual(['new', 'text/plain; charset=utf-8', '9', '300', 'max-age=600']);
    expect(
      ['content-md5', 'content-encoding', 'content-range', 'content-language'].map((name) =>
        head.value(name),
      ),
    ).toEqual(['b2xk', undefined, undefined, 'fr']);
  });

  test('a cookie that comes with a 304 is for the one client that asked', async () => {
    const calendar = holdCalendar();
    const { ask } = await startCachedRoute(versions([MINUTE], [MINUTE, 'Set-Cookie: session=1']).script);
    await ask('/a');
    calendar.advance(61);
    const asked = await ask('/a');
    const seen = [asked.status, asked.text, asked.head.value('set-cookie')];
    expect(seen).toEqual([200, 'version 1', 'session=1']);
    const other = await ask('/a');
    expect([other.text, other.head.has('set-cookie')]).toEqual(['version 1', false]);
  });

  test.each([
    ['by another field', 'Vary: X-Other'],
    ['by the same one as before, in a line of its own', 'Vary: X-Other\r\nVary: accept-language'],
    ['by nothing', 'Vary:'],
  ])('is still for its own language alone after a 304 that varies %s', async (_what, vary) => {
    const calendar = holdCalendar();
    const { ask } = await startCachedRoute(({ head }) => {
      const language = head.value('accept-language');
      return head.has('if-none-match')
        ? `HTTP/1.1 304 Not Modified\r\n${MINUTE}\r\n${vary}\r\nETag: "${language}"\r\n\r\n`
        : ok(`in ${language}`, MINUTE, 'Vary: Accept-Language', `ETag: "${language}"`);
    });
    await ask('/a', 'Accept-Language: de');
    calendar.advance(61);
    expect(cacheStatus(await ask('/a', 'Accept-Language: de'))).toContain('fwd-status=304; stored');
    const german = await ask('/a', 'Accept-Language: de');
    expect([german.text, cacheStatus(german)]).toEqual(['in de', 'portway; hit']);
    expect((await ask('/a', 'Accept-Language: fr')).text).toBe('in fr');
  });

  test('varies by what a 304 adds as well', async () => {
    const calendar = holdCalendar();
    const { ask } = await startCachedRoute(
      versions([MINUTE, 'Vary: Accept-Language'], [MINUTE, 'Vary: X-Beta']).script,
    );
    for (const seconds of [0, 61]) {
      calendar.advance(seconds);
      await ask('/a', 'Accept-Language: de', 'X-Beta: 1');
    }
    const fields = ['Accept-Language: de', 'X-Beta: 1'];
    const hit = await ask('/a', ...fields);
    const seen = [cacheStatus(hit), hit.head.values('vary')];
    expect(seen).toEqual(['portway; hit', ['accept-language, x-beta']]);
    expect(cacheStatus(await ask('/a', 'Accept-Language: de'))).toContain('fwd=vary-miss');
  });

  test('is replaced where it changed', async () => {
    const calendar = holdCalendar();
    const { script, change } = versions([MINUTE]);
    const { ask } = await startCachedRoute(script);
    await ask('/a');
    change();
    calendar.advance(61);
    const changed = await ask('/a');
    const seen = [changed.text, cacheStatus(changed)];
    expect(seen).toEqual(['version 2', 'portway; fwd=stale; fwd-status=200; stored']);
    expect(await ask('/a').then((it) => [it.text, cacheStatus(it)])).toEqual(['version 2', 'portway; hit']);
  });

  test('is forgotten when the service says so instead', async () => {
    const calendar = holdCalendar();
    const { ask } = await startCachedRoute(versions([MINUTE], ['Cache-Control: private']).script);
    await ask('/a');
    calendar.advance(61);
    expect((await ask('/a')).text).toBe('version 1');
    expect(cacheStatus(await ask('/a'))).toContain('fwd=uri-miss');
  });

  test('a 304 for another tag than the one that was asked with is no answer to it', async () => {
    const calendar = holdCalendar();
    const { service, ask } = await startCachedRoute(({ head }) =>
      head.has('if-none-match')
        ? `HTTP/1.1 304 Not Modified\r\n${MINUTE}\r\nETag: "other"\r\n\r\n`
        : ok('text', MINUTE, 'ETag: "1"'),
    );
    await ask('/a');
    calendar.advance(61);
    expect((await ask('/a')).text).toBe('text');
    expect(service.requests).toHaveLength(3);
  });

  test('with no-cache is asked for each time, and its body kept', async () => {
    const { service, ask } = await startCachedRoute(versions(['Cache-Control: no-cache']).script);
    await ask('/a');
    for (let round = 2; round < 5; round++) {
      const answer = await ask('/a');
      const seen = [answer.text, cacheStatus(answer)];
      expect(seen).toEqual(['version 1', 'portway; fwd=stale; fwd-status=304; stored']);
      expect(service.requests).toHaveLength(round);
    }
  });
});

describe('stale-while-revalidate', () => {
  const SWR = 'Cache-Control: public, max-age=60, stale-while-revalidate=600';

  test('leaves the service where the new answer grows too large to be kept: nobody reads it', async () => {
    const calendar = holdCalendar();
    const again = Promise.withResolvers<ServiceConnection>();
    const { service, ask } = await startCachedRoute(
      (_request, connection) => {
        if (service.requests.length === 1) return ok('old', SWR);
        again.resolve(connection);
        return undefined;
      },
      { cache: '{ maxEntry: 64KiB }' },
    );
    await ask('/a');
    calendar.advance(70);
    expect((await ask('/a')).text).toBe('old');
    const connection = await again.promise;
    await connection.send(`HTTP/1.1 200 OK\r\n${SWR}\r\nTransfer-Encoding: chunked\r\n\r\n`);
    await connection.send(chunk('x'.repeat(100 * 1024)));
    await connection.ending();
  });

  test.each(['a 304', 'a new answer'])(
    'gives the old answer at once, and asks once behind its back, for %s',
    async (outcome) => {
      const calendar = holdCalendar();
      const { script, change } = versions([SWR]);
      const { promise: hold, resolve: letGo } = Promise.withResolvers<void>();
      const { service, gateway, ask } = await startCachedRoute(async (request) => {
        if (service.requests.length > 1) await hold;
        return script(request);
      });
      await ask('/a');
      if (outcome === 'a new answer') change();
      calendar.advance(70);
      for (let times = 0; times < 5; times++) {
        const stale = await ask('/a');
        const seen = [stale.text, stale.head.value('age'), cacheStatus(stale)];
        expect(seen).toEqual(['version 1', '70', 'portway; hit; ttl=-10']);
      }
      await until('the service is asked', () => service.requests.length === 2);
      letGo();
      const now = outcome === 'a new answer' ? 'version 2' : 'version 1';
      await until('it is fresh again', async () => cacheStatus(await ask('/a')) === 'portway; hit');
      expect((await ask('/a')).text).toBe(now);
      expect(service.requests).toHaveLength(2);
      const lines = gateway.log.exchanges();
      expect(lines.every(({ status, bytesOut }) => status === 200 && bytesOut === 9)).toBe(true);
      expect(lines.slice(1).every(({ attempts, endpoint }) => attempts === 0 && endpoint === null)).toBe(
        true,
      );
    },
  );

  test('goes on after a reload retired the configuration that it began in', async () => {
    const calendar = holdCalendar();
    const { promise: hold, resolve: letGo } = Promise.withResolvers<void>();
    const { service, gateway, ask } = await startCachedRoute(async () => {
      if (service.requests.length > 1) await hold;
      return ok(`answer ${service.requests.length}`, SWR);
    });
    await ask('/a');
    calendar.advance(70);
    await ask('/a');
    await until('the service is asked', () => service.requests.length === 2);
    await gateway.editAndReload(`routes:\n  /img: { to: ${service.port}, cache: true }\n  /other: 1\n`);
    letGo();
    await until('it is fresh again', async () => (await ask('/a')).text === 'answer 2');
  });

  test('a dead service is not asked again at once for each of those who get the old answer', async () => {
    const calendar = holdCalendar();
    const { service, ask } = await startCachedRoute(() =>
      service.requests.length === 1 ? ok('old', SWR) : reply(503),
    );
    await ask('/a');
    calendar.advance(70);
    for (let times = 0; times < 20; times++) expect((await ask('/a')).text).toBe('old');
    expect(service.requests.length).toBeLessThan(5);
  });
});

describe('while the service is down', () => {
  test('fresh answers are given', async () => {
    const { service, gateway, ask } = await startCachedRoute(ok('x', MINUTE));
    await ask('/a');
    await service.close();
    expect(cacheStatus(await ask('/a'))).toBe('portway; hit');
    const missed = await ask('/b');
    expect(missed.status).toBe(502);
    expect((await gateway.log.exchange(502)).endpoint).toContain(String(service.port));
  });

  test.each(['dead', 'answering 503'])(
    'stale ones as well where stale-if-error allows it (%s)',
    async (state) => {
      const calendar = holdCalendar();
      const { service, gateway, ask } = await startCachedRoute(() =>
        service.requests.length === 1
          ? ok('old', `${MINUTE}, stale-if-error=600`)
          : reply(503, [], 'an error page'),
      );
      await ask('/a');
      if (state === 'dead') await service.close();
      calendar.advance(70);
      const stale = await ask('/a');
      expect([stale.status, stale.text, stale.head.value('age')]).toEqual([200, 'old', '70']);
      expect(cacheStatus(stale)).toBe(
        state === 'dead'
          ? 'portway; fwd=stale; detail=stale-if-error'
          : 'portway; fwd=stale; fwd-status=503; detail=stale-if-error',
      );
      await until('both are logged', () => gateway.log.exchanges().length === 2);
      expect(gateway.log.exchanges()[1]).toMatchObject({ status: 200, bytesOut: 3 });
      calendar.advance(600);
      expect((await ask('/a')).status).toBe(state === 'dead' ? 502 : 503);
    },
  );

  test('and nothing stale where it is not allowed', async () => {
    const calendar = holdCalendar();
    const { service, ask } = await startCachedRoute(
      ok('old', `${MINUTE}, must-revalidate, stale-if-error=600`),
    );
    await ask('/a');
    await service.close();
    calendar.advance(70);
    expect((await ask('/a')).status).toBe(502);
  });
});

describe('the client decides', () => {
  test.each([
    ['Cache-Control: no-cache', 'portway; fwd=request; fwd-status=304; stored'],
    ['Pragma: no-cache', 'portway; fwd=request; fwd-status=304; stored'],
    ['Cache-Control: max-age=0', 'portway; fwd=request; fwd-status=304; stored'],
    ['Cache-Control: no-store', 'portway; fwd=request; fwd-status=200; detail=request-no-store'],
    ['Cache-Control: max-age=30', 'portway; hit'],
    ['Cache-Control: only-if-cached', 'portway; hit'],
  ])('%s: %s', async (directive, expected) => {
    const { ask } = await startCachedRoute(versions([MINUTE]).script);
    await ask('/a');
    expect(cacheStatus(await ask('/a', directive))).toBe(expected);
  });

  test.each([
    ['not there', 0],
    ['stale', 61],
  ])('only-if-cached: what is %s is answered 504, and nobody is asked', async (state, seconds) => {
    const calendar = holdCalendar();
    const { service, ask } = await startCachedRoute(ok('x', MINUTE));
    if (state === 'stale') await ask('/a');
    calendar.advance(seconds);
    const before = service.requests.length;
    const answer = await ask('/a', 'Cache-Control: only-if-cached');
    expect([answer.status, answer.head.value('content-length')]).toEqual([504, '0']);
    expect(cacheStatus(answer)).toBe('portway; detail=only-if-cached');
    expect(service.requests).toHaveLength(before);
  });

  test('max-stale: a stale answer is as good as a fresh one', async () => {
    const calendar = holdCalendar();
    const { ask } = await startCachedRoute(ok('x', MINUTE));
    await ask('/a');
    calendar.advance(70);
    expect(cacheStatus(await ask('/a', 'Cache-Control: max-stale=60'))).toMatch(/^portway; hit/);
  });
});

describe('hits, whose heads are put together once', () => {
  const KEPT = ['Cache-Control: max-age=60', 'ETag: "a"', 'X-Long: some value'];

  test.each([
    ['fields that all get alike', KEPT],
    ['fields that say where the service is', [...KEPT, 'Content-Location: /a', 'Link: </b>; rel=next']],
    ['a request id of its service', [...KEPT, 'X-Request-Id: of-the-service']],
    ['a date of its service', ['Cache-Control: max-age=172800', `Date: ${YESTERDAY}`]],
  ])('say the same in both lanes: %s', async (_what, fields) => {
    holdCalendar();
    const heads = [];
    for (const lane of ['auto', 'general']) {
      const { ask } = await startCachedRoute(ok('x', ...fields), { keys: [`lane: ${lane}`] });
      await ask('/a');
      const ids = new Set<string>();
      for (let i = 0; i < 3; i++) {
        const { head, text } = await ask('/a');
        expect(text).toBe('x');
        ids.add(head.value('x-request-id')!);
        // A service's own Date is in lower case here.
        const told = head.lines.filter((line) => !/^(X-Request-Id|Connection|Keep-Alive|Date):/.test(line));
        heads.push(JSON.stringify(told));
      }
      expect(ids.size).toBe(3);
    }
    expect(heads[0]).toContain('portway; hit');
    expect(new Set(heads)).toHaveLength(1);
  });

  test('grow older by the second', async () => {
    const calendar = holdCalendar();
    const { ask } = await startCachedRoute(ok('x', ...KEPT));
    await ask('/a');
    const ages = [];
    for (const seconds of [0, 0, 1, 9, 0]) {
      calendar.advance(seconds);
      ages.push((await ask('/a')).head.value('age'));
    }
    expect(ages).toEqual(['0', '0', '1', '10', '10']);
    // Where the clock is set back, they are as new as they can be.
    calendar.advance(-30);
    for (const fields of [[], ['Range: bytes=0-0']])
      expect((await ask('/a', ...fields)).head.value('age')).toBe('0');
    calendar.advance(90);
    expect(cacheStatus(await ask('/a'))).toContain('fwd=stale');
  });

  test('on one connection are one answer each, whatever is asked for in between', async () => {
    const { gateway, ask } = await startCachedRoute(({ target }) =>
      target === '/empty' ? ok('', ...KEPT) : ok('whole', ...KEPT),
    );
    for (const path of ['/a', '/empty']) await ask(path);
    const client = await gateway.connect();
    await client.send(
      get('/img/a') +
        get('/img/empty') +
        get('/img/a', 'Range: bytes=1-2') +
        get('/img/a', 'If-None-Match: "a"') +
        request('HEAD', '/img/a') +
        get('/img/a'),
    );
    const texts = [];
    for (const method of ['GET', 'GET', 'GET', 'GET', 'HEAD', 'GET']) {
      const { status, text, head } = await client.answer(method);
      expect(cacheStatus({ head })).toBe('portway; hit');
      texts.push(`${status} ${text}`);
    }
    expect(texts).toEqual(['200 whole', '200 ', '206 ho', '304 ', '200 ', '200 whole']);
  });
});
