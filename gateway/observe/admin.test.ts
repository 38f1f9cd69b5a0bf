import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Purge } from '../cache/purge.ts';
import { TimeSlice } from '../exchange/time-slice.ts';
import type { Port } from '../model/config.ts';
import type { Replacement, TrafficStatus } from '../model/status.ts';
import { gatewayConfig, serviceConfig } from '../proof/testing/gateway-config.ts';
import { until } from '../proof/testing/poll.ts';
import { connect, request } from '../proof/testing/raw-client.ts';
import { routeStatus, streamStatus } from '../proof/testing/status.ts';
import type { ExplainInput, Explanation } from '../route/explanation.ts';
import { createAdmin } from './admin.ts';
import { adminResources } from './admin-resources.ts';
import type { AdminView } from './admin-view.ts';
import type { FigureReaders } from './figures.ts';

const config = gatewayConfig([], {
  file: '/srv/gateway.config.yaml',
  services: [serviceConfig({ env: { DB_PASSWORD: 'hunter2' } })],
  admin: { host: 'admin.internal', port: 3900 as Port },
  log: { level: 'info', format: 'json', access: true },
  overload: null,
});

const route = routeStatus('/db');

function explanation(input: ExplainInput): Explanation {
  return {
    request: { method: input.method, target: input.target, host: input.host, canonical: null, raw: null },
    file: null,
    verdict: { kind: 'not-found', status: 404 },
    chosen: null,
    candidates: [],
    nearest: [],
    changes: null,
    policies: [],
  };
}

const stream = streamStatus('udp 7000', { connections: 3 });

const counted: TrafficStatus = {
  id: '/db',
  requests: 3,
  failed: 1,
  active: 0,
  tunnels: 0,
  bytesIn: 0,
  bytesOut: 315,
  lastAt: 1_700_000_000_000,
  buckets: [2, 1],
  sumS: 2.5,
};

const cache = { route: '/images', entries: 3, bytes: 4_096, hits: 7, misses: 2 };

const worker = { pid: 7, state: 'ready', since: 1_700_000_000_000, connections: 3, restarts: 0 } as const;

let notReady: string | null;
let problem: string | null;
let asked: ExplainInput | null;
let purged: Purge[];
let logged: string[];
beforeEach(() => {
  notReady = null;
  problem = null;
  asked = null;
  purged = [];
  logged = [];
});

const figures: Partial<FigureReaders> = {
  routes: () => [route],
  streams: () => [stream],
  connections: () => ({ http: 3, http2: 1, streams: 0, httpMax: 10_000, handshakeFailures: 2 }),
  caches: () => [cache],
  traffic: () => ({ boundsS: [1], routes: [counted] }),
  overload: () => [],
};

const view: AdminView = {
  mode: 'production',
  env: {},
  slice: new TimeSlice(),
  port: () => 3000,
  notReady: () => notReady,
  config: () => config,
  configStatus: () => ({
    file: config.file,
    loadedAt: 1_700_000_000_000,
    reloads: 2,
    rejected: 'line 7: no',
  }),
  figure: async (figure) => (await figures[figure]?.()) as never,
  certificates: () => [],
  shared: () => null,
  workers: async () => [worker],
  replaceWorkers: async () => ({ replaced: 2, problem }),
  drained: () => [],
  drain: async () => {},
  services: null,
  metrics: async () => [[{ name: 'http_server_open_connections', series: [{ labels: {}, values: [3] }] }]],
  purge: async (purge) => purged.push(purge),
  explain: (input) => {
    asked = input;
    return explanation(input);
  },
  onReload: () => {},
  exchanges: {
    find: async () => ({ exchanges: [], more: 0, newest: {}, dropped: 4, sampled: 2 }),
    one: async () => null,
    request: async () => null,
    capture: async () => {},
    captured: () => null,
    messages: async () => ({ messages: [], more: 0, newest: {}, dropped: 0, sampled: 0, unread: 0 }),
    compared: async () => ({ routes: [], differences: [] }),
  },
};

/** A client of a new admin listener. */
async function client(changes: Partial<AdminView> = {}, timeoutMs?: number) {
  return connect(await listening(changes, timeoutMs));
}

