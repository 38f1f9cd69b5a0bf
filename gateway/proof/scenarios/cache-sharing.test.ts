import { describe, expect, test } from 'vitest';
import { cacheStatus, startCachedRoute } from '../testing/cached-route.ts';
import { startTestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { get, request } from '../testing/raw-client.ts';
import { ok, reply, startService } from '../testing/service.ts';

const FRESH = 'Cache-Control: public, max-age=60';

describe("nobody gets another one's answer", () => {
  test('of another host, path or query', async () => {
    const { service, gateway } = await startCachedRoute(({ head, target }) =>
      ok(`${head.value('host')} ${target}`, FRESH),
    );
    const asked = ['/img/a', '/img/b', '/img/a?', '/img/a?x=1', '/img/a/'].flatMap((target) =>
      ['one.test', 'two.test', 'one.test:8080'].map((host) => [target, host] as const),
    );
    for (const round of ['fwd=uri-miss', 'hit']) {
      for (const [target, host] of asked) {
        const answer = await gateway.exchange(get(target, `Host: ${host}`));
        expect(answer.text).toBe(`${host} ${target.slice('/img'.length)}`);
        expect(cacheStatus(answer)).toContain(round);
      }
    }
    expect(service.requests).toHaveLength(asked.length);
  });

  test('by what a trusted proxy says of the public name, scheme and prefix, which a service puts into its links', async () => {
    const { gateway } = await startCachedRoute(
      ({ head }) =>
        ok(['host', 'proto', 'port', 'prefix'].map((of) => head.value(`x-forwarded-${of}`)).join(' '), FRESH),
      { top: 'trustProxy: [127.0.0.1]\n' },
    );
    const texts = new Set<string>();
    for (const claim of [
      'X-Forwarded-Host: a.test',
      'X-Forwarded-Host: b.test',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Port: 8443',
      'X-Forwarded-Prefix: /outer',
    ])
      texts.add((await gateway.get('/img/a', claim)).text);
    expect(texts.size).toBe(5);
    expect(texts).toContain('a.test http 80 /img');
  });

  test('a stranger can plant nothing by X-Forwarded-*: they are not believed', async () => {
    const { ask } = await startCachedRoute(({ head }) => ok(head.value('x-forwarded-host'), FRESH));
    expect((await ask('/a', 'X-Forwarded-Host: evil.test')).text).toBe('gateway.test');
    expect((await ask('/a')).text).toBe('gateway.test');
  });

  test('by the fields that Vary names, present or not', async () => {
    const { service, ask } = await startCachedRoute(({ head }) =>
      ok(`${head.value('accept') ?? 'none'}`, FRESH, 'Vary: Accept, Accept-Language'),
    );
    expect(cacheStatus(await ask('/a', 'Accept: image/avif'))).toContain('fwd=uri-miss');
    expect(cacheStatus(await ask('/a', 'Accept: image/webp'))).toContain('fwd=vary-miss');
    expect(cacheStatus(await ask('/a'))).toContain('fwd=vary-miss');
    for (const accept of ['image/avif', 'image/webp']) {
      const seen = await ask('/a', `Accept: ${accept}`).then((it) => [it.text, cacheStatus(it)]);
      expect(seen).toEqual([accept, 'portway; hit']);
    }
    expect((await ask('/a')).text).toBe('none');
    expect(service.requests).toHaveLength(3);
  });

  test.each([
    ['Accept', ['Accept: a/b, c/d'], ['Accept: a/b ,\tc/d'], 'hit'],
    ['Accept', ['Accept: a/b', 'Accept: c/d'], ['Accept: a/b,c/d'], 'hit'],
    ['X-Beta', ['X-Beta: 1, 2'], ['X-Beta: 1', 'X-Beta: 2'], 'hit'],
    ['Accept-Language', ['Accept-Language: de-AT, en;q=0.5'], ['accept-language: DE-at,en;Q=0.5'], 'hit'],
    [
      'Accept-Encoding',
      ['Accept-Encoding: gzip, br'],
      ['Accept-Encoding: GZIP', 'Accept-Encoding: br'],
      'hit',
    ],
    ['Accept-Language', ['Accept-Language: de, en'], ['Accept-Language: en, de'], 'fwd=vary-miss'],
    ['Accept-Language', ['Accept-Language: de'], ['Accept-Language: de\u00a0'], 'fwd=vary-miss'],
    ['Accept', ['Accept: a/b'], ['Accept: A/B'], 'fwd=vary-miss'],
    ['X-Beta', ['X-Beta: a'], ['X-Beta: A'], 'fwd=vary-miss'],
    ['X-Beta', ['X-Beta: "a,b"'], ['X-Beta: "a, b"'], 'fwd=vary-miss'],
    ['X-Beta', ['X-Beta: "a', 'X-Beta: b"'], ['X-Beta: "a,b"'], 'fwd=vary-miss'],
    ['X-Beta', ['X-Beta:'], [], 'fwd=vary-miss'],
    ['Cookie', ['Cookie: a=b,c'], ['Cookie: a=b, c'], 'fwd=vary-miss'],
    ['Authorization', ['Authorization: X a,b'], ['Authorization: X a, b'], 'fwd=vary-miss'],
    ['Constructor', [], ['Constructor: 1'], 'fwd=vary-miss'],
  ])('by %s, in whichever spelling: %j, then %j: %s', async (name, first, second, outcome) => {
    const { ask } = await startCachedRoute(({ head }) => ok(`${head.values(name)}`, FRESH, `Vary: ${name}`));
    await ask('/a', ...first);
    expect(cacheStatus(await ask('/a', ...first))).toContain('hit');
    expect(cacheStatus(await ask('/a', ...second))).toContain(outcome);
  });

  test('a service is asked anew with the spelling of who asks, not of who asked first', async () => {
    const { service, ask } = await startCachedRoute(
      ok('x', 'Cache-Control: public, no-cache', 'Vary: Accept-Language', 'ETag: "1"'),
    );
    await ask('/a', 'Accept-Language: DE,en');
    await ask('/a', 'Accept-Language: de', 'Accept-Language: en');
    expect(service.requests[1]?.head.values('accept-language')).toEqual(['de', 'en']);
    expect(service.requests[1]?.head.value('if-none-match')).toBe('"1"');
  });

  test('of a route whose place in a list of alternatives it took over', async () => {
    const [one, two] = [await startService(), await startService()];
    one.answer(ok('one', FRESH));
    two.answer(ok('two', FRESH));
    const beta = `{ to: ${one.port}, cache: true, when: { headers: { x-beta: true } } }`;
    const rest = `{ to: ${two.port}, cache: true }`;
    const gateway = await startTestGateway(`routes:\n  /img: [${beta}, ${rest}]\n`);
    expect((await gateway.get('/img/a', 'X-Beta: 1')).text).toBe('one');
    await gateway.editAndReload(`routes:\n  /img: [${rest}, ${beta}]\n`);
    expect((await gateway.get('/img/a')).text).toBe('two');
  });
});

describe('what is given from the cache', () => {
  test('has its links behind the prefix, and the request id of whoever asked', async () => {
    const { service, ask } = await startCachedRoute(
      reply(301, [
        FRESH,
        'Location: /b',
        'Link: </c>; rel=next',
        'Content-Location: /d',
        'X-Request-Id: old',
      ]),
    );
    const [first, second] = [await ask('/a'), await ask('/a')];
    for (const { head } of [first, second]) {
      expect(head.value('location')).toBe('/img/b');
      expect(head.value('link')).toBe('</img/c>; rel=next');
      expect(head.value('content-location')).toBe('/img/d');
      expect(head.value('x-request-id')).not.toBe('old');
    }
    expect(second.head.value('x-request-id')).not.toBe(first.head.value('x-request-id'));
    expect(service.requests).toHaveLength(1);
  });

  test('comes without the 1xx answers that its first client got', async () => {
    const { service, gateway, ask } = await startCachedRoute(null);
    const client = await gateway.connect();
    const connection = await service.reachedBy(client, get('/img/a'));
    await connection.send(
      'HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\n',
    );
    const hint = await client.head();
    const seen = [hint.status, hint.value('link'), hint.has('x-hop')];
    expect(seen).toEqual([103, '</img/style.css>; rel=preload', false]);
    await connection.send(ok('final', FRESH));
    const { status, text } = await client.answer();
    expect([status, text]).toEqual([200, 'final']);
    const hit = await ask('/a');
    expect([hit.text, hit.interim, cacheStatus(hit)]).toEqual(['final', [], 'portway; hit']);
  });

  test('has no field that concerned the connection to the service', async () => {
    const { ask } = await startCachedRoute(
      ok(
        'x',
        FRESH,
        'Connection: X-Hop',
        'X-Hop: 1',
        'Keep-Alive: timeout=5',
        'Proxy-Authenticate: Basic realm="a"',
        'Proxy-Authentication-Info: nextnonce="b"',
        'Warning: 199 - "kept"',
        'Link: <a>',
        'Link: <b>',
      ),
    );
    await ask('/a');
    const { head } = await ask('/a');
    expect([head.has('x-hop'), head.value('keep-alive')]).toEqual([false, 'timeout=75']);
    expect([head.has('proxy-authenticate'), head.has('proxy-authentication-info')]).toEqual([false, false]);
    expect([head.value('warning'), head.values('link')]).toEqual(['199 - "kept"', ['<a>', '<b>']]);
  });

  test.each([
    ['If-None-Match: "1"', 304],
    ['If-None-Match: "0", W/"1"', 304],
    ['If-None-Match: *', 304],
    ['If-None-Match: "2"', 200],
    ['If-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT', 304],
    ['If-Modified-Since: Sun, 31 Dec 2023 23:59:59 GMT', 200],
  ])('%s is answered %i from what is kept', async (condition, status) => {
    const { service, ask } = await startCachedRoute(
      ok('text', FRESH, 'ETag: "1"', 'Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT'),
    );
    for (const expected of [/fwd=uri-miss; fwd-status=200; stored/, /hit/]) {
      const answer = await ask('/a', condition);
      expect([answer.status, answer.text]).toEqual([status, status === 200 ? 'text' : '']);
      expect(answer.head.value('etag')).toBe('"1"');
      expect(cacheStatus(answer)).toMatch(expected);
    }
    expect(service.requests).toHaveLength(1);
    expect(service.request.head.has('if-none-match')).toBe(false);
  });

  test('without Last-Modified has not been changed since its Date', async () => {
    const date = new Date().toUTCString();
    const { service, ask } = await startCachedRoute(ok('text', FRESH, `Date: ${date}`));
    const condition = `If-Modified-Since: ${date}`;
    expect([(await ask('/a', condition)).status, (await ask('/a', condition)).status]).toEqual([200, 304]);
    expect((await ask('/a', 'If-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT')).status).toBe(200);
    expect(service.requests).toHaveLength(1);
  });

  test('keeps what a service behind it warns of, which is not taken for its own word', async () => {
    const warning = '110 - "response is stale"';
    const { ask } = await startCachedRoute(ok('text', FRESH, `Warning: ${warning}`));
    for (const outcome of ['portway; fwd=uri-miss; fwd-status=200; stored', 'portway; hit']) {
      const { head } = await ask('/a', 'Cache-Control: max-age=30');
      expect([head.value('warning'), head.values('cache-status').at(-1)]).toEqual([warning, outcome]);
    }
  });

  test('answers HEAD as well, and a HEAD alone keeps nothing', async () => {
    const { service, gateway, ask } = await startCachedRoute(({ method }) =>
      method === 'HEAD' ? `HTTP/1.1 200 OK\r\n${FRESH}\r\nContent-Length: 4\r\n\r\n` : ok('text', FRESH),
    );
    const head = () => gateway.exchange(request('HEAD', '/img/a'));
    expect(cacheStatus(await head())).toBe('portway; fwd=uri-miss; fwd-status=200');
    expect(cacheStatus(await ask('/a'))).toContain('fwd=uri-miss');
    const answer = await head();
    expect([answer.head.value('content-length'), cacheStatus(answer)]).toEqual(['4', 'portway; hit']);
    expect(service.requests).toHaveLength(2);
  });

  test('adds to what a cache behind the gateway says', async () => {
    const { ask } = await startCachedRoute(ok('x', FRESH, 'Cache-Status: origin; hit'));
    await ask('/a');
    expect((await ask('/a')).head.values('cache-status')).toEqual(['origin; hit', 'portway; hit']);
  });
});

describe('a change', () => {
  test.each(['PUT', 'POST', 'PATCH', 'DELETE'])(
    'by %s that succeeds makes the cache forget the URL',
    async (method) => {
      const { service, gateway, ask } = await startCachedRoute(ok('x', FRESH));
      for (const path of ['/a', '/a?w=1', '/b']) await ask(path);
      await gateway.exchange(request(method, '/%69mg/a', [], 'new'));
      expect(cacheStatus(await ask('/a'))).toContain('fwd=uri-miss');
      expect(cacheStatus(await ask('/a?w=1'))).toContain('fwd=uri-miss');
      expect(cacheStatus(await ask('/b'))).toBe('portway; hit');
      expect(service.requests).toHaveLength(6);
    },
  );

  test('makes it forget what the answer names as well', async () => {
    const { gateway, ask } = await startCachedRoute(({ method }) =>
      method === 'POST' ? reply(201, ['Location: /a', 'Content-Location: /b']) : ok('x', FRESH),
    );
    for (const path of ['/a', '/b', '/c']) await ask(path);
    await gateway.exchange(request('POST', '/img/', [], 'new'));
    for (const path of ['/a', '/b']) expect(cacheStatus(await ask(path))).toContain('fwd=uri-miss');
    expect(cacheStatus(await ask('/c'))).toBe('portway; hit');
  });

  test.each([
    ['another host', 'http://other.test/img/a'],
    ['another scheme', 'https://localhost/img/a'],
    ['another host, without a scheme', '//other.test/img/a'],
    ['another port', 'http://localhost:1/img/a'],
  ])('forgets nothing that an answer names on %s', async (_what, named) => {
    const { gateway, ask } = await startCachedRoute(({ method }) =>
      method === 'POST' ? reply(201, [`Location: ${named}`, `Content-Location: ${named}`]) : ok('x', FRESH),
    );
    await ask('/a');
    await gateway.exchange(request('POST', '/img/', [], 'new'));
    expect(cacheStatus(await ask('/a'))).toBe('portway; hit');
  });

  test.each([
    ['its own origin', (origin: string) => `${origin}/img/a`],
    ['its own host, in other letters', (origin: string) => `${origin.toUpperCase()}/img/a`],
    ['its own host, without a scheme', (origin: string) => `${origin.replace('http:', '')}/img/a`],
  ])('forgets what an answer names on %s', async (_what, named) => {
    const { gateway, ask } = await startCachedRoute(({ method, head }) =>
      method === 'POST' ? reply(201, [`Location: ${named(`http://${head.value('host')}`)}`]) : ok('x', FRESH),
    );
    await ask('/a');
    await gateway.exchange(request('POST', '/img/', [], 'new'));
    expect(cacheStatus(await ask('/a'))).toContain('fwd=uri-miss');
  });

  test('that fails changes nothing', async () => {
    const { gateway, ask } = await startCachedRoute(({ method }) =>
      method === 'PUT' ? reply(409) : ok('x', FRESH),
    );
    await ask('/a');
    await gateway.exchange(request('PUT', '/img/a', [], 'new'));
    expect(cacheStatus(await ask('/a'))).toBe('portway; hit');
  });

  test('through a route of its own counts for the one that is cached', async () => {
    const service = (await startService()).answer(ok('x', FRESH));
    const yaml = `routes:\n  /img: [{ to: ${service.port}, cache: true, when: { methods: GET } }, { to: ${service.port} }]\n`;
    const gateway = await startTestGateway(yaml);
    await gateway.get('/img/a');
    const put = await gateway.exchange(request('PUT', '/img/a', [], 'new'));
    expect(put.head.has('cache-status')).toBe(false);
    expect(cacheStatus(await gateway.get('/img/a'))).toContain('fwd=uri-miss');
  });

  test('while an answer is on its way keeps that from being kept', async () => {
    const { promise: hold, resolve: letGo } = Promise.withResolvers<void>();
    const { service, gateway, ask } = await startCachedRoute(async ({ method }) => {
      if (method === 'PUT') return reply(204);
      if (service.requests.length > 1) return ok('new', FRESH);
      await hold;
      return ok('old', FRESH);
    });
    const reading = ask('/a');
    await until('the service is asked', () => service.requests.length === 1);
    await gateway.exchange(request('PUT', '/img/a', [], 'new'));
    letGo();
    expect((await reading).text).toBe('old');
    expect((await ask('/a')).text).toBe('new');
  });
});
