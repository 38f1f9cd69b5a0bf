/**
 * What the Gateway API asks of each feature of an HTTPRoute that Portway has, as tables of requests and what becomes of them: the names are those of
 * its conformance profiles, the rows are written anew.
 */
import { describe, expect, test } from 'vitest';
import type { TestGateway } from '../testing/gateway.ts';
import {
  answered,
  backend,
  exact,
  gatewayObject,
  listener,
  prefix,
  route,
  serviceObjects,
  serving,
  to,
} from '../testing/gateway-api.ts';
import { until } from '../testing/poll.ts';
import { request } from '../testing/raw-client.ts';
import { startService } from '../testing/service.ts';
import { agreement, handshake } from '../testing/websocket.ts';

/** Method, target, fields of a request, and who answers it: a service's name, or a status. */
type Row = readonly [request: string, fields: readonly string[], answeredBy: string | number];

async function expectTaken(gateway: TestGateway, rows: readonly Row[]): Promise<void> {
  const all: Row[] = [];
  for (const [asked, fields] of rows) {
    const [method, target] = asked.includes(' ') ? (asked.split(' ') as [string, string]) : ['GET', asked];
    const { status, text } = await gateway.exchange(request(method, target, fields));
    all.push([asked, fields, status === 200 && text !== '' ? JSON.parse(text).name : status]);
  }
  expect(all).toEqual(rows);
}

/** The same by host and path. */
async function expectHosts(
  gateway: TestGateway,
  hosts: readonly (readonly [host: string, path: string, answeredBy: string | number])[],
): Promise<void> {
  const rows = hosts.map(([host, path, by]): Row => [path, [`Host: ${host}`], by]);
  await expectTaken(gateway, rows);
}

/** A gateway with one route of these rules, and the services v1 to v3. */
async function ruled(rules: object[]): Promise<TestGateway> {
  return serving(gatewayObject(), route('a', { rules }), ...(await three()));
}

async function three(): Promise<object[]> {
  return (await Promise.all(['v1', 'v2', 'v3'].map((name) => backend(name)))).flat();
}

const header = (name: string, value: string) => ({ name, value });