async function listening(changes: Partial<AdminView> = {}, timeoutMs?: number): Promise<number> {
  const log = pino({}, { write: (line: string) => void logged.push(line) });
  const admin = createAdmin({ ...view, ...changes }, timeoutMs === undefined ? { log } : { log, timeoutMs });
  const { port } = await admin.listen('127.0.0.1', 0);
  onTestFinished(() => admin.close());
  return port;
}

function get(target: string, fields: readonly string[] = []): string {
  const host = fields.some((field) => field.startsWith('Host:')) ? [] : ['Host: localhost:3900'];
  return request('GET', target, [...host, ...fields]);
}

describe('the admin listener answers', () => {
  it.each([
    { target: '/healthz', json: { status: 'alive' } },
    { target: '/readyz', json: { status: 'ready' } },
    { target: '/routes', json: [route] },
    { target: '/streams', json: [stream] },
    { target: '/cache', json: [cache] },
    { target: '/workers', json: [worker] },
    {
      target: '/config',
      json: {
        file: '/srv/gateway.config.yaml',
        loadedAt: 1_700_000_000_000,
        reloads: 2,
        rejected: 'line 7: no',
        config: { ...config, services: [{ ...config.services[0], env: { DB_PASSWORD: '(not shown)' } }] },
      },
    },
    {
      target: '/',
      json: { resources: expect.arrayContaining([expect.objectContaining({ path: '/healthz' })]) },
    },
  ])('$target as JSON, for nobody to keep or to read across origins', async ({ target, json }) => {
    const answer = await (await client()).exchange(get(target, ['Origin: http://evil.example']));
    expect(answer.status).toBe(200);
    expect(answer.head.value('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.head.value('cache-control')).toBe('no-store');
    expect(answer.head.value('access-control-allow-origin')).toBeUndefined();
    expect(answer.head.value('cross-origin-resource-policy')).toBe('same-origin');
    expect(JSON.parse(answer.text)).toEqual(json);
  });

  it('what is told of many routes, in pieces', async () => {
    const many = Array.from({ length: 1_000 }, (_, at) => ({ ...route, id: `/r${at}` }));
    const figure: AdminView['figure'] = async () => many as never;
    const to = await client({ figure });
    const answer = await to.exchange(get('/routes'));
    expect(answer.text).toBe(`${JSON.stringify(many, null, 2)}\n`);
    expect((await to.exchange(request('HEAD', '/routes', ['Host: localhost']))).text).toBe('');
    expect((await to.exchange(get('/healthz'))).status).toBe(200);
  });

  it('one configuration, though a reload comes between the slices in which it is told', async () => {
    let loadedAt = 1;
    const reloads = { ...config, routes: [] };
    Object.defineProperty(reloads, 'routes', {
      get() {
        loadedAt = 2;
        return [];
      },
    });
    const configStatus: AdminView['configStatus'] = () => ({ ...view.configStatus(), loadedAt });
    const to = await client({ config: () => (loadedAt === 1 ? reloads : config), configStatus });
    expect(JSON.parse((await to.exchange(get('/config'))).text).loadedAt).toBe(1);
  });

  it('HEAD as it would GET, without the body', async () => {
    const answer = await (await client()).exchange(request('HEAD', '/healthz', ['Host: localhost']));
    expect(answer.status).toBe(200);
    expect(answer.text).toBe('');
  });

  it.each(['starting', 'draining'])('/readyz with 503 and the reason while it is %s', async (reason) => {
    notReady = reason;
    const to = await client();
    const answer = await to.exchange(get('/readyz'));
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.text)).toMatchObject({ status: 503, detail: expect.stringContaining(reason) });
    expect((await to.exchange(get('/healthz'))).status).toBe(200);
  });

  it('a browser with a page of links that loads nothing', async () => {
    const answer = await (await client()).exchange(get('/', ['Accept: text/html,*/*;q=0.8']));
    expect(answer.head.value('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.head.value('content-security-policy')).toContain("default-src 'none'");
    expect(answer.text).toContain('href="/healthz"');
  });

  it('500 without the reason when the gateway fails it, and logs the reason', async () => {
    const to = await client({ figure: () => Promise.reject(new Error('secret of the inside')) });
    const answer = await to.exchange(get('/routes'));
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('secret');
    expect(logged.join('')).toContain('secret of the inside');
  });
});

describe('the list of what there is', () => {
  it.each(adminResources)('has $path, as docs/admin.md does', async ({ path, what }) => {
    const docs = readFileSync(new URL('../../docs/admin.md', import.meta.url), 'utf8');
    expect(docs).toContain(`| \`${path}\` | ${what}`);
    expect((await (await client()).exchange(get(path))).status).toBe(200);
  });
});

describe('/explain', () => {
  it.each([
    {
      query: 'url=/db/x',
      input: { method: 'GET', target: '/db/x', host: null, headers: [] },
    },
    {
      query: 'url=http://localhost:3000/db/x?y=1&method=post',
      input: { method: 'POST', target: 'http://localhost:3000/db/x?y=1' },
    },
    {
      query: 'url=%2Fdb%3Fa%3D1%26b%3D2&host=shop.localhost',
      input: { target: '/db?a=1&b=2', host: 'shop.localhost' },
    },
    { query: 'url=/db?a+b', input: { target: '/db?a+b' } },
    { query: 'url=/db%252F', input: { target: '/db%2F' } },
    {
      query: 'url=/db&header=X-A:%201&header=x-b',
      input: {
        headers: [
          ['X-A', '1'],
          ['x-b', ''],
        ],
      },
    },
  ])('asks about the request in ?$query', async ({ query, input }) => {
    const answer = await (await client()).exchange(get(`/explain?${query}`));
    expect(answer.status).toBe(200);
    expect(asked).toMatchObject(input);
    expect(JSON.parse(answer.text)).toMatchObject({ verdict: { kind: 'not-found' } });
  });

  it('answers in text where that is preferred, hostile bytes made visible', async () => {
    const to = await client();
    const answer = await to.exchange(get('/explain?url=/%1b[2J', ['Accept: text/plain']));
    expect(answer.head.value('content-type')).toBe('text/plain; charset=utf-8');
    expect(answer.text).toContain('no route takes this request');
    expect(answer.text).not.toContain('\u001b');
  });

  it.each(['/explain', '/explain?', '/explain?url=', '/explain?method=GET'])(
    'says how to ask, for %s',
    async (target) => {
      const answer = await (await client()).exchange(get(target));
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.text).detail).toContain('/explain?url=');
    },
  );
});

