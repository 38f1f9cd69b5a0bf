import { describe, expect, test } from 'vitest';
import type { RouteConfig } from '../model/config.ts';
import { type RouteOverrides, routeConfig } from '../proof/testing/route-config.ts';
import { buildRouteTable, type RouteRequest } from './table.ts';
import { parseTarget } from './target.ts';

interface Asked {
  readonly host?: string | null;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function requestFor(
  rawTarget: string,
  { host = 'localhost', method = 'GET', headers = {} }: Asked = {},
): RouteRequest {
  const parsed = parseTarget(rawTarget);
  if (!parsed.ok) throw new Error(`${rawTarget} was refused: ${parsed.reason}`);
  return { host, method, target: parsed.target, header: (name) => headers[name] };
}

/** The id of the route that takes a request, the same for every order of the routes in the file. */
function taker(routes: readonly RouteConfig[], request: RouteRequest): string | null {
  const ids = [routes, routes.toReversed()].map(
    (order) => buildRouteTable(order).match(request)?.route.id ?? null,
  );
  expect(ids[1]).toBe(ids[0]);
  return ids[0]!;
}

const routeConfigs = (...of: [string, RouteOverrides?][]) =>
  of.map(([path, overrides]) => routeConfig(path, overrides));

describe('a prefix owns whole segments', () => {
  const routes = routeConfigs(['/db'], ['/db/users'], ['/files'], ['/a%2Fb'], ['/~me']);

  test.each([
    ['/db', '/db', 3],
    ['/db/', '/db', 3],
    ['/db/x', '/db', 3],
    ['/db?x', '/db', 3],
    ['/db//x', '/db', 3],
    ['/db/users', '/db/users', 9],
    ['/db/users/1', '/db/users', 9],
    ['/db/usersx', '/db', 3],
    ['/db//users', '/db', 3],
    ['/%64b/x', '/db', 5],
    ['/%64%62/u%73ers/%78', '/db/users', 15],
    ['/a%2fb/x', '/a%2Fb', 6],
    ['/%7Eme/x', '/~me', 6],
  ])('%s is for %s, whose prefix takes %i raw characters', (raw, id, prefixRawLength) => {
    expect(taker(routes, requestFor(raw))).toBe(id);
    expect(buildRouteTable(routes).match(requestFor(raw))?.prefixRawLength).toBe(prefixRawLength);
  });

  test.each([
    '/',
    '/dbx',
    '/db../x',
    '/db.',
    '/db;x',
    '/db%2fx',
    '/DB',
    '/Db/x',
    '//db',
    '//db/x',
    '/a/b',
    '/a',
    '/x/db',
    '/%2564b',
  ])('%s is for none', (raw) => {
    expect(taker(routes, requestFor(raw))).toBe(null);
  });
});

describe('the route /', () => {
  test.each(['/', '/x', '//', '//evil/x', '/dbx', '/?x', '/a/b/c/'])(
    'takes %s and none of its characters',
    (raw) => {
      const match = buildRouteTable(routeConfigs(['/'], ['/db'])).match(requestFor(raw));
      expect(match).toMatchObject({ route: { id: '/' }, prefixRawLength: 0, index: 0 });
    },
  );

  test.each([
    ['/', '/'],
    ['/?x', '/'],
    ['/x', null],
    ['//', null],
  ])('when exact: %s is for %s', (raw, id) => {
    expect(taker(routeConfigs(['/', { exact: true }]), requestFor(raw))).toBe(id);
  });
});

test('no route takes OPTIONS *', () => {
  expect(taker(routeConfigs(['/']), requestFor('*', { method: 'OPTIONS' }))).toBe(null);
  expect(taker(routeConfigs(['/', { exact: true }]), requestFor('*', { method: 'OPTIONS' }))).toBe(null);
});

test('a table without routes takes nothing', () => {
  expect(buildRouteTable([]).match(requestFor('/x'))).toBe(null);
});

describe('an exact route', () => {
  const routes = routeConfigs(
    ['/db', { id: 'exact', exact: true }],
    ['/db', { id: 'prefix' }],
    ['/only', { exact: true }],
  );

  test.each([
    ['/db', 'exact'],
    ['/db?x', 'exact'],
    ['/%64b', 'exact'],
    ['/db/', 'prefix'],
    ['/db/x', 'prefix'],
    ['/only', '/only'],
    ['/only/', null],
    ['/only/x', null],
  ])('%s is for %s', (raw, id) => {
    expect(taker(routes, requestFor(raw))).toBe(id);
  });
});

describe('a route for a host', () => {
  const routes = routeConfigs(
    ['/', { id: 'any' }],
    ['/db/deep', { id: 'any-deep' }],
    ['/', { id: 'shop', host: 'shop.example.com' }],
    ['/db', { id: 'wild-db', host: '*.example.com' }],
    ['/db', { id: 'wilder-db', host: '*.b.example.com' }],
    ['/v6', { id: 'v6', host: '[::1]' }],
  );

  test.each([
    ['shop.example.com', '/x', 'shop'],
    ['shop.example.com', '/db/deep', 'shop'],
    ['a.example.com', '/db/deep', 'wild-db'],
    ['a.b.example.com', '/db', 'wilder-db'],
    ['x.y.b.example.com', '/db', 'wilder-db'],
    ['b.example.com', '/db', 'wild-db'],
    ['a.example.com', '/x', 'any'],
    ['example.com', '/db', 'any'],
    ['.example.com', '/db', 'any'],
    ['xexample.com', '/db', 'any'],
    ['a.example.com.evil', '/db', 'any'],
    ['localhost', '/db/deep', 'any-deep'],
    ['[::1]', '/v6/x', 'v6'],
    [null, '/db/deep', 'any-deep'],
  ])('%s %s is for %s', (host, raw, id) => {
    expect(taker(routes, requestFor(raw, { host }))).toBe(id);
  });
});

test('a host of thousands of labels is looked up like any other', () => {
  const routes = routeConfigs(['/', { id: 'any' }], ['/', { id: 'wild', host: '*.example.com' }]);
  expect(taker(routes, requestFor('/', { host: `${'a.'.repeat(5_000)}example.com` }))).toBe('wild');
  expect(taker(routes, requestFor('/', { host: '.'.repeat(10_000) }))).toBe('any');
});

describe('conditions', () => {
  const gold = [{ name: 'x-tier', value: 'gold' }];
  const routes = routeConfigs(
    ['/api', { id: 'plain' }],
    ['/api', { id: 'post', methods: ['POST', 'PROPFIND'] }],
    ['/api', { id: 'gold', headers: gold }],
    ['/api', { id: 'tiered', headers: [{ name: 'x-tier', value: null }] }],
    ['/api', { id: 'gold-eu', headers: [...gold, { name: 'x-region', value: 'eu' }] }],
    ['/api', { id: 'beta', cookies: [{ name: 'beta', value: '1' }] }],
    ['/api', { id: 'v2', query: [{ name: 'v', value: '2' }] }],
    [
      '/api',
      {
        id: 'debug',
        query: [
          { name: 'debug', value: null },
          { name: 'v', value: '3' },
        ],
      },
    ],
    ['/api/deep', { id: 'deep-get', methods: ['GET'] }],
    ['/api/deep', { id: 'deep-exact-put', exact: true, methods: ['PUT'] }],
  );
  const tier = (value: string) => ({ headers: { 'x-tier': value } });
  const cookies = (cookie: string) => ({ headers: { cookie } });

  test.each<[string, Asked, string]>([
    ['/api', {}, 'plain'],
    ['/api', { method: 'POST' }, 'post'],
    ['/api', { method: 'PROPFIND' }, 'post'],
    ['/api', { method: 'post' }, 'plain'],
    ['/api', tier('gold'), 'gold'],
    ['/api', tier('Gold'), 'tiered'],
    ['/api', tier(''), 'tiered'],
    ['/api', { headers: { 'x-tier': 'gold', 'x-region': 'eu' } }, 'gold-eu'],
    ['/api', { method: 'POST', ...tier('gold') }, 'post'],
    ['/api?v=2', {}, 'v2'],
    ['/api?v=2', tier('gold'), 'gold'],
    ['/api?v=1&v=2', {}, 'v2'],
    ['/api?%76=%32', {}, 'v2'],
    ['/api?v=22', {}, 'plain'],
    ['/api?V=2', {}, 'plain'],
    ['/api?v', {}, 'plain'],
    ['/api?debug&v=3', {}, 'debug'],
    ['/api?v=3&&debug=', {}, 'debug'],
    ['/api?debug', {}, 'plain'],
    ['/api?%zz=%&v=2', {}, 'v2'],
    ['/api', cookies('a=0; beta=1'), 'beta'],
    ['/api', cookies('beta=0; beta=1'), 'beta'],
    ['/api', cookies('a=0, beta=1'), 'beta'],
    ['/api?v=2', cookies('beta=1'), 'beta'],
    ['/api', cookies('beta=11; xbeta=1; Beta=1; x=beta=1'), 'plain'],
    ['/api', cookies(''), 'plain'],
    ['/api/deep', {}, 'deep-get'],
    ['/api/deep', { method: 'PUT' }, 'deep-exact-put'],
    ['/api/deep/x', { method: 'PUT' }, 'plain'],
    ['/api/deep/x', { method: 'POST' }, 'post'],
    ['/api/deep', { method: 'DELETE', ...tier('gold') }, 'gold'],
  ])('%s with %j is for %s', (raw, asked, id) => {
    expect(taker(routes, requestFor(raw, asked))).toBe(id);
  });

  test.each([
    ['?q=a+b', 'a b'],
    ['?q=a%20b', 'a b'],
    ['?q=a%2Bb', 'a+b'],
    ['?q=%C3%BC', 'ü'],
    ['?q=%ff', '%ff'],
    ['?q==', '='],
    ['?q=', ''],
  ])('the query %s has q as %j', (query, value) => {
    const asking = routeConfigs(['/', { query: [{ name: 'q', value }] }]);
    expect(taker(asking, requestFor(`/${query}`))).toBe('/');
  });

  test('fall through from a specific host to a less specific one', () => {
    const hosted = routeConfigs(
      ['/x', { id: 'any' }],
      ['/x', { id: 'wild', host: '*.example.com', methods: ['PUT', 'GET'] }],
      ['/x', { id: 'own', host: 'a.example.com', methods: ['PUT'] }],
    );
    const host = 'a.example.com';
    expect(taker(hosted, requestFor('/x', { host, method: 'PUT' }))).toBe('own');
    expect(taker(hosted, requestFor('/x', { host, method: 'GET' }))).toBe('wild');
    expect(taker(hosted, requestFor('/x', { host, method: 'POST' }))).toBe('any');
  });

  test('leave a request alone that no route is for', () => {
    expect(taker(routeConfigs(['/x', { methods: ['PUT'] }]), requestFor('/x'))).toBe(null);
  });

  test('are looked at only where a route has some', () => {
    const header = () => {
      throw new Error('the headers were read');
    };
    const request = { ...requestFor('/plain?x'), header };
    expect(buildRouteTable(routeConfigs(['/plain'])).match(request)?.route.id).toBe('/plain');
    const mixed = buildRouteTable(routeConfigs(['/plain'], ['/api', { headers: gold }]));
    expect(mixed.match(request)?.route.id).toBe('/plain');
    expect(() => mixed.match({ ...requestFor('/api'), header })).toThrow('the headers were read');
  });
});

test('a perfect tie goes to the first in the file', () => {
  const a = routeConfig('/x', { id: 'a', headers: [{ name: 'a', value: null }] });
  const b = routeConfig('/x', { id: 'b', headers: [{ name: 'b', value: null }] });
  const request = requestFor('/x', { headers: { a: '1', b: '1' } });
  expect(buildRouteTable([a, b]).match(request)).toMatchObject({ route: { id: 'a' }, index: 0 });
  expect(buildRouteTable([b, a]).match(request)).toMatchObject({ route: { id: 'b' }, index: 0 });
});

test('very deep and very many routes are built and found', () => {
  const deep = `/${Array.from({ length: 20_000 }, () => 'a').join('/')}`;
  const many = Array.from({ length: 10_000 }, (_, at) => routeConfig(`/s${at}`));
  const table = buildRouteTable([...many, routeConfig(deep), routeConfig('/a')]);
  expect(table.match(requestFor(`${deep}/b`))?.index).toBe(10_000);
  expect(table.match(requestFor(deep.slice(0, -2)))?.index).toBe(10_001);
  expect(table.match(requestFor('/s9999/x'))?.index).toBe(9_999);
});

describe('the nearest routes', () => {
  const routes = routeConfigs(
    ['/'],
    ['/db'],
    ['/files'],
    ['/images'],
    ['/api/users'],
    ['/cart', { host: 'shop.localhost' }],
  );
  const table = buildRouteTable(routes.slice(1));
  const nearest = (path: string, host = 'localhost') => table.nearest(path, host).map(({ id }) => id);

  test.each([
    ['/dbx', ['/db']],
    ['/DB/x', ['/db']],
    ['/flies', ['/files']],
    ['/file/a', ['/files']],
    ['/image', ['/images']],
    ['/img', ['/images']],
    ['/database', ['/db']],
    ['/v1/db', ['/db']],
    ['/users', ['/api/users']],
    ['/api/user', ['/api/users']],
    ['/cart', ['shop.localhost/cart']],
    ['/zzzzz', []],
    ['/', []],
    ['//', []],
  ])('to %s: %j', (path, ids) => {
    expect(nearest(path)).toEqual(ids);
  });

  test('to a path of thousands of segments are none', () => {
    expect(nearest(`/${'x/'.repeat(4_000)}`)).toEqual([]);
  });

  test('are three at most, the nearest first', () => {
    const four = buildRouteTable(
      routeConfigs(['/paget'], ['/pages'], ['/pagess'], ['/page', { methods: ['PUT'] }]),
    );
    expect(four.nearest('/page', null).map(({ id }) => id)).toEqual(['/page', '/paget', '/pages']);
  });

  test('of a route for everything on another host', () => {
    const other = buildRouteTable(routeConfigs(['/', { host: 'shop.localhost' }]));
    expect(other.nearest('/x', 'localhost').map(({ id }) => id)).toEqual(['shop.localhost/']);
  });
});
