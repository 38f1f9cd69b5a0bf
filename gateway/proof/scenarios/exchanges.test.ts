import { describe, expect, test } from 'vitest';
import type { ExchangeSummary, ExchangeView } from '../../model/exchanges.ts';
import { freePort } from '../testing/free-port.ts';
import { DEVELOPMENT, startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { startGatewayProcess } from '../testing/gateway-process.ts';
import { connectH2, exchangeH2 } from '../testing/h2-client.ts';
import { until } from '../testing/poll.ts';
import { get, request } from '../testing/raw-client.ts';
import { ok, reply, startService } from '../testing/service.ts';

interface Listed {
  readonly exchanges: readonly ExchangeSummary[];
  readonly dropped: number;
  readonly sampled: number;
}

async function asked<T>(gateway: TestGateway, target: string, ...fields: string[]) {
  const { status, text } = await gateway.admin('GET', target, ...fields);
  return { status, text, json: JSON.parse(text) as T };
}

const list = async (gateway: TestGateway, query = '') =>
  (await asked<Listed>(gateway, `/exchanges${query}`)).json;

/** What comes over /events, event by event. */
async function events(gateway: TestGateway, query = '') {
  const leave = new AbortController();
  const answer = await fetch(`http://127.0.0.1:${gateway.adminPort}/events${query}`, {
    signal: leave.signal,
  });
  let text = '';
  const reading = (async () => {
    for await (const piece of answer.body!.pipeThrough(new TextDecoderStream())) text += piece;
  })().catch(() => {});
  return {
    type: answer.headers.get('content-type'),
    of: (name: string) =>
      Array.from(
        text.matchAll(new RegExp(`^event: ${name}\\n(?:id: .*\\n)?data: (.*)\\n\\n`, 'gm')),
        ([, data]) => JSON.parse(data!),
      ),
    leave: async () => {
      leave.abort();
      await reading;
    },
  };
}

describe('exchanges are kept', () => {
  test('while somebody looks, and not before', async () => {
    const db = (await startService()).answer(ok('fine'));
    const gateway = await startTestGateway(`admin: 3900\nroutes: { /db: ${db.port} }\n`);
    await gateway.get('/db/before');
    expect(await list(gateway)).toMatchObject({ exchanges: [], dropped: 0, sampled: 0 });
    await gateway.get('/db/after?x=1');
    expect(await list(gateway)).toMatchObject({
      exchanges: [
        { method: 'GET', target: '/db/after?x=1', route: '/db', status: 200, attempts: 1, detailed: true },
      ],
    });
  });

  test.each(['wire', 'general'])(
    'in development always, with their fields and tries, in the %s lane',
    async (lane) => {
      const db = (await startService()).answer(ok('fine', 'X-Service: db'));
      const yaml = `routes: { /db: { to: ${db.port}, lane: ${lane} } }\n`;
      const gateway = await startTestGateway(yaml, DEVELOPMENT);
      await gateway.get('/db/x', 'X-Client: me');
      const { exchanges } = await list(gateway);
      const { json } = await asked<ExchangeView>(gateway, `/exchanges/${exchanges[0]!.id}`);
      expect(json).toMatchObject({ lane, host: 'localhost', status: 200, bytesOut: 4 });
      expect(json.request!.fields).toContainEqual(['X-Client', 'me']);
      expect(json.answer!.fields).toContainEqual(['X-Service', 'db']);
      expect(json.tries).toMatchObject([
        { endpoint: `localhost:${db.port}`, reused: false, status: 200, code: null },
      ]);
      const [{ startMs, sentMs, headMs }] = json.tries as [(typeof json.tries)[number]];
      expect(startMs).toBeLessThanOrEqual(sentMs!);
      expect(sentMs).toBeLessThanOrEqual(headMs!);
      expect(json.why).toContain('/db');
    },
  );

  test('with the fields of an answer that came before, too, and its own request id', async () => {
    const db = (await startService()).answer(() => ok('fine', 'X-Service: db'));
    const gateway = await startTestGateway(`admin: 3900\nroutes: { /db: ${db.port} }\n`);
    await list(gateway);
    const client = await gateway.connect();
    const told: (string | undefined)[] = [];
    for (let at = 0; at < 3; at++)
      told.unshift((await client.exchange(get('/db/x'))).head.value('x-request-id'));
    const { exchanges } = await list(gateway);
    for (const [at, requestId] of told.entries()) {
      const { json } = await asked<ExchangeView>(gateway, `/exchanges/${exchanges[at]!.id}`);
      expect(json.answer!.fields).toContainEqual(['X-Service', 'db']);
      expect(json.answer!.fields).toContainEqual(['X-Request-Id', requestId]);
    }
  });

  test('with each endpoint that was tried, and why it failed', async () => {
    const dead = await freePort();
    const db = (await startService()).answer(ok('fine'));
    const gateway = await startTestGateway(`routes: { /db: { to: [${dead}, ${db.port}] } }\n`, DEVELOPMENT);
    await gateway.get('/db/x');
    await gateway.get('/db/x');
    const { exchanges } = await list(gateway);
    const two = exchanges.find(({ attempts }) => attempts === 2)!;
    const { json } = await asked<ExchangeView>(gateway, `/exchanges/${two.id}`);
    expect(json.tries).toMatchObject([
      { endpoint: `localhost:${dead}`, code: 'connection_refused', headMs: null },
      { endpoint: `localhost:${db.port}`, code: null, status: 200 },
    ]);
  });

  test('with what a client over HTTP/2 was told, and what an extension told its client', async () => {
    const db = (await startService()).answer(ok('fine', 'X-Service: db'));
    const files = {
      'ext.ts': 'export default { preHandler: async () => {} };',
      'own.ts':
        "export default { preHandler: async (_, reply) => reply.header('x-own', 'yes').send('own') };",
    };
    const gateway = await startTestGateway(
      `routes: { /db: { to: ${db.port}, hostHeader: keep }, /ext: { to: ${db.port}, extend: ./ext.ts }, /own: { to: ${db.port}, extend: ./own.ts } }\n`,
      { mode: 'development', files },
    );
    await exchangeH2(await connectH2(gateway.port, 'http'), { ':path': '/db/x', ':authority': 'localhost' });
    await gateway.get('/ext/x');
    await gateway.get('/own/x');
    const { exchanges } = await list(gateway);
    const fields = [];
    for (const { id } of exchanges)
      fields.unshift((await asked<ExchangeView>(gateway, `/exchanges/${id}`)).json.answer!.fields);
    expect(fields).toMatchObject([
      expect.arrayContaining([['X-Service', 'db']]),
      expect.arrayContaining([['X-Service', 'db']]),
      expect.arrayContaining([['x-own', 'yes']]),
    ]);
  });

  test('also where the gateway answers, on cached routes, and for WebSocket handshakes', async () => {
    const db = (await startService()).answer(reply(200, ['Cache-Control: max-age=60'], 'kept'));
    const gateway = await startTestGateway(`routes: { /db: { to: ${db.port}, cache: true } }\n`, DEVELOPMENT);
    await gateway.get('/none');
    await gateway.get('/db/x');
    await gateway.get('/db/x');
    const { exchanges } = await list(gateway);
    expect(exchanges).toMatchObject([{ cache: 'hit' }, { cache: 'miss' }, { status: 404, code: 'no_route' }]);
    for (const { id } of exchanges) {
      const { json } = await asked<ExchangeView>(gateway, `/exchanges/${id}`);
      expect(json.answer!.fields.length).toBeGreaterThan(0);
    }
  });
});

describe('what is shown', () => {
  test('has no secret in it, and none can be searched for', async () => {
    const db = (await startService()).answer(
      ok('fine', 'Set-Cookie: sid=s3cret1; Path=/', 'Location: /cb?code=s3cret2&x=1', 'X-Api-Key: s3cret3'),
    );
    const gateway = await startTestGateway(`routes: { /db: ${db.port} }\n`, DEVELOPMENT);
    await gateway.get(
      '/db/x?access_token=s3cret4&q=shoes&%74oken=s3cret8',
      'Authorization: Bearer s3cret5',
      'Cookie: sid=s3cret6; theme=s3cret9',
      'Referer: http://u:s3cret7@localhost/',
    );
    const { exchanges } = await list(gateway, '?text=shoes');
    expect(exchanges).toHaveLength(1);
    const { text, json } = await asked<ExchangeView>(gateway, `/exchanges/${exchanges[0]!.id}`);
    expect(text).not.toContain('s3cret');
    expect(json.target).toBe('/db/x?access_token=(not shown)&q=shoes&%74oken=(not shown)');
    expect(json.request!.fields).toContainEqual(['Cookie', 'sid=(not shown); theme=(not shown)']);
    expect(json.request!.fields).toContainEqual(['Authorization', 'Bearer (not shown)']);
    expect(json.answer!.fields).toContainEqual(['Set-Cookie', 'sid=(not shown); Path=/db']);
    expect(await list(gateway, '?text=s3cret')).toMatchObject({ exchanges: [] });
  });

  test('has no secret of a URL within a URL, nor of what routes asked for in vain', async () => {
    const db = (await startService()).answer(ok('fine'));
    const gateway = await startTestGateway(
      `routes:\n  /db: ${db.port}\n  /db/x:\n    to: ${db.port}\n    when: { headers: { X-Api-Key: mine }, query: { token: mine } }\n` +
        `  /db/y: { to: ${db.port}, headers: { request: { set: { X-Session-Id: s3cret4 } } } }\n`,
      DEVELOPMENT,
    );
    await gateway.get('/db/x?next=/in?token=s3cret1?x&token=s3cret2&q=1', 'X-Api-Key: s3cret3');
    await gateway.get('/db/y');
    const { exchanges } = await list(gateway);
    const [set, vain] = await Promise.all(
      exchanges.map(({ id }) => asked<ExchangeView>(gateway, `/exchanges/${id}`)),
    );
    expect(set!.json.why).toContain('X-Session-Id: (not shown)');
    expect(vain!.json.target).toBe('/db/x?next=/in?token=(not shown)&token=(not shown)&q=1');
    expect(vain!.json.why).toContain('the header x-api-key');
    expect(set!.text + vain!.text).not.toContain('s3cret');
  });

  test('can be asked for by route, status, method, text, time and number', async () => {
    const db = (await startService()).answer(({ target }) =>
      target === '/bad' ? reply(500, [], 'no') : ok('fine'),
    );
    const gateway = await startTestGateway(`routes: { /db: ${db.port}, /img: ${db.port} }\n`, DEVELOPMENT);
    for (const target of ['/db/a', '/db/bad', '/img/b', '/none']) await gateway.get(target);
    await gateway.exchange(request('DELETE', '/db/c', ['Host: localhost']));
    const targets = async (query: string) =>
      (await list(gateway, query)).exchanges.map(({ target }) => target);
    expect(await targets('?route=/img')).toEqual(['/img/b']);
    expect(await targets('?status=5xx')).toEqual(['/db/bad']);
    expect(await targets('?status=404')).toEqual(['/none']);
    expect(await targets('?status=failed')).toEqual(['/none', '/db/bad']);
    expect(await targets('?method=delete')).toEqual(['/db/c']);
    expect(await targets('?text=%2FIMG')).toEqual(['/img/b']);
    expect(await targets('?since=1h&limit=2')).toEqual(['/db/c', '/none']);
    expect(await targets('?since=2100-01-01')).toEqual([]);
    expect((await asked(gateway, '/exchanges?limit=0')).status).toBe(400);
    expect((await asked(gateway, '/exchanges?since=yesterday')).status).toBe(400);
    expect((await asked(gateway, '/exchanges/abc-1')).status).toBe(404);
  });

  test('is for no page of another origin', async () => {
    const gateway = await startTestGateway('routes: { /db: 1 }\n', DEVELOPMENT);
    for (const target of ['/exchanges', '/exchanges/a-1', '/events']) {
      expect((await asked(gateway, target, 'Origin: http://evil.example')).status).toBe(403);
      expect((await asked(gateway, target, 'Sec-Fetch-Site: cross-site')).status).toBe(403);
    }
  });
});

describe('events', () => {
  test('tell the status, and each exchange as it ends, once', async () => {
    const db = (await startService()).answer(ok('fine'));
    const gateway = await startTestGateway(`admin: 3900\nroutes: { /db: ${db.port} }\n`);
    const told = await events(gateway);
    expect(told.type).toMatch(/^text\/event-stream/);
    await until('the first status', () => told.of('status').length > 0);
    const seen = told.of('status')[0];
    expect(seen).toMatchObject({ routes: [{ id: '/db' }], config: { rejected: null } });
    await until('a second status', () => told.of('status').length > 1);
    for (let at = 0; at < 3; at++) await gateway.get(`/db/${at}`);
    await until('three exchanges', () => told.of('exchange').length === 3);
    expect(told.of('exchange').map(({ target }) => target)).toEqual(['/db/0', '/db/1', '/db/2']);
    await until('counted', () => told.of('status').at(-1).routes[0].traffic?.requests === 3);
    await told.leave();
  });

  test('are sampled where there are too many, and say so', async () => {
    const db = (await startService()).answer(({ target }) =>
      target === '/last' ? reply(404, [], 'none') : ok('fine'),
    );
    const gateway = await startTestGateway(`admin: 3900\nroutes: { /db: ${db.port} }\n`);
    const told = await events(gateway, '?route=/db');
    await until('the second status', () => told.of('status').length > 1);
    const client = await gateway.connect();
    for (let at = 0; at < 300; at++) await client.exchange(get('/db/x', 'Host: localhost'));
    client.destroy();
    const count = () => {
      const all = told.of('exchange');
      return all.length + all.reduce((sum, { missed }) => sum + missed, 0);
    };
    await gateway.get('/db/last');
    await until('the last one', () => told.of('exchange').some(({ target }) => target === '/db/last'));
    expect(count()).toBe(301);
    await told.leave();
  });

  test('have so many readers and no more; one that leaves makes room', async () => {
    const gateway = await startTestGateway('admin: 3900\nroutes: { /db: 1 }\n');
    const readers = [];
    for (let at = 0; at < 8; at++) readers.push(await events(gateway));
    expect((await asked(gateway, '/events')).status).toBe(503);
    await readers[0]!.leave();
    await expect.poll(async () => (await asked(gateway, '/exchanges')).status).toBe(200);
    let next = await events(gateway);
    while (next.type?.startsWith('text/event-stream') !== true) next = await events(gateway);
    for (const one of [...readers, next]) await one.leave();
  });
});

test('with workers, the primary gathers what they have kept', async () => {
  const db = (await startService()).answer(ok('fine'));
  const gateway = await startGatewayProcess(`workers: 2\nroutes: { /db: ${db.port} }\n`);
  await gateway.readyWorkers(2);
  await gateway.admin('GET', '/exchanges');
  for (let at = 0; at < 6; at++) {
    const client = await gateway.connect();
    await client.exchange(get(`/db/${at}`));
    client.destroy();
  }
  const { exchanges } = (await gateway.admin('GET', '/exchanges')).body as Listed;
  const seen = exchanges.map(({ target }) => target).toSorted();
  expect(seen).toEqual(['/db/0', '/db/1', '/db/2', '/db/3', '/db/4', '/db/5']);
  expect(new Set(exchanges.map(({ id }) => id.split('-')[0])).size).toBe(2);
  for (const { id, target } of exchanges)
    expect((await gateway.admin('GET', `/exchanges/${id}`)).body).toMatchObject({ id, target });
});