describe('DELETE /cache', () => {
  const forget = async (query: string, ...fields: string[]) =>
    (await client()).exchange(request('DELETE', `/cache?${query}`, ['Host: localhost', ...fields]));

  it.each([
    {
      query: 'url=http%3A%2F%2FLocalhost%3A3000%2Fimages%2Fa.png%3Fw%3D1',
      purge: { origin: 'http://localhost:3000', path: '/images/a.png', query: '?w=1', below: false },
    },
    { query: 'url=/images/a+b', purge: { origin: null, path: '/images/a+b', query: '', below: false } },
    { query: 'group=shop', purge: { origin: null, group: 'shop' } },
    { query: 'prefix=/images/', purge: { origin: null, path: '/images', query: null, below: true } },
    {
      query: 'prefix=https://shop.test:443/%2561',
      purge: { origin: 'https://shop.test', path: '/a', query: null, below: true },
    },
  ])('?$query', async ({ query, purge }) => {
    const answer = await forget(query);
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { purged: 1, cachedRoutes: 0 }]);
    expect(purged).toEqual([purge]);
  });

  it.each([
    '',
    'url=',
    'url=images',
    'url=ftp://a/b',
    'url=/a/%2e%2e/b',
    'url=/a%20b',
    'prefix=/a%3Fb',
    'url=/a&prefix=/b',
    'url=/a&url=/b',
    'all=1',
    'group=',
    'group=a&group=b',
  ])('says how to ask, for ?%s', async (query) => {
    const answer = await forget(query);
    expect([answer.status, purged]).toEqual([400, []]);
    expect(JSON.parse(answer.text).detail).toContain('/cache?prefix=');
  });

  it('not for a page that has made its name point here', async () => {
    const to = await client();
    const rebound = await to.exchange(request('DELETE', '/cache?prefix=/', ['Host: evil.example']));
    expect([rebound.status, purged]).toEqual([421, []]);
  });
});

