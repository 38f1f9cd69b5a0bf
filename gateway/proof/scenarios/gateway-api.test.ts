/**
 * Gateway API files as a configuration. The rows follow what the conformance suite of gateway-api.sigs.k8s.io asks of an HTTPRoute,
 * as far as Portway has the feature; they are written anew, against services of the tests' own.
 */
import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import {
  answered,
  backend,
  exact,
  file,
  gatewayObject,
  list,
  listener,
  prefix,
  route,
  serving,
  to,
  V1,
} from '../testing/gateway-api.ts';
import { startH2Service } from '../testing/h2-service.ts';
import { until } from '../testing/poll.ts';
import { get } from '../testing/raw-client.ts';
import { startService } from '../testing/service.ts';

test('simple matching: without a Gateway, with one, and without matches', async () => {
  const objects = [...(await backend('v1')), ...(await backend('v2'))];
  const rules = [{ ...to('v1') }, { matches: [prefix('/v2')], ...to('v2') }];
  const all = [route('simple', { rules }), ...objects];
  for (const yaml of [file(...all), file(gatewayObject(), ...all), list(...all)]) {
    const gateway = await startTestGateway(yaml);
    expect([
      await answered(gateway, '/'),
      await answered(gateway, '/v2'),
      await answered(gateway, '/v2x'),
    ]).toEqual(['v1', 'v2', 'v1']);
  }
});

test('exact and prefix paths', async () => {
  const objects = [...(await backend('v1')), ...(await backend('v2')), ...(await backend('v3'))];
  const rules = [
    { matches: [prefix('/match')], ...to('v1') },
    { matches: [exact('/match/exact')], ...to('v2') },
    { matches: [prefix('/match/prefix/'), exact('/one')], ...to('v3') },
  ];
  const gateway = await serving(gatewayObject(), route('paths', { rules }), ...objects);
  const rows: [string, string | number][] = [
    ['/match', 'v1'],
    ['/match/', 'v1'],
    ['/match/x', 'v1'],
    ['/matching', 404],
    ['/match/exact', 'v2'],
    ['/match/exact/x', 'v1'],
    ['/match/prefix', 'v3'],
    ['/match/prefix/a', 'v3'],
    ['/match/prefixes', 'v1'],
    ['/one', 'v3'],
    ['/one/more', 404],
    ['/Match', 404],
  ];
  expect(await Promise.all(rows.map(async ([target]) => [target, await answered(gateway, target)]))).toEqual(
    rows,
  );
});

test('headers, query parameters and methods, the most specific first', async () => {
  const objects = [
    ...(await backend('v1')),
    ...(await backend('v2')),
    ...(await backend('v3')),
    ...(await backend('v4')),
  ];
  const header = (name: string, value: string) => ({ name, value });
  const rules = [
    { matches: [{ headers: [header('version', 'one')] }], ...to('v1') },
    {
      matches: [
        { headers: [header('version', 'two'), header('color', 'red')] },
        { headers: [header('Version', 'two')], method: 'PUT' },
      ],
      ...to('v2'),
    },
    { matches: [{ queryParams: [{ name: 'animal', value: 'whale' }] }], ...to('v3') },
    { matches: [{ path: { value: '/path5' }, method: 'POST' }], ...to('v4') },
  ];
  const gateway = await serving(gatewayObject(), route('conditions', { rules }), ...objects);
  const rows: [string, string[], string | number][] = [
    ['/', ['Version: one'], 'v1'],
    ['/', ['Version: two', 'Color: red'], 'v2'],
    ['/', ['Version: two'], 404],
    ['/', ['Color: red'], 404],
    ['/?animal=whale', [], 'v3'],
    ['/?animal=whales', [], 404],
    ['/?animal=whale', ['Version: one'], 'v1'],
    ['/path5', [], 404],
  ];
  for (const [target, fields, expected] of rows)
    expect([target, fields, await answered(gateway, target, ...fields)]).toEqual([target, fields, expected]);
  const posted = await gateway.exchange(
    get('/path5', 'Host: localhost', 'Content-Length: 0').replace('GET', 'POST'),
  );
  expect(JSON.parse(posted.text).name).toBe('v4');
});

