import { describe, expect, test } from 'vitest';
import type { EndpointAddress, Port } from '../model/config.ts';
import { routeConfig } from '../proof/testing/route-config.ts';
import { upstreamConfig } from '../proof/testing/upstream-config.ts';
import type { Loss } from './candidacy.ts';
import { explain } from './explain.ts';
import type { ExplainInput } from './explanation.ts';
import { laneOf } from './lane.ts';
import { buildRouteTable } from './table.ts';

const table = buildRouteTable([
  routeConfig('/db', { line: 3 }),
  routeConfig('/files', { line: 4, strip: false }),
  routeConfig('/db/users', { id: '/db/users', line: 5, exact: true, methods: ['POST', 'PUT'] }),
  routeConfig('/db', { id: '/db#2', line: 6, headers: [{ name: 'x-tier', value: 'gold' }] }),
  routeConfig('/db', { id: '/db#4', line: 8, cookies: [{ name: 'beta', value: '1' }] }),
  routeConfig('/db', { id: '/db#3', line: 7, query: [{ name: 'v', value: null }] }),
  routeConfig('/cart', { line: 8, host: 'shop.localhost' }),
]);

function ask(target: string, input: Partial<ExplainInput> = {}) {
  return explain(table, { method: 'GET', target, host: 'localhost:3000', ...input });
}

function lossesOf(
  id: string,
  target: string,
  input: Partial<ExplainInput> = {},
): readonly Loss[] | undefined {
  return ask(target, input).candidates.find((candidate) => candidate.id === id)?.losses;
}

describe('a request that a route takes', () => {
  test('is told with its route, the line in the file, and what the service will see', () => {
    const { request, verdict, chosen, file } = ask('/%64b/users?x=1', { file: 'gateway.config.yaml' });
    const canonical = '/db/users';
    const raw = '/%64b/users?x=1';
    expect(request).toEqual({ method: 'GET', target: raw, host: 'localhost', canonical, raw });
    expect(verdict).toEqual({ kind: 'forwarded' });
    expect(file).toBe('gateway.config.yaml');
    expect(chosen).toEqual({
      id: '/db',
      line: 3,
      column: 3,
      path: '/db',
      exact: false,
      strip: true,
      rewritePrefix: '',
      prefixRawLength: 5,
      forwarded: '/users?x=1',
      hostHeader: 'keep',
      fallback: false,
      name: null,
      named: false,
      endpoints: ['127.0.0.1:3001 or [::1]:3001'],
      balance: null,
      extend: null,
      lane: laneOf({ extend: null, use: [], lane: 'auto' }),
    });
  });

  test('lists the chosen route, the less specific, those with a failed condition, then the others', () => {
    const { candidates } = ask('/db?v=1');
    expect(candidates.map(({ id }) => id)).toEqual(
      ['/db#3', '/db', '/db#2', '/db#4', '/files', '/db/users', '/cart'].map(hosted),
    );
    expect(candidates[0]?.losses).toEqual([]);
  });

  test('is told with the changes of its headers', () => {
    const changes = { added: [['Via', '1.1 portway']] as const, removed: ['Connection'] };
    expect(ask('/db/x', { changes }).changes).toEqual(changes);
    expect(ask('/db/x').changes).toBe(null);
    expect(ask('/nothing', { changes }).changes).toBe(null);
  });

  test("that is a browser's navigation is told with the redirect before it", () => {
    const navigation = ask('/db?x', { headers: [['Sec-Fetch-Mode', 'navigate']] });
    expect(navigation.verdict).toEqual({ kind: 'redirected', status: 308, location: '/db/?x' });
    expect(navigation.chosen?.forwarded).toBe('/?x');
  });

  test('keeps its prefix where nothing is stripped', () => {
    expect(ask('/files/a').chosen).toMatchObject({ forwarded: '/files/a', strip: false });
  });

  test('is for the host of an absolute-form target, whatever the Host field says', () => {
    const asked = ask('http://Shop.localhost:3000/cart/1', { host: 'other' });
    expect(asked.request).toMatchObject({ host: 'shop.localhost', raw: '/cart/1' });
    expect(asked.chosen?.id).toBe('shop.localhost/cart');
  });
});

function hosted(id: string): string {
  return id === '/cart' ? 'shop.localhost/cart' : id;
}

