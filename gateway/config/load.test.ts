import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Port, RouteConfig } from '../model/config.ts';
import { CONFIG_FILE, configurationOf as good } from '../proof/testing/configuration.ts';
import { gatewayConfig, serviceConfig } from '../proof/testing/gateway-config.ts';
import { configFile } from '../proof/testing/program.ts';
import { routeConfig } from '../proof/testing/route-config.ts';
import { placeServices } from './endpoint.ts';
import { loadConfig } from './load.ts';

async function theRoute(text: string): Promise<RouteConfig> {
  const { routes } = await good(text);
  expect(routes).toHaveLength(1);
  return routes[0]!;
}

const keysOf = (route: RouteConfig) => route.upstream.endpoints.map(({ address }) => address.key);

describe('the short form', () => {
  it('fills in every default: those that the tests of other rooms begin with', async () => {
    const routes = [routeConfig('/db', { line: 2 })];
    const rest = { file: CONFIG_FILE, unrouted: { errorPages: null } };
    expect(await good('routes:\n  /db: 3001\n')).toEqual(gatewayConfig(routes, rest));
  });

  it('no routes at all can be said', async () => {
    expect((await good('routes: {}')).routes).toEqual([]);
  });

  it('a byte order mark and CRLF make no difference', async () => {
    const route = await theRoute('\ufeffroutes:\r\n  /db: 3001\r\n');
    expect(route).toMatchObject({ id: '/db', source: { line: 2, column: 3 } });
  });
});