test('hostnames of routes and listeners meet', async () => {
  const objects = [...(await backend('v1')), ...(await backend('v2'))];
  const gateway = await serving(
    gatewayObject(
      listener({ name: 'one', hostname: '*.example.com' }),
      listener({ name: 'two', hostname: 'very.specific.com' }),
    ),
    route('a', { hostnames: ['*.com', 'foo.example.com', 'other.org'], rules: [to('v1')] }),
    route('b', { hostnames: ['very.specific.com', 'bar.example.com'], rules: [to('v2')] }),
    ...objects,
  );
  const rows: [string, string | number][] = [
    ['foo.example.com', 'v1'],
    ['a.b.example.com', 'v1'],
    ['bar.example.com', 'v2'],
    ['very.specific.com', 'v2'],
    ['example.com', 404],
    ['other.org', 404],
    ['nobody.com', 404],
    ['FOO.example.com:80', 'v1'],
  ];
  for (const [host, expected] of rows)
    expect([host, await answered(gateway, '/', `Host: ${host}`)]).toEqual([host, expected]);
});

test('a section, a listener that takes its own namespace alone, and a Gateway that is not there', async () => {
  const objects = [...(await backend('v1')), ...(await backend('v2', 'other'))];
  const gateway = await serving(
    gatewayObject(
      listener({
        name: 'open',
        hostname: 'open.example.com',
        allowedRoutes: { namespaces: { from: 'All' } },
      }),
      listener({ name: 'own', hostname: 'own.example.com' }),
    ),
    route('a', { parentRefs: [{ name: 'same', sectionName: 'own' }], rules: [to('v1')] }),
    route('b', { rules: [to('v2')] }, { namespace: 'other' }),
    route('c', { parentRefs: [{ name: 'sane' }], hostnames: ['c.example.com'], rules: [to('v1')] }),
    ...objects,
  );
  expect(await answered(gateway, '/', 'Host: own.example.com')).toBe('v1');
  expect(await answered(gateway, '/', 'Host: open.example.com')).toBe('v2');
  expect(await answered(gateway, '/', 'Host: c.example.com')).toBe(404);
  expect(gateway.gateway.configStatus().unserved).toMatch(/expected a Gateway of this file, got infra\/sane/);
});

test('a listener that chooses namespaces by their labels', async () => {
  const selector = (matchLabels: object, ...matchExpressions: object[]) => ({
    from: 'Selector',
    selector: { matchLabels, matchExpressions },
  });
  const gateway = await serving(
    gatewayObject(
      listener({
        name: 'label',
        hostname: 'label.example.com',
        allowedRoutes: { namespaces: selector({ tier: 'web' }) },
      }),
      listener({
        name: 'name',
        hostname: 'name.example.com',
        allowedRoutes: { namespaces: selector({ 'kubernetes.io/metadata.name': 'bare' }) },
      }),
      listener({
        name: 'expression',
        hostname: 'expression.example.com',
        allowedRoutes: {
          namespaces: selector(
            {},
            { key: 'tier', operator: 'In', values: ['web', 'db'] },
            { key: 'tier', operator: 'NotIn', values: ['db'] },
            { key: 'old', operator: 'DoesNotExist' },
            { key: 'kubernetes.io/metadata.name', operator: 'Exists' },
          ),
        },
      }),
      // What is not known of a namespace lets nobody in.
      ...['DoesNotExist', 'NotIn'].map((operator) =>
        listener({
          name: operator.toLowerCase(),
          hostname: `${operator.toLowerCase()}.example.com`,
          allowedRoutes: { namespaces: selector({}, { key: 'tier', operator, values: ['web'] }) },
        }),
      ),
      listener({
        name: 'nothing',
        hostname: 'nothing.example.com',
        allowedRoutes: { namespaces: { from: 'Selector' } },
      }),
    ),
    ...[['web', { tier: 'web' }] as const, ['db', { tier: 'db' }] as const].map(([name, labels]) => ({
      ...{ apiVersion: 'v1', kind: 'Namespace' },
      metadata: { name, labels },
    })),
    ...['web', 'db', 'bare'].map((namespace) =>
      route(
        `in-${namespace}`,
        { rules: [{ matches: [prefix(`/${namespace}`)], ...to(namespace) }] },
        { namespace },
      ),
    ),
    ...(await backend('web', 'web')),
    ...(await backend('db', 'db')),
    ...(await backend('bare', 'bare')),
  );
  const taken = async (listened: string) => {
    const all = await Promise.all(
      ['web', 'db', 'bare'].map((path) => answered(gateway, `/${path}`, `Host: ${listened}.example.com`)),
    );
    return all.filter((each) => each !== 404);
  };
  expect([
    await taken('label'),
    await taken('name'),
    await taken('expression'),
    await taken('nothing'),
    await taken('doesnotexist'),
    await taken('notin'),
  ]).toEqual([['web'], ['bare'], ['web'], [], [], ['db']]);
});