describe('which rule', () => {
  test('HTTPRouteExactPathMatching', async () => {
    const rules = [
      { matches: [exact('/one')], ...to('v1') },
      { matches: [exact('/two')], ...to('v2') },
    ];
    await expectTaken(await ruled(rules), [
      ['/one', [], 'v1'],
      ['/two?x=/', [], 'v2'],
      ['/', [], 404],
      ['/one/example', [], 404],
      ['/two/', [], 404],
      ['/Two', [], 404],
    ]);
  });

  test('HTTPRoutePathMatchOrder', async () => {
    const rules = [
      { matches: [exact('/match/exact/one')], ...to('v3') },
      { matches: [exact('/match/exact')], ...to('v2') },
      { matches: [prefix('/match')], ...to('v1') },
      { matches: [prefix('/match/prefix/')], ...to('v2') },
      { matches: [prefix('/match/prefix/one')], ...to('v3') },
    ];
    await expectTaken(await ruled(rules), [
      ['/match/exact/one', [], 'v3'],
      ['/match/exact', [], 'v2'],
      ['/match', [], 'v1'],
      ['/match/prefix/one/any', [], 'v3'],
      ['/match/prefix/any', [], 'v2'],
      ['/match/any', [], 'v1'],
      ['/match/exact/any', [], 'v1'],
      ['/match/prefixes', [], 'v1'],
      ['/matched', [], 404],
    ]);
  });

  test('HTTPRouteHeaderMatching', async () => {
    const colours = ['blue', 'green', 'red', 'yellow'];
    const rules = [
      { matches: [{ headers: [header('version', 'one')] }], ...to('v1') },
      { matches: [{ headers: [header('VERSION', 'two')] }], ...to('v2') },
      { matches: [{ headers: [header('version', 'two'), header('color', 'orange')] }], ...to('v1') },
      ...colours.map((colour, at) => ({
        matches: [{ headers: [header('Color', colour)] }],
        ...to(at % 2 === 0 ? 'v1' : 'v2'),
      })),
      // Of two of one name the first counts.
      { matches: [{ headers: [header('tier', 'a'), header('TIER', 'b')] }], ...to('v3') },
    ];
    await expectTaken(await ruled(rules), [
      ['/', ['Version: one'], 'v1'],
      ['/', ['version: two'], 'v2'],
      ['/', ['Version: two', 'Color: orange'], 'v1'],
      ['/', ['color: blue'], 'v1'],
      ['/', ['COLOR: green'], 'v2'],
      ['/', ['Color: red'], 'v1'],
      ['/', ['Color: yellow'], 'v2'],
      ['/', ['Color: purple'], 404],
      ['/', ['Color: orange'], 404],
      ['/', ['Color: Blue'], 404],
      ['/', ['Version: two', 'Color: red'], 'v2'],
      ['/', ['Tier: a'], 'v3'],
      ['/', ['Tier: b'], 404],
      ['/', [], 404],
    ]);
  });

  test('HTTPRouteQueryParamMatching', async () => {
    const query = (...pairs: [string, string][]) => ({ queryParams: pairs.map((pair) => header(...pair)) });
    const rules = [
      { matches: [query(['animal', 'whale'])], ...to('v1') },
      { matches: [query(['animal', 'dolphin'])], ...to('v2') },
      { matches: [query(['animal', 'dolphin'], ['color', 'blue']), query(['ANIMAL', 'Whale'])], ...to('v3') },
      { matches: [{ ...prefix('/path1'), ...query(['animal', 'whale']) }], ...to('v1') },
      { matches: [{ headers: [header('version', 'one')], ...query(['animal', 'whale']) }], ...to('v2') },
      {
        matches: [
          { ...prefix('/path2'), headers: [header('version', 'two')], ...query(['animal', 'whale']) },
        ],
        ...to('v3'),
      },
      {
        matches: [
          { ...prefix('/path3'), ...query(['animal', 'shark']) },
          { ...prefix('/path4'), headers: [header('version', 'three')], ...query(['animal', 'kraken']) },
        ],
        ...to('v1'),
      },
      { matches: [prefix('/path5')], ...to('v1') },
      { matches: [query(['animal', 'hydra'])], ...to('v2') },
      { matches: [{ headers: [header('version', 'four')] }], ...to('v3') },
    ];
    await expectTaken(await ruled(rules), [
      ['/?animal=whale', [], 'v1'],
      ['/?animal=dolphin', [], 'v2'],
      ['/?animal=dolphin&color=blue', [], 'v3'],
      ['/?ANIMAL=Whale', [], 'v3'],
      ['/?animal=whale&otherparam=irrelevant', [], 'v1'],
      ['/?animal=dolphin&color=yellow', [], 'v2'],
      ['/?color=blue', [], 404],
      ['/?animal=dog', [], 404],
      ['/?animal=whaledolphin', [], 404],
      ['/', [], 404],
      ['/path1?animal=whale', [], 'v1'],
      ['/?animal=whale', ['version: one'], 'v2'],
      ['/path2?animal=whale', ['version: two'], 'v3'],
      ['/path3?animal=shark', [], 'v1'],
      ['/path4?animal=kraken', ['version: three'], 'v1'],
      ['/?animal=shark', [], 404],
      ['/path4?animal=kraken', [], 404],
      ['/path5?animal=hydra', [], 'v1'],
      ['/?animal=hydra', ['version: four'], 'v3'],
    ]);
  });

  test('HTTPRouteMethodMatching', async () => {
    const rules = [
      { matches: [{ method: 'POST' }], ...to('v1') },
      { matches: [{ method: 'GET' }], ...to('v2') },
      // Without a type it is a prefix.
      { matches: [{ path: { value: '/path1' }, method: 'GET' }], ...to('v1') },
      { matches: [{ headers: [header('version', 'one')], method: 'PUT' }], ...to('v2') },
      {
        matches: [{ ...prefix('/path2'), headers: [header('version', 'two')], method: 'POST' }],
        ...to('v3'),
      },
      {
        matches: [
          { ...prefix('/path3'), method: 'PATCH' },
          { ...prefix('/path4'), headers: [header('version', 'three')], method: 'DELETE' },
        ],
        ...to('v1'),
      },
      { matches: [prefix('/path5')], ...to('v1') },
      { matches: [{ method: 'PATCH' }], ...to('v2') },
      // More headers than a method has; the method decides first.
      { matches: [{ headers: [header('version', 'four'), header('color', 'red')] }], ...to('v3') },
    ];
    await expectTaken(await ruled(rules), [
      ['POST /', ['Content-Length: 0'], 'v1'],
      ['GET /', [], 'v2'],
      ['HEAD /', [], 404],
      ['GET /path1', [], 'v1'],
      ['GET /path1/any', [], 'v1'],
      ['PUT /', ['version: one', 'Content-Length: 0'], 'v2'],
      ['POST /path2', ['version: two', 'Content-Length: 0'], 'v3'],
      ['PATCH /path3', ['Content-Length: 0'], 'v1'],
      ['DELETE /path4', ['version: three'], 'v1'],
      ['PUT /', ['Content-Length: 0'], 404],
      ['DELETE /path4', [], 404],
      ['PATCH /path5', ['Content-Length: 0'], 'v1'],
      ['PATCH /', ['version: four', 'color: red', 'Content-Length: 0'], 'v2'],
      ['DELETE /', ['version: four', 'color: red'], 'v3'],
    ]);
  });

  test('HTTPRouteMatching across routes, and which of equals', async () => {
    const objects = [
      route('part-1', {
        hostnames: ['example.com', 'example.net'],
        rules: [{ matches: [prefix('/'), { headers: [header('version', 'one')] }], ...to('v1') }],
      }),
      route('part-2', {
        hostnames: ['example.com'],
        rules: [{ matches: [prefix('/v2'), { headers: [header('version', 'two')] }], ...to('v2') }],
      }),
      // Of one age: the name decides, whatever stands first.
      route('zebra', { hostnames: ['tie.example'], rules: [to('v3')] }),
      route('apple', { hostnames: ['tie.example'], rules: [to('v1')] }),
      // Whatever its name, the older one holds.
      route(
        'older',
        { hostnames: ['age.example'], rules: [to('v2')] },
        { creationTimestamp: '2026-01-01T00:00:00Z' },
      ),
      route(
        'apart',
        { hostnames: ['age.example'], rules: [to('v1')] },
        { creationTimestamp: '2026-02-01T00:00:00Z' },
      ),
      // In one route the first rule that matches.
      route('rules', { hostnames: ['rules.example'], rules: [to('v2'), to('v3')] }),
    ];
    const gateway = await serving(gatewayObject(), ...objects, ...(await three()));
    const [com, net] = ['Host: example.com', 'Host: example.net'];
    await expectTaken(gateway, [
      ['/', [com], 'v1'],
      ['/example', [com], 'v1'],
      ['/example', [net], 'v1'],
      ['/example', [com, 'Version: one'], 'v1'],
      ['/v2', [com], 'v2'],
      ['/v2example', [com], 'v1'],
      ['/foo/v2/example', [com], 'v1'],
      ['/v2/example', [net], 'v1'],
      ['/', [com, 'Version: two'], 'v2'],
      ['/', [net, 'Version: two'], 'v1'],
      ['/', ['Host: tie.example'], 'v1'],
      ['/', ['Host: age.example'], 'v2'],
      ['/', ['Host: rules.example'], 'v2'],
    ]);
  });
});