it('an error of our own refuses the file, and says that it is one', async () => {
  const env = {
    get BAD(): string {
      throw new Error('met a bug');
    },
  };
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what the file says
  const loaded = await loadConfig(await configFile('routes: { /db: "${BAD}" }'), env);
  expect(loaded).toMatchObject({
    ok: false,
    formatted: expect.stringMatching(/Portway's own: Error: met a bug.*bug of Portway/s),
  });
});

describe('the long form', () => {
  it('says everything', async () => {
    const config = await good(
      `
port: 8080
host: "::"
trustProxy: [loopback, private, 203.0.113.7, "2001:DB8::/32"]
maxConnections: 50
timeouts: { connect: 1s, idle: 1m30s }
bodyMax: 10MB
routes:
  "*.Shop.example/cart/":
    to: [3003, 127.0.0.1:3013, "https://images.internal", "unix:/run/app.sock"]
    exact: true
    when:
      methods: [get, PROPFIND]
      headers: { X-Version: 2, x-beta: true }
      cookies: { Beta: 1, seen: true }
      query: { Q: "a b", debug: true }
    strip: false
    rewrite: off
    hostHeader: rewrite
    timeouts: { response: 500ms, idle: 2m, tunnelIdle: 24h }
    bodyMax: 64KiB
services:
  db: { run: node services/db/main.ts, port: 3001, cwd: services, env: { LEVEL: 3, ON: true, NAME: x } }
  short: node x.ts
admin: { host: "::1", port: 9000 }
log: { level: debug, format: json, access: off }
`,
    );
    expect(config).toMatchObject({
      host: '::',
      port: 8080,
      trustProxy: [
        '127.0.0.0/8',
        '::1/128',
        '10.0.0.0/8',
        '172.16.0.0/12',
        '192.168.0.0/16',
        'fc00::/7',
        '203.0.113.7',
        '2001:db8::/32',
      ],
      maxConnections: 50,
      admin: { host: '::1', port: 9000 },
      log: { level: 'debug', format: 'json', access: false },
    });
    expect(config.routes).toMatchObject([
      {
        id: '*.Shop.example/cart/',
        matcher: {
          host: '*.shop.example',
          path: '/cart',
          exact: true,
          methods: ['GET', 'PROPFIND'],
          headers: [
            { name: 'x-version', value: '2' },
            { name: 'x-beta', value: null },
          ],
          cookies: [
            { name: 'Beta', value: '1' },
            { name: 'seen', value: null },
          ],
          query: [
            { name: 'Q', value: 'a b' },
            { name: 'debug', value: null },
          ],
        },
        upstream: {
          endpoints: [
            { address: { key: 'localhost:3003' } },
            { address: { key: '127.0.0.1:3013', addresses: ['127.0.0.1'] } },
            { address: { key: 'https://images.internal:443', tls: true, port: 443, addresses: null } },
            { address: { kind: 'unix', key: 'unix:/run/app.sock', path: '/run/app.sock' } },
          ],
        },
        strip: false,
        rewritePrefix: '',
        append: true,
        rewrite: false,
        hostHeader: 'rewrite',
        timeouts: { connectMs: 1000, responseMs: 500, idleMs: 120_000, tunnelIdleMs: 86_400_000 },
        bodyMaxBytes: 65_536,
      },
    ]);
    const cwd = '/srv/portway';
    expect(config.services).toEqual([
      serviceConfig({
        ...{ source: { line: 23, column: 3 }, run: 'node services/db/main.ts', cwd: `${cwd}/services` },
        env: { LEVEL: '3', ON: 'true', NAME: 'x' },
      }),
      serviceConfig({ name: 'short', source: { line: 24, column: 3 }, run: 'node x.ts', port: null, cwd }),
    ]);
  });

  it('a process beside its route is a service of its own', async () => {
    const config = await good(`
routes:
  /api: { to: 4000, run: npm run dev, cwd: ./api, env: { A: b }, watch: src, mirror: service:jobs }
  shop.test/cart: { to: auto, run: npm run cart }
  /: { to: { at: 4001 }, run: npm run site }
  /jobs: service:jobs
services:
  jobs: { run: npm run jobs, port: auto, watch: [lib, '*.json'] }
`);
    const told = config.services.map(({ name, port, freePort, cwd, watch }) => [
      name,
      port,
      freePort,
      cwd,
      watch,
    ]);
    expect(told).toEqual([
      ['jobs', null, true, '/srv/portway', ['lib', '*.json']],
      ['api', 4000, false, '/srv/portway/api', ['src']],
      ['shop.test-cart', null, true, '/srv/portway', []],
      ['root', 4001, false, '/srv/portway', []],
    ]);
    const ports = new Map([['jobs', 4002 as Port]]);
    const placed = placeServices(config, ports);
    const keys = (one: typeof config) => one.routes.map(({ upstream }) => upstream.endpoints[0]!.address.key);
    expect(keys(config)).toEqual([
      'localhost:4000',
      'service:shop.test-cart',
      'localhost:4001',
      'service:jobs',
    ]);
    expect(keys(placed)).toEqual([
      'localhost:4000',
      'service:shop.test-cart',
      'localhost:4001',
      'localhost:4002',
    ]);
    expect(placed.services[0]).toMatchObject({ name: 'jobs', port: 4002 });
    const copies = (one: typeof config) => one.routes[0]!.mirror!.endpoint.address.key;
    expect([copies(config), copies(placed)]).toEqual(['service:jobs', 'localhost:4002']);
  });

  it('alternatives under one key have ids of their own, and positions', async () => {
    const { routes } = await good(`
routes:
  /api:
    - { to: 3005, when: { headers: { x-beta: true } } }
    - { to: 3006, exact: true }
    - to: 3007
`);
    expect(routes.map(({ id, source }) => [id, source.line])).toEqual([
      ['/api', 4],
      ['/api#2', 5],
      ['/api#3', 6],
    ]);
  });

  it('a route takes the limit of the top level away again', async () => {
    const { routes } = await good(
      'bodyMax: 1kB\nroutes: { /a: 3001, /b: { to: 3001, bodyMax: unlimited }, /c: { to: 3001, bodyMax: 0B } }',
    );
    expect(routes.map(({ bodyMaxBytes }) => bodyMaxBytes)).toEqual([1000, null, 0]);
  });

  it.each([
    ['false', null],
    ['4000', { host: '127.0.0.1', port: 4000 }],
    ['127.0.0.2:4000', { host: '127.0.0.2', port: 4000 }],
    ['localhost:4000', { host: '127.0.0.1', port: 4000 }],
    ['"[::1]:4000"', { host: '::1', port: 4000 }],
    ['{ port: 4000 }', { host: '127.0.0.1', port: 4000 }],
    ['{ host: "[::1]", port: 4000 }', { host: '::1', port: 4000 }],
  ])('admin: %s', async (written, admin) => {
    expect((await good(`admin: ${written}\nroutes: {}`)).admin).toEqual(admin);
  });

  it.each([
    ['loopback', ['127.0.0.0/8', '::1/128']],
    ['10.1.2.3', ['10.1.2.3']],
    ['[]', []],
  ])('trustProxy: %s', async (written, trustProxy) => {
    expect((await good(`trustProxy: ${written}\nroutes: {}`)).trustProxy).toEqual(trustProxy);
  });
});

describe('anchors', () => {
  it('aliases and merge keys are the values that they name', async () => {
    const { routes } = await good(`
routes:
  /a: &a { to: 3001, strip: false, timeouts: { connect: 1s } }
  /b: *a
  /c: { strip: true, <<: *a }
  /d: { <<: [{ to: 3004 }, *a] }
`);
    expect(routes.map((route) => [keysOf(route)[0], route.strip, route.timeouts.connectMs])).toEqual([
      ['localhost:3001', false, 1000],
      ['localhost:3001', false, 1000],
      ['localhost:3001', true, 1000],
      ['localhost:3004', false, 1000],
    ]);
  });
});

describe('a file on the disk', () => {
  it('is read, and modules are found in its folder', async () => {
    const yaml = 'routes:\n  /shout: { to: 7777, extend: ./shout.ts }\n';
    const file = await configFile(yaml, { 'shout.ts': '' });
    const routes = [{ extend: join(dirname(file), 'shout.ts') }];
    expect(await loadConfig(file, {})).toMatchObject({ ok: true, config: { file, routes } });
  });

  it('that is not there is a problem of the file as a whole', async () => {
    const result = await loadConfig('no-such-folder/gateway.config.yaml', {});
    expect(result).toMatchObject({
      ok: false,
      formatted:
        'no-such-folder/gateway.config.yaml  expected a readable file, got no file of that name\n' +
        '      create it, or name another one with --config',
    });
  });
});