describe('backends', () => {
  test('what speaks HTTP/2 without TLS, as its Service says', async () => {
    const service = await startH2Service((stream) => {
      stream.respond({ ':status': 200, 'x-spoken': 'h2' });
      stream.end();
    });
    const objects = [
      {
        ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'h2', namespace: 'infra' } },
        spec: { ports: [{ port: 8080, appProtocol: 'kubernetes.io/h2c' }] },
      },
      {
        ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
        metadata: { name: 'h2-1', namespace: 'infra', labels: { 'kubernetes.io/service-name': 'h2' } },
        endpoints: [{ addresses: ['127.0.0.1'] }],
        ports: [{ port: service.port }],
      },
    ];
    const gateway = await serving(gatewayObject(), route('a', { rules: [to('h2')] }), ...objects);
    expect((await gateway.get('/x')).head.value('x-spoken')).toBe('h2');
  });

  test('a grant lets routes of another namespace in; without one it is 500, as for a Service that is not there', async () => {
    const far = await backend('far', 'apps');
    const rules = [
      { matches: [prefix('/far')], ...to('far', { namespace: 'apps' }) },
      { matches: [prefix('/none')], ...to('none') },
      { matches: [prefix('/kind')], backendRefs: [{ kind: 'Bucket', name: 'x', port: 1 }] },
    ];
    const grant = {
      ...{
        apiVersion: 'gateway.networking.k8s.io/v1beta1',
        kind: 'ReferenceGrant',
        metadata: { name: 'g', namespace: 'apps' },
      },
      spec: {
        from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'infra' }],
        to: [{ group: '', kind: 'Service', name: 'far' }],
      },
    };
    const without = await serving(gatewayObject(), route('a', { rules }), ...far);
    expect([
      await answered(without, '/far'),
      await answered(without, '/none'),
      await answered(without, '/kind'),
    ]).toEqual([500, 500, 500]);
    expect(without.gateway.configStatus().unserved).toMatch(
      /expected a ReferenceGrant in apps that lets HTTPRoutes of infra in, got none/,
    );
    const granted = await serving(gatewayObject(), route('a', { rules }), ...far, grant);
    expect([await answered(granted, '/far'), await answered(granted, '/none')]).toEqual(['far', 500]);
  });

  test('weights, however many pods a Service has, and a weight of nothing', async () => {
    const objects = [...(await backend('v1')), ...(await backend('v2')), ...(await backend('v3'))];
    const [, slice] = (await backend('v2')) as [object, { metadata: object }];
    objects.push({ ...slice, metadata: { ...slice.metadata, name: 'v2-2' } });
    const backendRefs = [
      { name: 'v1', port: 8080, weight: 70 },
      { name: 'v2', port: 8080, weight: 30 },
      { name: 'v3', port: 8080, weight: 0 },
    ];
    const gateway = await serving(gatewayObject(), route('w', { rules: [{ backendRefs }] }), ...objects);
    const counts: Record<string, number> = {};
    for (let i = 0; i < 100; i++) {
      const name = String(await answered(gateway, '/'));
      counts[name] = (counts[name] ?? 0) + 1;
    }
    expect(counts).toEqual({ v1: 70, v2: 30 });
  });
});