describe('why a route lost', () => {
  test.each<[string, string, string, Partial<ExplainInput>, Loss[]]>([
    [
      'another host',
      'shop.localhost/cart',
      '/cart',
      {},
      [{ kind: 'host', wanted: 'shop.localhost', found: 'localhost' }],
    ],
    [
      'no host',
      'shop.localhost/cart',
      '/cart',
      { host: null },
      [{ kind: 'host', wanted: 'shop.localhost', found: null }],
    ],
    ['another segment', '/files', '/dbx/a', {}, [{ kind: 'segment', at: 1, wanted: 'files', found: 'dbx' }]],
    ['a longer segment', '/db', '/dbx', {}, [{ kind: 'segment', at: 1, wanted: 'db', found: 'dbx' }]],
    ['an empty segment', '/db', '//db', {}, [{ kind: 'segment', at: 1, wanted: 'db', found: '' }]],
    ['a path that ends', '/db/users', '/db', {}, [{ kind: 'segment', at: 2, wanted: 'users', found: null }]],
    ['a path that goes on', '/db/users', '/db/users/1/x', {}, [{ kind: 'exact', below: '/1/x' }]],
    [
      'another method',
      '/db/users',
      '/db/users',
      {},
      [{ kind: 'method', wanted: ['POST', 'PUT'], found: 'GET' }],
    ],
    [
      'a header that is missing',
      '/db#2',
      '/db',
      {},
      [{ kind: 'header', name: 'x-tier', wanted: 'gold', found: [] }],
    ],
    [
      'a header with another value',
      '/db#2',
      '/db',
      {
        headers: [
          ['X-TIER', 'free'],
          ['x-tier', 'new'],
        ],
      },
      [{ kind: 'header', name: 'x-tier', wanted: 'gold', found: ['free, new'] }],
    ],
    [
      'a query without the field',
      '/db#3',
      '/db?w',
      {},
      [{ kind: 'query', name: 'v', wanted: null, found: [] }],
    ],
    [
      'a cookie with other values',
      '/db#4',
      '/db',
      { headers: [['Cookie', 'beta=0; a=1; beta=2']] },
      [{ kind: 'cookie', name: 'beta', wanted: '1', found: ['0', '2'] }],
    ],
    [
      'a longer path',
      '/db',
      '/db/users',
      { method: 'PUT' },
      [{ kind: 'less-specific', than: '/db/users', by: 'exact' }],
    ],
    ['more conditions', '/db', '/db?v', {}, [{ kind: 'less-specific', than: '/db#3', by: 'query' }]],
    [
      'more important conditions',
      '/db#3',
      '/db?v',
      { headers: [['x-tier', 'gold']] },
      [{ kind: 'less-specific', than: '/db#2', by: 'headers' }],
    ],
  ])('%s', (_name, id, target, input, losses) => {
    expect(lossesOf(id, target, input)).toEqual(losses);
  });

  test.each([
    ['a.b.example.com', 'own', ['wilder', 'wild', 'any']],
    ['c.b.example.com', 'wilder', ['wild', 'any']],
    ['b.example.com', 'wild', ['any']],
    ['xyexample.com', 'any', []],
  ])('for %s the host of %s is named more exactly', (host, id, others) => {
    const patterns = { any: null, wild: '*.example.com', wilder: '*.b.example.com', own: 'a.b.example.com' };
    const hosts = Object.entries(patterns).map(([name, pattern]) =>
      routeConfig('/x', { id: name, host: pattern }),
    );
    const { chosen, candidates } = explain(buildRouteTable(hosts), { method: 'GET', target: '/x', host });
    const byHost = candidates.filter(
      ({ losses }) => losses[0]?.kind === 'less-specific' && losses[0].by === 'host',
    );
    expect(chosen?.id).toBe(id);
    expect(new Set(byHost.map((candidate) => candidate.id))).toEqual(new Set(others));
  });

  test('a tie is decided by the order in the file', () => {
    const same = (id: string, name: string) => routeConfig('/x', { id, headers: [{ name, value: null }] });
    const tied = buildRouteTable([same('first', 'a'), same('second', 'b')]);
    const headers: [string, string][] = [
      ['a', ''],
      ['b', ''],
    ];
    const { candidates } = explain(tied, { method: 'GET', target: '/x', host: null, headers });
    expect(candidates[1]).toMatchObject({
      id: 'second',
      losses: [{ kind: 'less-specific', than: 'first', by: null }],
    });
  });
});