describe('which host', () => {
  test('HTTPRouteListenerHostnameMatching, HTTPRouteHostnameIntersection', async () => {
    const listeners = [
      listener({ name: 'specific', hostname: 'very.specific.com' }),
      listener({ name: 'wildcard', hostname: '*.wildcard.io' }),
      listener({ name: 'another', hostname: '*.anotherwildcard.io' }),
    ];
    const objects = [
      route('s1', {
        hostnames: ['non.matching.com', '*.nonmatchingwildcard.io', 'very.specific.com'],
        rules: [{ matches: [prefix('/s1')], ...to('v1') }],
      }),
      route('s2', {
        hostnames: [
          'non.matching.com',
          'wildcard.io',
          'foo.wildcard.io',
          'bar.wildcard.io',
          'foo.bar.wildcard.io',
        ],
        rules: [{ matches: [prefix('/s2')], ...to('v2') }],
      }),
      route('s3', {
        hostnames: ['non.matching.com', '*.specific.com'],
        rules: [{ matches: [prefix('/s3')], ...to('v3') }],
      }),
      route('s4', {
        hostnames: ['*.anotherwildcard.io'],
        rules: [{ matches: [prefix('/s4')], ...to('v1') }],
      }),
      route('s5', {
        hostnames: ['specific.but.wrong.com', 'wildcard.io'],
        rules: [{ matches: [prefix('/s5')], ...to('v2') }],
      }),
    ];
    const gateway = await serving(gatewayObject(...listeners), ...objects, ...(await three()));
    await expectHosts(gateway, [
      ['very.specific.com', '/s1', 'v1'],
      ['VERY.specific.com:1234', '/s1', 'v1'],
      ['non.matching.com', '/s1', 404],
      ['foo.nonmatchingwildcard.io', '/s1', 404],
      ['foo.wildcard.io', '/s1', 404],
      ['very.specific.com', '/non-matching-prefix', 404],
      ['foo.wildcard.io', '/s2', 'v2'],
      ['bar.wildcard.io', '/s2', 'v2'],
      ['foo.bar.wildcard.io', '/s2', 'v2'],
      ['wildcard.io', '/s2', 404],
      ['very.specific.com', '/s2', 404],
      ['very.specific.com', '/s3', 'v3'],
      ['foo.specific.com', '/s3', 404],
      ['foo.anotherwildcard.io', '/s4', 'v1'],
      ['foo.bar.anotherwildcard.io', '/s4', 'v1'],
      ['anotherwildcard.io', '/s4', 404],
      ['foo.wildcard.io', '/s4', 404],
      ['specific.but.wrong.com', '/s5', 404],
      ['wildcard.io', '/s5', 404],
    ]);
  });

  test('HTTPRouteListenerHostnameMatching, of listeners below each other', async () => {
    const named = (name: string, hostname: string) => listener({ name, hostname });
    const own = (name: string, ...sections: string[]) =>
      route(name, {
        parentRefs: sections.map((sectionName) => ({ name: 'same', sectionName })),
        rules: [to(name)],
      });
    const gateway = await serving(
      gatewayObject(
        named('one', 'bar.com'),
        named('two', 'foo.bar.com'),
        named('three', '*.bar.com'),
        named('four', '*.foo.com'),
      ),
      ...[own('v1', 'one'), own('v2', 'two'), own('v3', 'three', 'four')],
      ...(await three()),
    );
    await expectHosts(gateway, [
      ['bar.com', '/', 'v1'],
      ['foo.bar.com', '/', 'v2'],
      ['baz.bar.com', '/', 'v3'],
      ['multiple.prefixes.bar.com', '/', 'v3'],
      ['multiple.prefixes.foo.com', '/', 'v3'],
      ['foo.com', '/', 404],
      ['no.matching.host', '/', 404],
    ]);
  });

  describe('GatewayHTTPListenerIsolation', () => {
    const WIDEST_FIRST = ['none', '*.example.com', '*.foo.example.com', 'abc.foo.example.com'];
    const hostnames = ['bar.com', ...WIDEST_FIRST.slice(1)];

    test.each([
      ['hostnames of listeners alone', {}],
      ['hostnames of routes, too, each of which goes to one listener', { hostnames }],
    ])('%s', async (_what, named) => {
      const gateway = await serving(
        gatewayObject(
          ...WIDEST_FIRST.map((hostname, at) => listener({ name: `l${at}`, ...(at > 0 && { hostname }) })),
        ),
        ...WIDEST_FIRST.map((_, at) =>
          route(`r${at}`, {
            ...{ parentRefs: [{ name: 'same', sectionName: `l${at}` }], ...named },
            rules: [{ matches: [prefix(`/l${at}`)], ...to('v1') }],
          }),
        ),
        ...(await three()),
      );
      const rows = ['bar.com', 'bar.example.com', 'bar.foo.example.com', 'abc.foo.example.com'].flatMap(
        (host, own) =>
          WIDEST_FIRST.map((_, at): Row => [`/l${at}`, [`Host: ${host}`], at === own ? 'v1' : 404]),
      );
      await expectTaken(gateway, rows);
    });

    test('a listener without routes has its hosts to itself, one of another Gateway has not', async () => {
      const gateway = await serving(
        gatewayObject(
          listener({ name: 'wide' }),
          listener({ name: 'narrow', hostname: 'Narrow.example.com' }),
          listener({ name: 'both', hostname: 'both.example.com' }),
        ),
        {
          ...(gatewayObject(listener({ name: 'one', hostname: 'other.example.com' })) as object),
          metadata: { name: 'other', namespace: 'infra' },
        },
        route('a', {
          parentRefs: [
            { name: 'same', sectionName: 'wide' },
            { name: 'same', sectionName: 'both' },
          ],
          rules: [to('v1')],
        }),
        route('b', {
          parentRefs: [{ name: 'same', sectionName: 'wide' }],
          ...{ hostnames: ['narrow.example.com'], rules: [to('v2')] },
        }),
        ...(await three()),
      );
      expect(gateway.gateway.configStatus().unserved).toMatch(
        /hostnames .*expected a hostname that its listeners have too/,
      );
      await expectHosts(gateway, [
        ['any.example.com', '/', 'v1'],
        ['other.example.com', '/', 'v1'],
        ['both.example.com', '/', 'v1'],
        ['narrow.example.com', '/', 404],
        ['below.narrow.example.com', '/', 'v1'],
      ]);
    });
  });

  test('HTTPRouteMultipleRoutesAttachmentSameHostnameIntersection: the longer hostname of a route, then the path', async () => {
    const ruled = (path: string, name: string) => ({ matches: [prefix(path)], ...to(name) });
    const objects = [
      route('wide', {
        hostnames: ['*.com'],
        rules: [ruled('/', 'v1'), ruled('/a/b/c', 'v1'), ruled('/d', 'v1')],
      }),
      route('narrow', {
        hostnames: ['*.example.com'],
        rules: [ruled('/a/b', 'v2'), { matches: [exact('/d')], ...to('v2') }],
      }),
      route('exact', { hostnames: ['abc.example.com'], rules: [ruled('/a/b/e', 'v3')] }),
    ];
    const gateway = await serving(
      gatewayObject(listener({ hostname: '*.example.com' })),
      ...objects,
      ...(await three()),
    );
    await expectHosts(gateway, [
      ['x.example.com', '/', 'v1'],
      ['x.example.com', '/a/b', 'v2'],
      ['x.example.com', '/a/b/c', 'v2'],
      ['x.example.com', '/a/bc', 'v1'],
      ['x.example.com', '/d', 'v2'],
      ['x.example.com', '/d/e', 'v1'],
      ['abc.example.com', '/a/b/e/f', 'v3'],
      ['abc.example.com', '/a/b/c', 'v2'],
    ]);
  });
});