describe('filters', () => {
  const rule = (match: object, ...filters: object[]) => ({ matches: [match], filters });
  const modifier = {
    set: [{ name: 'X-Set', value: 'set' }],
    add: [{ name: 'X-Add', value: 'more' }],
    remove: ['X-Remove'],
  };

  test('header modifiers', async () => {
    const rules = [
      {
        ...rule(prefix('/request'), { type: 'RequestHeaderModifier', requestHeaderModifier: modifier }),
        ...to('v1'),
      },
      {
        ...rule(prefix('/answer'), { type: 'ResponseHeaderModifier', responseHeaderModifier: modifier }),
        ...to('v1'),
      },
    ];
    const gateway = await serving(gatewayObject(), route('h', { rules }), ...(await backend('v1')));
    const asked = await gateway.get('/request', 'X-Set: a', 'X-Add: a', 'X-Remove: a');
    const { got } = JSON.parse(asked.text);
    expect([
      /^X-Set: (.*)$/im.exec(got)?.[1]?.trim(),
      got.match(/^X-Add: /gim).length,
      /X-Remove/i.test(got),
    ]).toEqual(['set', 2, false]);
    expect((await gateway.get('/answer')).head.value('x-set')).toBe('set');
  });

  test('pages of other origins', async () => {
    const cors = { allowOrigins: ['https://app.example.com'], allowMethods: ['PUT'], allowHeaders: ['*'] };
    const rules = [
      {
        ...rule(prefix('/some'), { type: 'CORS', cors: { ...cors, allowCredentials: true, maxAge: 30 } }),
        ...to('v1'),
      },
      { ...rule(prefix('/plain'), { type: 'CORS', cors: { allowOrigins: ['*'] } }), ...to('v1') },
    ];
    const gateway = await serving(gatewayObject(), route('c', { rules }), ...(await backend('v1')));
    const preflight = async (target: string, origin: string) => {
      const { head } = await gateway.exchange(
        `OPTIONS ${target} HTTP/1.1\r\nHost: gateway.test\r\nOrigin: ${origin}\r\nAccess-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: x-a\r\n\r\n`,
      );
      return ['origin', 'methods', 'headers', 'credentials']
        .map((each) => head.value(`access-control-allow-${each}`))
        .concat(head.value('access-control-max-age'));
    };
    expect(await preflight('/some', 'https://app.example.com')).toEqual([
      'https://app.example.com',
      'PUT',
      'x-a',
      'true',
      '30',
    ]);
    expect((await preflight('/some', 'https://evil.example'))[0]).toBeUndefined();
    expect((await preflight('/plain', 'https://any.example')).slice(0, 3)).toEqual([
      '*',
      'GET, HEAD, POST',
      'Accept',
    ]);
  });

  test('a mirror gets copies, and answers nobody', async () => {
    const copied = (await startService()).answer('HTTP/1.1 204 No Content\r\n\r\n');
    const requestMirror = { backendRef: { name: 'copies', port: 8080 }, percent: 100 };
    const rules = [{ ...rule(prefix('/'), { type: 'RequestMirror', requestMirror }), ...to('v1') }];
    const [service, slice] = await backend('copies');
    const objects = [service!, { ...slice!, ports: [{ name: 'http', port: copied.port }] }];
    const gateway = await serving(
      gatewayObject(),
      route('m', { rules }),
      ...(await backend('v1')),
      ...objects,
    );
    expect(await answered(gateway, '/x')).toBe('v1');
    await until('the copy has come', () => copied.requests.length === 1);
    expect(copied.request.head.target).toBe('/x');
  });

  test('a mirror that is not there costs the copies alone', async () => {
    const requestMirror = { backendRef: { name: 'nobody', port: 8080 } };
    const rules = [{ ...rule(prefix('/'), { type: 'RequestMirror', requestMirror }), ...to('v1') }];
    const gateway = await serving(gatewayObject(), route('m', { rules }), ...(await backend('v1')));
    expect(await answered(gateway, '/x')).toBe('v1');
    expect(gateway.gateway.configStatus().unserved).toContain('infra/nobody');
  });

  test('redirects of scheme, host, port and path', async () => {
    const redirect = (requestRedirect: object) => ({ type: 'RequestRedirect', requestRedirect });
    const rules = [
      rule(prefix('/host'), redirect({ hostname: 'example.org' })),
      rule(prefix('/status'), redirect({ hostname: 'example.org', statusCode: 301 })),
      rule(
        prefix('/all'),
        redirect({
          scheme: 'https',
          hostname: 'example.org',
          port: 8443,
          path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/new' },
        }),
      ),
      rule(exact('/full'), redirect({ path: { type: 'ReplaceFullPath', replaceFullPath: '/else' } })),
      rule(prefix('/whole'), redirect({ path: { type: 'ReplaceFullPath', replaceFullPath: '/else' } })),
      rule(prefix('/empty'), redirect({ path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '' } })),
      rule(prefix('/scheme'), redirect({ scheme: 'https' })),
      rule(prefix('/port'), redirect({ port: 8083 })),
    ];
    const gateway = await serving(gatewayObject(), route('r', { rules }));
    const rows: [string, number, string][] = [
      ['/host/a?x=1', 302, 'http://example.org/host/a?x=1'],
      ['/status', 301, 'http://example.org/status'],
      ['/all/b/c', 302, 'https://example.org:8443/new/b/c'],
      ['/full', 302, '/else'],
      ['/whole/a/b?x', 302, '/else?x'],
      ['/empty/a', 302, '/a'],
      ['/scheme/a', 302, 'https://gateway.test/scheme/a'],
      ['/port/a', 302, 'http://gateway.test:8083/port/a'],
    ];
    for (const row of rows) {
      const answer = await gateway.get(row[0]);
      expect([row[0], answer.status, answer.head.value('location')]).toEqual(row);
    }
  });

  test('paths and hosts are rewritten, or stay', async () => {
    const rewrite = (urlRewrite: object) => ({ type: 'URLRewrite', urlRewrite });
    const inPlace = (replacePrefixMatch: string) => ({
      path: { type: 'ReplacePrefixMatch', replacePrefixMatch },
    });
    const whole = (replaceFullPath: string) => ({ path: { type: 'ReplaceFullPath', replaceFullPath } });
    const rules = [
      { ...rule(prefix('/off'), rewrite(inPlace('/'))), ...to('v1') },
      { ...rule(prefix('/empty'), rewrite(inPlace(''))), ...to('v1') },
      { ...rule(prefix('/folder'), rewrite(whole('/one/'))), ...to('v1') },
      { ...rule(prefix('/prefix/one'), rewrite(inPlace('/one'))), ...to('v1') },
      { ...rule(prefix('/full/one'), rewrite(whole('/one'))), ...to('v1') },
      { ...rule(prefix('/host'), rewrite({ hostname: 'one.example.org' })), ...to('v1') },
      {
        ...rule(prefix('/both'), rewrite({ hostname: 'one.example.org', ...inPlace('/b/') })),
        ...to('v1'),
      },
      { matches: [prefix('/on')], ...to('v1') },
    ];
    const gateway = await serving(gatewayObject(), route('p', { rules }), ...(await backend('v1')));
    const rows: [string, string, string][] = [
      ['/off/a?b', '/a?b', 'gateway.test'],
      ['/off', '/', 'gateway.test'],
      ['/empty/a', '/a', 'gateway.test'],
      ['/folder/a', '/one/', 'gateway.test'],
      ['/prefix/one/two', '/one/two', 'gateway.test'],
      ['/prefix/one', '/one', 'gateway.test'],
      ['/prefix/one/', '/one/', 'gateway.test'],
      ['/full/one/two?x', '/one?x', 'gateway.test'],
      ['/host/a', '/host/a', 'one.example.org'],
      ['/both/a', '/b/a', 'one.example.org'],
      ['/on/a?b', '/on/a?b', 'gateway.test'],
    ];
    for (const row of rows) {
      const { got } = JSON.parse((await gateway.get(row[0])).text);
      expect([row[0], /^GET (\S+)/.exec(got)?.[1], /^Host: (\S+?)(?::\d+)?\r$/im.exec(got)?.[1]]).toEqual(
        row,
      );
    }
  });
});