describe('a request that no route takes', () => {
  test('is a 404 with the nearest routes', () => {
    const { verdict, chosen, nearest } = ask('/file/a');
    expect(verdict).toEqual({ kind: 'not-found', status: 404 });
    expect(chosen).toBe(null);
    expect(nearest).toEqual([{ id: '/files', line: 4, column: 3 }]);
  });

  test("is the gateway's own page at /, where it is shown, for those who read pages", () => {
    expect(ask('/').verdict).toEqual({ kind: 'not-found', status: 404 });
    const shown = buildRouteTable(table.routes, { hosts: null, page: true });
    const verdictOf = (method: string, host = 'localhost') =>
      explain(shown, { method, target: '/?x', host }).verdict;
    expect(verdictOf('GET')).toEqual({ kind: 'own-answer', what: 'page' });
    expect(verdictOf('HEAD')).toEqual({ kind: 'own-answer', what: 'page' });
    expect(verdictOf('POST')).toEqual({ kind: 'not-found', status: 404 });
    expect(verdictOf('GET', 'shop.localhost')).toEqual({ kind: 'not-found', status: 404 });
    expect(ask('/', { method: 'POST' }).verdict).toEqual({ kind: 'not-found', status: 404 });
  });

  test('is answered by the gateway when it is OPTIONS *', () => {
    expect(ask('*', { method: 'OPTIONS' }).verdict).toEqual({ kind: 'own-answer', what: 'options' });
  });

  test.each(['CONNECT', 'TRACE'])('is a 405 when it is %s, even at a route', (method) => {
    expect(ask('/db', { method })).toMatchObject({
      verdict: { kind: 'method-refused', status: 405 },
      chosen: null,
    });
    expect(ask('localhost:80', { method }).verdict).toEqual({ kind: 'method-refused', status: 405 });
  });
});

describe('a target that is refused', () => {
  test.each([
    ['/a/../b?x', 'dot-segment', 3, '/b?x'],
    ['/a/%2e%2e/%2E/b', 'dot-segment', 3, '/b'],
    ['/..;/b', 'dot-segment', 1, null],
    ['/a%zz', 'malformed-escape', 2, '/a%25zz'],
    ['/100%', 'malformed-escape', 4, '/100%25'],
    ['/a b?c d', 'control', 2, '/a%20b?c%20d'],
    ['/bücher', 'non-ascii', 2, '/b%C3%BCcher'],
    ['/a\\b', 'backslash', 2, '/a/b'],
    ['/a%5cb', 'backslash', 2, null],
    ['/a%00', 'nul', 2, null],
    ['/a#b', 'fragment', 2, '/a'],
    ['//host/../x', 'dot-segment', 7, '//x'],
    ['http://u:p@h:81/x', 'userinfo', 7, 'http://h:81/x'],
    ['ws://h/chat', 'scheme', 0, 'http://h/chat'],
    ['wss://h/chat', 'scheme', 0, 'https://h/chat'],
    ['ftp://h/x', 'scheme', 0, null],
    ['localhost:3000/db', 'not-a-path', 0, 'http://localhost:3000/db'],
    ['http://', 'authority', 7, null],
    ['*', 'not-a-path', 0, null],
    ['', 'not-a-path', 0, null],
  ])('%j is refused for %s, and %s %j stands for what was meant', (target, reason, at, instead) => {
    const { verdict, candidates, chosen } = ask(target);
    expect(verdict).toMatchObject({ kind: 'refused', status: 400, refusal: { reason, at, instead } });
    expect([chosen, candidates]).toEqual([null, []]);
  });
});

test.each<[EndpointAddress, string]>([
  [{ kind: 'unix', key: 'unix:/run/app.sock', path: '/run/app.sock' }, 'unix:/run/app.sock'],
  [
    { kind: 'tcp', key: 'k', tls: true, host: 'images.internal', port: 8443 as Port, addresses: null },
    'https://images.internal:8443',
  ],
  [{ kind: 'tcp', key: 'k', tls: false, host: '::1', port: 80 as Port, addresses: null }, '[::1]:80'],
])('an endpoint is told as where it can be reached', (endpoint, text) => {
  const one = buildRouteTable([routeConfig('/', { upstream: upstreamConfig([endpoint]) })]);
  expect(explain(one, { method: 'GET', target: '/', host: null }).chosen?.endpoints).toEqual([text]);
});

test('an explanation survives JSON', () => {
  for (const target of ['/db/x', '/nothing', '/a/../b', '*']) {
    const explanation = ask(target, { file: 'f' });
    expect(JSON.parse(JSON.stringify(explanation))).toEqual(explanation);
  }
});