describe('which backend', () => {
  test('what can not be had is 500, and of several its share', async () => {
    const ref = (name: string, more: object = {}) => ({ name, port: 8080, ...more });
    const rules = [
      { matches: [prefix('/none')], backendRefs: [] },
      { matches: [prefix('/missing')], backendRefs: [ref('nobody')] },
      { matches: [prefix('/zero')], backendRefs: [ref('v1', { weight: 0 }), ref('v2', { weight: 0 })] },
      { matches: [prefix('/kind')], backendRefs: [ref('v1', { group: 'x.example', kind: 'Bucket' })] },
      { matches: [prefix('/half')], backendRefs: [ref('v1'), ref('nobody')] },
      {
        matches: [prefix('/quarter')],
        backendRefs: [ref('v1', { weight: 3 }), ref('far', { namespace: 'apps', weight: 1 })],
      },
      { matches: [prefix('/ignored')], backendRefs: [ref('v1'), ref('nobody', { weight: 0 })] },
    ];
    const gateway = await serving(
      gatewayObject(),
      route('a', { rules }),
      // One rule that matches everything, and has no backend.
      route('without-rules', { hostnames: ['bare.example'] }),
      ...(await three()),
      ...(await backend('far', 'apps')),
    );
    const rows: Row[] = ['/none', '/missing', '/zero', '/kind'].map((path) => [path, [], 500]);
    rows.push(['/any', ['Host: bare.example'], 500]);
    await expectTaken(gateway, rows);
    const share = async (path: string) => {
      const all = await Promise.all(Array.from({ length: 20 }, () => answered(gateway, path)));
      return all.filter((each) => each === 500).length;
    };
    expect([await share('/half'), await share('/quarter'), await share('/ignored')]).toEqual([10, 5, 0]);
  });

  test('HTTPRouteParentRefPort, HTTPRouteDestinationPortMatching', async () => {
    const gateway = await serving(
      gatewayObject(),
      route('own', {
        parentRefs: [{ name: 'same', port: 80 }],
        rules: [{ matches: [prefix('/own')], ...to('v1') }],
      }),
      route('other', {
        parentRefs: [{ name: 'same', port: 81 }],
        rules: [{ matches: [prefix('/other')], ...to('v1') }],
      }),
      ...(await three()),
    );
    await expectTaken(gateway, [
      ['/own', [], 'v1'],
      ['/other', [], 404],
    ]);
  });
});