test('of two routes that claim the same, the older one holds', async () => {
  const objects = [...(await backend('v1')), ...(await backend('v2'))];
  const gateway = await serving(
    gatewayObject(),
    route('a', { rules: [to('v1')] }, { creationTimestamp: '2026-02-01T00:00:00Z' }),
    route('b', { rules: [to('v2')] }, { creationTimestamp: '2026-01-01T00:00:00Z' }),
    ...objects,
  );
  expect(await answered(gateway, '/')).toBe('v2');
});

describe('what is wrong is told where it stands', () => {
  const text = (rule: string, rest = '') =>
    `apiVersion: ${V1}\nkind: HTTPRoute\nmetadata: { name: a }\nspec:\n  rules:\n    - ${rule}\n${rest}`;
  const rows: [what: string, yaml: string, told: RegExp][] = [
    [
      'an unknown key',
      text('matchs: []'),
      /:6:7 {2}spec\.rules\[0\]\.matchs .*\n.*\n.*\^{6} {2}did you mean matches\?/,
    ],
    [
      'a regular expression',
      text('matches: [{ path: { type: RegularExpression, value: "/a.*" } }]'),
      /expected PathPrefix or Exact, got "RegularExpression"/,
    ],
    [
      'an exact path with a slash at its end, which would take requests without one',
      text('matches: [{ path: { type: Exact, value: /a/ } }]'),
      /path\.value .*expected an exact path without a slash at its end, got "\/a\/"/,
    ],
    [
      'an unknown filter',
      text('filters: [{ type: Magic }]'),
      /expected RequestHeaderModifier or .*, got "Magic"/,
    ],
    [
      'a second mirror',
      text(
        '{ filters: [{ type: RequestMirror, requestMirror: { backendRef: { name: a, port: 80 } } }, { type: RequestMirror, requestMirror: { backendRef: { name: b, port: 80 } } }], backendRefs: [{ name: a, port: 80 }] }',
      ),
      /expected one RequestMirror to a rule, got a second one\n.*\n.*a route of Portway has one mirror/,
    ],
    [
      'the same filter at the rule and at its backend',
      text(
        '{ filters: [{ type: URLRewrite, urlRewrite: { hostname: a.b } }], backendRefs: [{ name: a, port: 80, filters: [{ type: URLRewrite, urlRewrite: { hostname: b.c } }] }] }',
      ),
      /rules\[0\]\.backendRefs\[0\]\.filters\[0\]\.type .*expected one URLRewrite to a rule, got a second one/,
    ],
    [
      'filters of one backend of several',
      text(
        'backendRefs: [{ name: a, port: 80 }, { name: b, port: 80, filters: [{ type: URLRewrite, urlRewrite: { hostname: b.c } }] }]',
      ),
      /backendRefs\[1\]\.filters .*expected filters at the rule, got filters of one backend of several/,
    ],
    [
      'a path longer than the standard allows',
      text(`matches: [{ path: { value: ${'/a'.repeat(600)} } }]`),
      /path\.value .*expected at most 1024 characters, got 1200/,
    ],
    [
      'logins for pages of every origin',
      text(
        '{ filters: [{ type: CORS, cors: { allowOrigins: ["*"], allowCredentials: true } }], backendRefs: [{ name: a, port: 80 }] }',
      ),
      /expected the origins that may use them, got credentials for/,
    ],
    [
      'a path that no service has',
      text(
        '{ filters: [{ type: URLRewrite, urlRewrite: { path: { type: ReplacePrefixMatch, replacePrefixMatch: /b/../c } } }], backendRefs: [{ name: a, port: 80 }] }',
      ),
      /replacePrefixMatch|rewritePrefix.*expected a path/,
    ],
    [
      'another kind',
      text(
        'backendRefs: [{ name: a, port: 80 }]',
        `---\napiVersion: ${V1}\nkind: TLSRoute\nmetadata: { name: b }\n`,
      ),
      /expected one of HTTPRoute, Gateway, .*, got TLSRoute/,
    ],
    [
      'a kind with a slip of the pen',
      text(
        'backendRefs: [{ name: a, port: 80 }]',
        `---\napiVersion: ${V1}\nkind: ReferenceGrantt\nmetadata: { name: b }\n`,
      ),
      /got ReferenceGrantt\n.*\n.*did you mean ReferenceGrant\?/,
    ],
    // Each of these would select all namespaces.
    ...['{ matchLabel: { a: b } }', '{ matchLabels: { a: [b] } }'].map(
      (selector): [string, string, RegExp] => [
        `a selector that is none: ${selector}`,
        text(
          'backendRefs: [{ name: a, port: 80 }]',
          `  parentRefs: [{ name: g }]\n---\napiVersion: ${V1}\nkind: Gateway\nmetadata: { name: g }\nspec: { listeners: [{ name: a, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: Selector, selector: ${selector} } } }] }\n`,
        ),
        /selector\.matchLabel.* {2}expected (?:one of matchLabels|a single value)/,
      ],
    ),
    [
      'two ports',
      text(
        'backendRefs: [{ name: a, port: 80 }]',
        `---\napiVersion: ${V1}\nkind: Gateway\nmetadata: { name: g }\nspec: { listeners: [{ name: a, port: 80, protocol: HTTP }, { name: b, port: 81, protocol: HTTP }] }\n`,
      ),
      /expected the port 80, got 81/,
    ],
    // Each of these would make a rule one of more requests than were meant.
    [
      'a header without its value',
      text('{ matches: [{ headers: [{ name: x-admin }] }], backendRefs: [{ name: a, port: 80 }] }'),
      /headers\[0\]\.value .*expected a single value, got none/,
    ],
    [
      'a parameter whose value is null',
      text(
        '{ matches: [{ queryParams: [{ name: a, value: null }] }], backendRefs: [{ name: a, port: 80 }] }',
      ),
      /queryParams\[0\]\.value .*expected a single value, got none/,
    ],
    [
      'a match that is no map',
      text('{ matches: [/a], backendRefs: [{ name: a, port: 80 }] }'),
      /matches\[0\] .*expected a map, got a single value/,
    ],
    [
      'a hostname that is no text',
      text('backendRefs: [{ name: a, port: 80 }]', '  hostnames: [{ name: shop.example.com }]\n'),
      /hostnames\[0\] .*expected a single value, got a map/,
    ],
    [
      'a path that no request has',
      text('{ matches: [{ path: { value: /a/../b } }], backendRefs: [{ name: a, port: 80 }] }'),
      /:6:\d+ .*\.\. segments are refused|segments/,
    ],
  ];
  test.each(rows)('%s', async (_what, yaml, told) => {
    await expect(startTestGateway(yaml)).rejects.toThrow(told);
  });
});

test('the file is followed like any other', async () => {
  const objects = [...(await backend('v1')), ...(await backend('v2'))];
  const gateway = await serving(gatewayObject(), route('a', { rules: [to('v1')] }), ...objects);
  expect(await answered(gateway, '/')).toBe('v1');
  await gateway.edit(`${file(gatewayObject(), route('a', { rules: [to('v2')] }), ...objects)}\n`);
  await until('the second answers', async () => (await answered(gateway, '/')) === 'v2');
});