describe('a page of another origin changes nothing', () => {
  const FOREIGN = [
    'Origin: http://evil.example',
    'Origin: null',
    'Origin: http://localhost:3000',
    'Sec-Fetch-Site: cross-site',
    'Sec-Fetch-Site: same-site',
  ];
  it.each([
    ['DELETE', '/cache?prefix=/'],
    ['OPTIONS', '/cache'],
    ['POST', '/workers/replace'],
    ['POST', '/endpoints/drain?address=127.0.0.1:3001'],
    ['POST', '/services/db/restart'],
    ['POST', '/capture?for=1m'],
    ['DELETE', '/capture'],
    ['POST', '/exchanges/1-1/replay'],
    ['POST', '/send'],
    ['PUT', '/draft'],
    ['POST', '/login'],
    ['POST', '/logout'],
    ['PATCH', '/nothing'],
  ])('%s %s', async (method, path) => {
    const to = await client();
    for (const field of FOREIGN) {
      const fields = ['Host: localhost:3900', 'Sec-Fetch-Mode: navigate', field];
      const answer = await to.exchange(request(method, path, fields));
      expect([answer.status, answer.head.has('access-control-allow-origin'), purged]).toEqual([
        403,
        false,
        [],
      ]);
    }
  });
});

describe('POST /workers/replace', () => {
  const replace = async (...fields: string[]) =>
    (await client()).exchange(request('POST', '/workers/replace', ['Host: localhost:3900', ...fields]));

  it('says how many were replaced', async () => {
    const answer = await replace();
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { replaced: 2 }]);
  });

  it('takes as long as it takes', async () => {
    const started = Promise.withResolvers<Replacement>();
    let asked = 0;
    const waiting = () => {
      asked++;
      return started.promise;
    };
    const answer = (await arrived('POST', '/workers/replace', { replaceWorkers: waiting }, () => asked))
      .answer;
    // What was asked for later, and is no replacement, is given up before it.
    let askedLater = 0;
    const figure = () => {
      askedLater++;
      return new Promise<never>(() => {});
    };
    await (await arrived('GET', '/routes', { figure }, () => askedLater)).ending;
    started.resolve({ replaced: 1, problem: null });
    expect((await answer).status).toBe(200);
  });

  /** Asks anew until the request has arrived: on a busy machine, one may take longer than it has time for. */
  async function arrived(method: string, target: string, changes: Partial<AdminView>, asked: () => number) {
    const port = await listening(changes, 50);
    for (;;) {
      const to = await connect(port);
      const answer = to.exchange(request(method, target, ['Host: localhost']));
      answer.catch(() => {});
      const ending = to.ending();
      await until(`${target} was asked for, or refused`, () => asked() > 0 || to.ended !== null);
      if (asked() > 0) return { answer, ending };
    }
  }

  it('says why they were not', async () => {
    problem = 'the new worker did not come up';
    const answer = await replace();
    expect(answer.status).toBe(409);
    expect(JSON.parse(answer.text)).toMatchObject({ replaced: 2, detail: problem });
  });

  it('is asked for by a page of its own', async () => {
    expect((await replace('Origin: http://localhost:3900', 'Sec-Fetch-Site: same-origin')).status).toBe(200);
  });

  it('is no GET', async () => {
    const answer = await (await client()).exchange(get('/workers/replace'));
    expect([answer.status, answer.head.value('allow')]).toEqual([405, 'POST']);
  });
});