const filtered = (match: object, ...filters: object[]) => ({ matches: [match], filters });
const seenBy = async (gateway: TestGateway, target: string, ...fields: string[]) =>
  JSON.parse((await gateway.get(target, ...fields)).text).got as string;
const valuesIn = (head: string, name: string) =>
  Array.from(head.matchAll(new RegExp(`^${name}: (.*)\\r$`, 'gim')), ([, value]) =>
    value!.split(', '),
  ).flat();

describe('what is sent', () => {
  test('HTTPRouteRequestHeaderModifier, HTTPRouteBackendRequestHeaderModification', async () => {
    const modifier = (requestHeaderModifier: object) => ({
      type: 'RequestHeaderModifier',
      requestHeaderModifier,
    });
    const modified = (path: string, modification: object) => ({
      ...filtered(prefix(path), modifier(modification)),
      ...to('v1'),
    });
    const ofBackend = modifier({ set: [header('X-Header-Set', 'of the backend')], remove: ['X-Gone'] });
    const rules = [
      modified('/set', { set: [header('X-Header-Set', 'set-overwrites-values')] }),
      modified('/add', { add: [header('X-Header-Add', 'add-appends-values')] }),
      modified('/remove', { remove: ['X-HEADER-REMOVE'] }),
      {
        ...filtered(prefix('/backend'), { type: 'URLRewrite', urlRewrite: { hostname: 'one.example.org' } }),
        ...to('v1', { filters: [ofBackend] }),
      },
      modified('/multiple', {
        set: [header('X-Set-1', 's1'), header('x-set-2', 's2')],
        add: [header('X-Add-1', 'a1'), header('X-Add-2', 'a2')],
        remove: ['X-Remove-1', 'x-remove-2'],
      }),
    ];
    const gateway = await ruled(rules);
    const rows: [string, string[], Record<string, string[]>][] = [
      ['/set', ['Some-Other: x'], { 'x-header-set': ['set-overwrites-values'], 'some-other': ['x'] }],
      ['/set', ['x-header-set: before'], { 'x-header-set': ['set-overwrites-values'] }],
      ['/add', [], { 'x-header-add': ['add-appends-values'] }],
      ['/add', ['x-header-add: before'], { 'x-header-add': ['before', 'add-appends-values'] }],
      [
        '/backend',
        ['X-Header-Set: before', 'X-Gone: g'],
        { 'x-header-set': ['of the backend'], 'x-gone': [], host: ['one.example.org'] },
      ],
      ['/remove', ['X-Header-Remove: val', 'X-Keep: k'], { 'x-header-remove': [], 'x-keep': ['k'] }],
      [
        '/multiple',
        ['X-Set-2: before', 'X-Add-2: before', 'X-Remove-1: r', 'X-Remove-2: r'],
        {
          ...{ 'x-set-1': ['s1'], 'x-set-2': ['s2'], 'x-add-1': ['a1'] },
          ...{ 'x-add-2': ['before', 'a2'], 'x-remove-1': [], 'x-remove-2': [] },
        },
      ],
    ];
    for (const [target, fields, expected] of rows) {
      const got = await seenBy(gateway, target, ...fields);
      const seen = Object.fromEntries(Object.keys(expected).map((name) => [name, valuesIn(got, name)]));
      expect([target, seen]).toEqual([target, expected]);
    }
  });

  test('HTTPRouteRewritePath, HTTPRouteRewriteHost, HTTPRouteBackendURLRewrite', async () => {
    const inPlace = (replacePrefixMatch: string) => ({
      path: { type: 'ReplacePrefixMatch', replacePrefixMatch },
    });
    const whole = (replaceFullPath: string) => ({ path: { type: 'ReplaceFullPath', replaceFullPath } });
    const rewritten = (match: object, urlRewrite: object) => ({
      ...filtered(match, { type: 'URLRewrite', urlRewrite }),
      ...to('v1'),
    });
    const rules = [
      rewritten(prefix('/prefix/one'), inPlace('/one')),
      rewritten(prefix('/strip-prefix'), inPlace('/')),
      rewritten(prefix('/slashed/'), inPlace('/s/')),
      rewritten(prefix('/full/one'), whole('/one')),
      rewritten(exact('/exact'), whole('/whole/path')),
      rewritten(prefix('/'), inPlace('/root')),
      rewritten(prefix('/host'), { hostname: 'one.example.org' }),
      rewritten(prefix('/both'), { hostname: 'one.example.org', ...inPlace('/b/') }),
      rewritten(prefix('/empty'), inPlace('')),
      rewritten(prefix('/folder'), whole('/one/')),
      { matches: [prefix('/on')], ...to('v1') },
      {
        matches: [prefix('/of-backend')],
        ...to('v1', { filters: [{ type: 'URLRewrite', urlRewrite: inPlace('/rewritten') }] }),
      },
    ];
    const gateway = await ruled(rules);
    const rows: [string, string, string][] = [
      ['/prefix/one/two', '/one/two', 'gateway.test'],
      ['/prefix/one', '/one', 'gateway.test'],
      ['/prefix/one/', '/one/', 'gateway.test'],
      ['/prefix/one/two?q=%20x', '/one/two?q=%20x', 'gateway.test'],
      ['/strip-prefix/three', '/three', 'gateway.test'],
      ['/strip-prefix', '/', 'gateway.test'],
      ['/slashed/a', '/s/a', 'gateway.test'],
      ['/slashed', '/s', 'gateway.test'],
      ['/full/one/two?x', '/one?x', 'gateway.test'],
      ['/folder/a', '/one/', 'gateway.test'],
      ['/empty/a', '/a', 'gateway.test'],
      ['/both/a', '/b/a', 'one.example.org'],
      ['/on/a?b', '/on/a?b', 'gateway.test'],
      ['/exact', '/whole/path', 'gateway.test'],
      ['/any/thing', '/root/any/thing', 'gateway.test'],
      ['/host/a', '/host/a', 'one.example.org'],
      ['/of-backend/original', '/rewritten/original', 'gateway.test'],
    ];
    for (const row of rows) {
      const got = await seenBy(gateway, row[0]);
      const seen = [/^GET (\S+)/.exec(got)?.[1], /^Host: (\S+?)(?::\d+)?\r$/im.exec(got)?.[1]];
      expect([row[0], ...seen]).toEqual(row);
    }
  });

  test('HTTPRouteBackendProtocolWebSocket', async () => {
    const service = (await startService()).answer(agreement());
    const objects = serviceObjects('ws', service.port, { appProtocol: 'kubernetes.io/ws' });
    const gateway = await serving(gatewayObject(), route('a', { rules: [to('ws')] }), ...objects);
    expect((await gateway.exchange(handshake('/ws'))).status).toBe(101);
  });

  test('HTTPRouteRequestMirror, HTTPRouteRequestPercentageMirror', async () => {
    const copied = (await startService()).answer('HTTP/1.1 204 No Content\r\n\r\n');
    const mirrored = (path: string, more: object = {}) => ({
      ...filtered(prefix(path), {
        type: 'RequestMirror',
        requestMirror: { backendRef: { name: 'copies', port: 8080 }, ...more },
      }),
      ...to('v1'),
    });
    const rules = [
      mirrored('/all'),
      mirrored('/twenty', { percent: 20 }),
      mirrored('/half', { fraction: { numerator: 5, denominator: 10 } }),
      mirrored('/none', { percent: 0 }),
    ];
    const copies = serviceObjects('copies', copied.port);
    const gateway = await serving(
      gatewayObject(),
      route('a', { rules }),
      ...(await backend('v1')),
      ...copies,
    );
    for (const path of ['/all', '/twenty', '/half', '/none'])
      for (let i = 0; i < 10; i++) expect(await answered(gateway, path)).toBe('v1');
    await until('the copies have come', () => copied.requests.length === 10 + 2 + 5);
    const counts = Object.groupBy(copied.requests, ({ head }) => head.target);
    expect(Object.entries(counts).map(([path, all]) => [path, all!.length])).toEqual([
      ['/all', 10],
      ['/twenty', 2],
      ['/half', 5],
    ]);
  });
});

