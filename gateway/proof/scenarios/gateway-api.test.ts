/**
 * Gateway API files as a configuration. The rows follow what the conformance suite of gateway-api.sigs.k8s.io asks of an HTTPRoute,
 * as far as Portway has the feature; they are written anew, against services of the tests' own.
 */
import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import {
  answered,
  backend,
  file,
  gatewayObject,
  list,
  listener,
  prefix,
  route,
  serviceObjects,
  serving,
  to,
  V1,
} from '../testing/gateway-api.ts';
import { startH2Service } from '../testing/h2-service.ts';
import { until } from '../testing/poll.ts';

test('simple matching: without a Gateway, with one, and without matches', async () => {
  const objects = [...(await backend('v1')), ...(await backend('v2'))];
  const rules = [{ ...to('v1') }, { matches: [prefix('/v2')], ...to('v2') }];
  const all = [route('simple', { rules }), ...objects];
  for (const yaml of [file(...all), file(gatewayObject(), ...all), list(...all)]) {
    const gateway = await startTestGateway(yaml);
    const by = ['/', '/v2', '/v2x'].map((target) => answered(gateway, target));
    expect(await Promise.all(by)).toEqual(['v1', 'v2', 'v1']);
  }
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
  const choosing = (name: string, selector?: object) =>
    listener({
      ...{ name, hostname: `${name}.example.com` },
      allowedRoutes: { namespaces: { from: 'Selector', selector } },
    });
  const matching = (...matchExpressions: object[]) => ({ matchExpressions });
  const gateway = await serving(
    gatewayObject(
      choosing('label', { matchLabels: { tier: 'web' } }),
      choosing('name', { matchLabels: { 'kubernetes.io/metadata.name': 'bare' } }),
      choosing(
        'expression',
        matching(
          { key: 'tier', operator: 'In', values: ['web', 'db'] },
          { key: 'tier', operator: 'NotIn', values: ['db'] },
          { key: 'old', operator: 'DoesNotExist' },
          { key: 'kubernetes.io/metadata.name', operator: 'Exists' },
        ),
      ),
      choosing('nothing'),
      // What is not known of a namespace lets nobody in.
      choosing('absent', matching({ key: 'tier', operator: 'DoesNotExist', values: ['web'] })),
      choosing('notin', matching({ key: 'tier', operator: 'NotIn', values: ['web'] })),
    ),
    ...['web', 'db'].map((tier) => ({
      ...{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: tier, labels: { tier } } },
    })),
    ...['web', 'db', 'bare'].map((namespace) =>
      route(namespace, { rules: [{ matches: [prefix(`/${namespace}`)], ...to(namespace) }] }, { namespace }),
    ),
    ...(await Promise.all(['web', 'db', 'bare'].map((name) => backend(name, name)))).flat(),
  );
  const rows: [string, string[]][] = [
    ['label', ['web']],
    ['name', ['bare']],
    ['expression', ['web']],
    ['nothing', []],
    ['absent', []],
    ['notin', ['db']],
  ];
  for (const [name, expected] of rows) {
    const paths = ['/web', '/db', '/bare'];
    const all = await Promise.all(paths.map((path) => answered(gateway, path, `Host: ${name}.example.com`)));
    expect([name, all.filter((each) => each !== 404)]).toEqual([name, expected]);
  }
});