describe('the admin listener refuses', () => {
  it.each(['evil.example', 'evil.example:3900', 'localhost.evil.example', '127.0.0.1.evil.example'])(
    'a request for the host %s, against DNS rebinding',
    async (host) => {
      const to = await client();
      for (const target of ['/config', '/healthz', '/nothing', '/%']) {
        const answer = await to.exchange(get(target, [`Host: ${host}`]));
        expect([target, answer.status]).toEqual([target, target === '/%' ? 400 : 421]);
        expect(answer.text).not.toContain('/srv');
      }
    },
  );

  it.each(['127.0.0.1:3900', '[::1]:3900', 'localhost', 'admin.internal:3900'])(
    'no request for %s',
    async (host) => {
      expect((await (await client()).exchange(get('/config', [`Host: ${host}`]))).status).toBe(200);
    },
  );

  it.each(['/nothing', '/healthz/', '/HEALTHZ', '//healthz', '/../config', '/constructor'])(
    'the unknown path %s, and lists what there is',
    async (target) => {
      const answer = await (await client()).exchange(get(target));
      expect(answer.status).toBe(404);
      expect(answer.head.value('content-type')).toMatch(/^application\/problem\+json/);
      expect(JSON.parse(answer.text).resources.map(({ path }: { path: string }) => path)).toContain(
        '/readyz',
      );
    },
  );

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('%s', async (method) => {
    const answer = await (await client()).exchange(request(method, '/config', ['Host: localhost']));
    expect(answer.status).toBe(405);
    expect(answer.head.value('allow')).toBe('GET, HEAD');
  });

  it.each([
    { what: 'a path that is no path', bytes: 'GET /%E0%A4%A HTTP/1.1\r\nHost: localhost\r\n\r\n' },
    { what: 'bytes that are no request', bytes: 'NONSENSE\r\n\r\n' },
    { what: 'a request without Host', bytes: 'GET /config HTTP/1.1\r\n\r\n' },
  ])('$what', async ({ bytes }) => {
    const to = await client();
    await to.send(bytes);
    expect((await to.answer()).status).toBe(400);
  });

  it('to wait for a request that does not come', async () => {
    const to = await client({}, 100);
    await to.send('GET /healthz HTTP/1.1\r\nHost: lo');
    expect((await to.rest()).ending).toBe('fin');
  });
});

describe('the admin listener under connections that say half a request', () => {
  const half = 'GET /metrics HTTP/1.1\r\nHost: lo';
  const halfBody = 'POST /workers/replace HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{';

  it.each([
    ['head', half],
    ['body', halfBody],
  ])('answers every probe while 100 of them hold half a %s', async (_part, bytes) => {
    const port = await listening();
    const hold = () => connect(port).then((client) => client.send(bytes).then(() => client));
    const holders = await Promise.all(Array.from({ length: 100 }, hold));
    for (let probe = 0; probe < 3; probe++) {
      const to = await connect(port);
      expect((await to.exchange(get('/healthz'))).status).toBe(200);
    }
    // The newest of them still have their time.
    expect(holders.at(-1)!.ended).toBeNull();
  });

  it('lets go of what says nothing before the connection of a probe that keeps asking', async () => {
    const port = await listening();
    const probe = await connect(port);
    for (let round = 0; round < 5; round++) {
      expect((await probe.exchange(get('/healthz'))).status).toBe(200);
      await Promise.all(Array.from({ length: 20 }, () => connect(port)));
    }
    expect((await probe.exchange(get('/healthz'))).status).toBe(200);
  });
});

describe('closing the admin listener', () => {
  it('ends connections that are idle', async () => {
    const admin = createAdmin(view, { log: pino({ level: 'silent' }) });
    const { host, port } = await admin.listen('127.0.0.1', 0);
    expect(host).toBe('127.0.0.1');
    const to = await connect(port);
    await to.exchange(get('/healthz'));
    const ending = to.quietEnding();
    await admin.close();
    expect(await ending).toMatch(/fin|reset/);
  });
});

it.each([
  ['0.0.0.0', 1],
  ['::', 1],
  ['127.0.0.1', 0],
])('on %s the log says how far it can be reached: %i', async (host, warnings) => {
  const log = pino({}, { write: (line: string) => void logged.push(line) });
  const admin = createAdmin(view, { log });
  onTestFinished(() => admin.close());
  await admin.listen(host, 0);
  expect(logged.filter((line) => line.includes('can be reached from other machines'))).toHaveLength(warnings);
});