describe('what is answered', () => {
  test('HTTPRouteResponseHeaderModifier', async () => {
    const service = (await startService()).answer(
      'HTTP/1.1 200 OK\r\nX-Set: before\r\nX-Add: before\r\nX-Remove: r\r\nX-Keep: k\r\nContent-Length: 0\r\n\r\n',
    );
    const responseHeaderModifier = {
      set: [header('x-set', 'set'), header('X-New', 'new')],
      add: [header('X-ADD', 'more'), header('X-Other', 'o')],
      remove: ['x-remove'],
    };
    const filter = { type: 'ResponseHeaderModifier', responseHeaderModifier };
    const rules = [{ ...filtered(prefix('/'), filter), ...to('fields') }];
    const objects = serviceObjects('fields', service.port);
    const gateway = await serving(gatewayObject(), route('a', { rules }), ...objects);
    const { head } = await gateway.get('/');
    const all = ['x-set', 'x-new', 'x-add', 'x-other', 'x-remove', 'x-keep'].map((name) => head.values(name));
    expect(all).toEqual([['set'], ['new'], ['before', 'more'], ['o'], [], ['k']]);
  });

  test('HTTPRouteRequestTimeout, HTTPRouteBackendTimeout', async () => {
    const silent = (await startService()).answer(() => undefined);
    const timed = (path: string, timeouts: object) => ({
      matches: [prefix(path)],
      timeouts,
      ...to('silent'),
    });
    const rules = [
      timed('/request', { request: '200ms' }),
      timed('/backend', { request: '1h0m30s', backendRequest: '200ms' }),
      timed('/zero', { request: '200ms', backendRequest: '0s' }),
      { ...timed('/off', { request: '0h0s' }), ...to('v1') },
    ];
    const objects = [...serviceObjects('silent', silent.port), ...(await backend('v1'))];
    const gateway = await serving(gatewayObject(), route('a', { rules }), ...objects);
    await expectTaken(gateway, [
      ['/request', [], 504],
      ['/backend', [], 504],
      ['/zero', [], 504],
      ['/off', [], 'v1'],
    ]);
  });

  test('HTTPRouteRedirect: host and status, scheme, port, path', async () => {
    const redirect = (path: string, requestRedirect: object) =>
      filtered(prefix(path), { type: 'RequestRedirect', requestRedirect });
    const inPlace = { type: 'ReplacePrefixMatch', replacePrefixMatch: '/replacement' };
    const whole = { type: 'ReplaceFullPath', replaceFullPath: '/full' };
    const hostname = 'example.org';
    const rules = [
      redirect('/host', { hostname }),
      redirect('/host-status', { hostname, statusCode: 301 }),
      ...[303, 307, 308].map((statusCode) => redirect(`/s${statusCode}`, { hostname, statusCode })),
      redirect('/nil-80', { hostname, port: 80 }),
      redirect('/nil-8080', { hostname, port: 8080 }),
      redirect('/https', { hostname, scheme: 'https' }),
      redirect('/https-443', { hostname, scheme: 'https', port: 443 }),
      redirect('/https-8443', { hostname, scheme: 'https', port: 8443 }),
      redirect('/http', { hostname, scheme: 'http' }),
      redirect('/http-80', { hostname, scheme: 'http', port: 80 }),
      redirect('/original', { path: inPlace }),
      redirect('/whole', { path: whole }),
      redirect('/both', { hostname, path: inPlace }),
      redirect('/all', { hostname, scheme: 'https', port: 8443, path: inPlace }),
      redirect('/empty', { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '' } }),
      redirect('/scheme', { scheme: 'https' }),
      redirect('/port', { port: 8083 }),
      redirect('/status', { statusCode: 301 }),
    ];
    const own = (location: string) => (port: number) =>
      location.replace('ORG', port === 80 ? 'example.org' : `example.org:${port}`);
    const rows: [string, number, (port: number) => string][] = [
      ['/host', 302, own('http://ORG/host')],
      ['/host-status', 301, own('http://ORG/host-status')],
      ['/s303', 303, own('http://ORG/s303')],
      ['/s307', 307, own('http://ORG/s307')],
      ['/s308', 308, own('http://ORG/s308')],
      ['/nil-80', 302, own('http://example.org:80/nil-80')],
      ['/nil-8080', 302, own('http://example.org:8080/nil-8080')],
      ['/https', 302, own('https://example.org/https')],
      ['/https-443', 302, own('https://example.org/https-443')],
      ['/https-8443', 302, own('https://example.org:8443/https-8443')],
      ['/http', 302, own('http://example.org/http')],
      ['/http-80', 302, own('http://example.org/http-80')],
      ['/original/lemon?x', 302, own('/replacement/lemon?x')],
      ['/whole/path/original?x', 302, own('/full?x')],
      ['/all/b/c', 302, own('https://example.org:8443/replacement/b/c')],
      ['/empty/a', 302, own('/a')],
      ['/both/a', 302, own('http://ORG/replacement/a')],
      ['/scheme', 302, own('https://gateway.test/scheme')],
      ['/port', 302, own('http://gateway.test:8083/port')],
      ['/status', 301, own('/status')],
    ];
    for (const port of [80, 8080]) {
      const gateway = await serving(gatewayObject(listener({ port })), route('a', { rules }));
      for (const [target, status, location] of rows) {
        const answer = await gateway.get(target, 'Host: gateway.test');
        const told = [target, answer.status, answer.head.value('location')];
        expect(told).toEqual([target, status, location(port)]);
      }
    }
  });

  test('HTTPRouteCORS', async () => {
    const cors = (path: string, more: object) => ({
      ...filtered(prefix(path), { type: 'CORS', cors: more }),
      ...to('v1'),
    });
    const rules = [
      cors('/1', {
        allowOrigins: ['https://www.foo.com', 'https://*.bar.com'],
        allowMethods: ['GET', 'OPTIONS'],
        allowHeaders: ['x-header-1', 'x-header-2'],
        exposeHeaders: ['x-header-3', 'x-header-4'],
        allowCredentials: true,
        maxAge: 3600,
      }),
      cors('/2', { allowOrigins: ['https://www.foo.com'], allowMethods: ['*'] }),
      { ...cors('/broken', { allowOrigins: ['https://www.foo.com'] }), backendRefs: [] },
      cors('/any', { allowOrigins: ['*'], allowMethods: ['*'], allowHeaders: ['*'] }),
      cors('/far', {
        allowOrigins: ['https://other.foo.com'],
        allowMethods: ['*'],
        allowHeaders: ['*'],
        allowCredentials: true,
      }),
    ];
    const gateway = await ruled(rules);
    const NAMES = [
      'allow-origin',
      'allow-methods',
      'allow-headers',
      'expose-headers',
      'max-age',
      'allow-credentials',
    ];
    const [ASKED, EXPOSED] = ['x-header-1, x-header-2', 'x-header-3, x-header-4'];
    const NONE = '- | - | - | - | - | -';
    /** What the answer says, in the order of the names; `=` is the origin that asked. */
    type Cors = [
      request: string,
      origin: string,
      asks: string,
      headers: string,
      status: number,
      told: string,
    ];
    const rows: Cors[] = [
      ...['https://www.foo.com', 'https://www.bar.com', 'https://xpto.www.bar.com'].map(
        (origin): Cors => [
          ...(['OPTIONS /1', origin, 'GET', ASKED, 204] as const),
          `= | GET, OPTIONS | ${ASKED} | ${EXPOSED} | 3600 | true`,
        ],
      ),
      ['OPTIONS /1', 'https://foobar.com', 'GET', '', 403, NONE],
      ['OPTIONS /1', 'https://bar.com', 'GET', '', 403, NONE],
      ['GET /1', 'https://www.foo.com', '', '', 200, `= | - | - | ${EXPOSED} | - | true`],
      ['GET /1', 'https://foobar.com', '', '', 200, NONE],
      ['OPTIONS /2', 'https://www.foo.com', 'POST', '', 204, '= | POST | Accept | - | 5 | -'],
      ['OPTIONS /any', 'https://foobar.com:12345', 'PUT', ASKED, 204, `* | PUT | ${ASKED} | - | 5 | -`],
      ['PUT /any', 'https://foobar.com', '', '', 200, '* | - | - | - | - | -'],
      [
        'OPTIONS /broken',
        'https://www.foo.com',
        'PUT',
        ASKED,
        204,
        '= | GET, HEAD, POST | Accept | - | 5 | -',
      ],
      ['GET /broken', 'https://www.foo.com', '', '', 500, '= | - | - | - | - | -'],
      ['GET /far', 'http://other.foo.com', '', '', 200, NONE],
      ['OPTIONS /far', 'https://other.foo.com', 'PUT', ASKED, 204, `= | PUT | ${ASKED} | - | 5 | true`],
    ];
    for (const [asked, origin, method, headers, status, told] of rows) {
      const [verb, target] = asked.split(' ') as [string, string];
      const answer = await gateway.exchange(
        request(verb, target, [
          `Origin: ${origin}`,
          ...(method === '' ? [] : [`Access-Control-Request-Method: ${method}`]),
          ...(headers === '' ? [] : [`Access-Control-Request-Headers: ${headers}`]),
        ]),
      );
      const said = NAMES.map((name) => answer.head.value(`access-control-${name}`) ?? '-').join(' | ');
      const seen = [asked, origin, answer.status, said];
      expect(seen).toEqual([asked, origin, status, told.replace('=', origin)]);
    }
  });
});