describe('backends', () => {
  test('what speaks HTTP/2 without TLS, as its Service says', async () => {
    const service = await startH2Service((stream) => {
      stream.respond({ ':status': 200, 'x-spoken': 'h2' });
      stream.end();
    });
    const objects = serviceObjects('h2', service.port, { appProtocol: 'kubernetes.io/h2c' });
    const gateway = await serving(gatewayObject(), route('a', { rules: [to('h2')] }), ...objects);
    expect((await gateway.get('/x')).head.value('x-spoken')).toBe('h2');
  });

  test('a grant lets routes of another namespace in; without one it is 500', async () => {
    const far = await backend('far', 'apps');
    const routed = route('a', { rules: [to('far', { namespace: 'apps' })] });
    const from = [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'infra' }];
    const grant = {
      ...{ apiVersion: 'gateway.networking.k8s.io/v1beta1', kind: 'ReferenceGrant' },
      metadata: { name: 'g', namespace: 'apps' },
      spec: { from, to: [{ group: '', kind: 'Service', name: 'far' }] },
    };
    const without = await serving(gatewayObject(), routed, ...far);
    expect(await answered(without, '/')).toBe(500);
    expect(without.gateway.configStatus().unserved).toMatch(
      /expected a ReferenceGrant in apps that lets HTTPRoutes of infra in, got none/,
    );
    expect(await answered(await serving(gatewayObject(), routed, ...far, grant), '/')).toBe('far');
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

test('a mirror that is not there costs the copies alone', async () => {
  const requestMirror = { backendRef: { name: 'nobody', port: 8080 } };
  const filters = [{ type: 'RequestMirror', requestMirror }];
  const rules = [{ matches: [prefix('/')], filters, ...to('v1') }];
  const gateway = await serving(gatewayObject(), route('m', { rules }), ...(await backend('v1')));
  expect(await answered(gateway, '/x')).toBe('v1');
  expect(gateway.gateway.configStatus().unserved).toContain('infra/nobody');
});

describe('what is wrong is told where it stands', () => {
  const TO = 'backendRefs: [{ name: a, port: 80 }]';
  const mirror = '{ type: RequestMirror, requestMirror: { backendRef: { name: a, port: 80 } } }';
  const rewrite = '{ type: URLRewrite, urlRewrite: { hostname: a.b } }';
  const listener = '{ name: a, port: 80, protocol: HTTP';
  const object = (kind: string, spec = '') =>
    `---\napiVersion: ${V1}\nkind: ${kind}\nmetadata: { name: g }\n${spec}`;
  const selecting = (selector: string) =>
    `  parentRefs: [{ name: g }]\n${object('Gateway', `spec: { listeners: [${listener}, allowedRoutes: { namespaces: { from: Selector, selector: ${selector} } } }] }\n`)}`;

  test.each<[what: string, rule: string, told: RegExp, rest?: string]>([
    [
      'an unknown key',
      'matchs: []',
      /:6:7 {2}spec\.rules\[0\]\.matchs .*\n.*\n.*\^{6} {2}did you mean matches\?/,
    ],
    [
      'a regular expression',
      'matches: [{ path: { type: RegularExpression, value: "/a.*" } }]',
      /expected PathPrefix or Exact, got "RegularExpression"/,
    ],
    [
      'an exact path with a slash at its end, which would take requests without one',
      'matches: [{ path: { type: Exact, value: /a/ } }]',
      /path\.value .*expected an exact path without a slash at its end, got "\/a\/"/,
    ],
    ['an unknown filter', 'filters: [{ type: Magic }]', /expected RequestHeaderModifier or .*, got "Magic"/],
    [
      'a second mirror',
      `{ filters: [${mirror}, ${mirror}], ${TO} }`,
      /expected one RequestMirror to a rule, got a second one\n.*\n.*a route of Portway has one mirror/,
    ],
    [
      'the same filter at the rule and at its backend',
      `{ filters: [${rewrite}], backendRefs: [{ name: a, port: 80, filters: [${rewrite}] }] }`,
      /rules\[0\]\.backendRefs\[0\]\.filters\[0\]\.type .*expected one URLRewrite to a rule, got a second one/,
    ],
    [
      'filters of one backend of several',
      `backendRefs: [{ name: a, port: 80 }, { name: b, port: 80, filters: [${rewrite}] }]`,
      /backendRefs\[1\]\.filters .*expected filters at the rule, got filters of one backend of several/,
    ],
    [
      'a path longer than the standard allows',
      `matches: [{ path: { value: ${'/a'.repeat(600)} } }]`,
      /path\.value .*expected at most 1024 characters, got 1200/,
    ],
    [
      'logins for pages of every origin',
      `{ filters: [{ type: CORS, cors: { allowOrigins: ["*"], allowCredentials: true } }], ${TO} }`,
      /expected the origins that may use them, got credentials for/,
    ],
    [
      'a path that no service has',
      `{ filters: [${rewrite.replace('hostname: a.b', 'path: { type: ReplacePrefixMatch, replacePrefixMatch: /b/../c }')}], ${TO} }`,
      /replacePrefixMatch|rewritePrefix.*expected a path/,
    ],
    ['another kind', TO, /expected one of HTTPRoute, Gateway, .*, got TLSRoute/, object('TLSRoute')],
    [
      'a kind with a slip of the pen',
      TO,
      /got ReferenceGrantt\n.*\n.*did you mean ReferenceGrant\?/,
      object('ReferenceGrantt'),
    ],
    // Each of these would select all namespaces.
    [
      'an unknown selector',
      TO,
      /selector\.matchLabel.* {2}expected one of matchLabels/,
      selecting('{ matchLabel: { a: b } }'),
    ],
    [
      'a label of a list',
      TO,
      /selector\.matchLabel.* {2}expected a single value/,
      selecting('{ matchLabels: { a: [b] } }'),
    ],
    [
      'two ports',
      TO,
      /expected the port 80, got 81/,
      object('Gateway', `spec: { listeners: [${listener} }, { name: b, port: 81, protocol: HTTP }] }\n`),
    ],
    // Each of these would make a rule one of more requests than were meant.
    [
      'a header without its value',
      `{ matches: [{ headers: [{ name: x-admin }] }], ${TO} }`,
      /headers\[0\]\.value .*expected a single value, got none/,
    ],
    [
      'a parameter whose value is null',
      `{ matches: [{ queryParams: [{ name: a, value: null }] }], ${TO} }`,
      /queryParams\[0\]\.value .*expected a single value, got none/,
    ],
    [
      'a match that is no map',
      `{ matches: [/a], ${TO} }`,
      /matches\[0\] .*expected a map, got a single value/,
    ],
    [
      'a hostname that is no text',
      TO,
      /hostnames\[0\] .*expected a single value, got a map/,
      '  hostnames: [{ name: shop.example.com }]\n',
    ],
    [
      'a path that no request has',
      `{ matches: [{ path: { value: /a/../b } }], ${TO} }`,
      /:6:\d+ .*\.\. segments are refused|segments/,
    ],
  ])('%s', async (_what, rule, told, rest = '') => {
    const head = `apiVersion: ${V1}\nkind: HTTPRoute\nmetadata: { name: a }\nspec:\n  rules:\n    - ${rule}\n`;
    await expect(startTestGateway(head + rest)).rejects.toThrow(told);
  });
});

test('the file is followed like any other', async () => {
  const objects = [...(await backend('v1')), ...(await backend('v2'))];
  const gateway = await serving(gatewayObject(), route('a', { rules: [to('v1')] }), ...objects);
  expect(await answered(gateway, '/')).toBe('v1');
  await gateway.edit(`${file(gatewayObject(), route('a', { rules: [to('v2')] }), ...objects)}\n`);
  await until('the second answers', async () => (await answered(gateway, '/')) === 'v2');
});
