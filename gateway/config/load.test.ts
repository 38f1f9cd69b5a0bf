import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contentOf } from './content.ts';
import { type Environment, type LoadResult, loadConfig, loadContent } from './load.ts';
import type { GatewayConfig, RouteConfig } from './model.ts';

const FILE = '/srv/portway/gateway.config.yaml';

function load(text: string, env: Environment = {}): Promise<LoadResult> {
  return loadContent(contentOf(Buffer.from(text)), FILE, env);
}

async function good(text: string, env: Environment = {}): Promise<GatewayConfig> {
  const result = await load(text, env);
  if (!result.ok) throw new Error(result.formatted);
  return result.config;
}

async function theRoute(text: string, env: Environment = {}): Promise<RouteConfig> {
  const { routes } = await good(text, env);
  expect(routes).toHaveLength(1);
  return routes[0]!;
}

async function problemsOf(text: string, env: Environment = {}): Promise<string> {
  const result = await load(text, env);
  return result.ok ? '' : result.formatted;
}

const keysOf = (route: RouteConfig) => route.upstream.endpoints.map(({ key }) => key);

describe('the short form', () => {
  it('fills in every default', async () => {
    expect(await good('routes:\n  /db: 3001\n')).toEqual({
      file: FILE,
      host: '127.0.0.1',
      port: 3000,
      trustProxy: [],
      routes: [
        {
          id: '/db',
          source: { line: 2, column: 3 },
          matcher: { host: null, path: '/db', exact: false, methods: null, headers: [], query: [] },
          upstream: {
            endpoints: [
              {
                kind: 'tcp',
                key: 'localhost:3001',
                tls: false,
                host: '127.0.0.1',
                port: 3001,
                addresses: ['127.0.0.1', '::1'],
              },
            ],
          },
          strip: true,
          rewrite: true,
          hostHeader: 'keep',
          timeouts: { connectMs: 2000, responseMs: 30_000, idleMs: 60_000, tunnelIdleMs: 3_600_000 },
          bodyMaxBytes: null,
          extend: null,
        },
      ],
      services: [],
      admin: { host: '127.0.0.1', port: 3900 },
      log: { level: 'info', format: 'auto', access: true },
      maxConnections: 10_000,
    });
  });

  it('no routes at all can be said', async () => {
    expect((await good('routes: {}')).routes).toEqual([]);
  });

  it('a byte order mark and CRLF make no difference', async () => {
    const route = await theRoute('\ufeffroutes:\r\n  /db: 3001\r\n');
    expect(route).toMatchObject({ id: '/db', source: { line: 2, column: 3 } });
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
          query: [
            { name: 'Q', value: 'a b' },
            { name: 'debug', value: null },
          ],
        },
        upstream: {
          endpoints: [
            { key: 'localhost:3003' },
            { key: '127.0.0.1:3013', addresses: ['127.0.0.1'] },
            { key: 'https://images.internal:443', tls: true, port: 443, addresses: null },
            { kind: 'unix', key: 'unix:/run/app.sock', path: '/run/app.sock' },
          ],
        },
        strip: false,
        rewrite: false,
        hostHeader: 'rewrite',
        timeouts: { connectMs: 1000, responseMs: 500, idleMs: 120_000, tunnelIdleMs: 86_400_000 },
        bodyMaxBytes: 65_536,
      },
    ]);
    expect(config.services).toEqual([
      {
        name: 'db',
        source: { line: 22, column: 3 },
        run: 'node services/db/main.ts',
        port: 3001,
        cwd: '/srv/portway/services',
        env: { LEVEL: '3', ON: 'true', NAME: 'x' },
      },
      {
        name: 'short',
        source: { line: 23, column: 3 },
        run: 'node x.ts',
        port: null,
        cwd: '/srv/portway',
        env: {},
      },
    ]);
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
    ['0.0.0.0:4000', { host: '0.0.0.0', port: 4000 }],
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

describe('variables', () => {
  it.each([
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: what the file says
    ['/a: ${DB_PORT:-3001}', {}, 'localhost:3001'],
    ['/a: ${DB_PORT:-3001}', { DB_PORT: '4001' }, 'localhost:4001'],
    ['/a: ${DB_PORT:-3001}', { DB_PORT: '' }, 'localhost:3001'],
    ['/a: "${DB_HOST}:${DB_PORT}"', { DB_HOST: 'db', DB_PORT: '4001' }, 'db:4001'],
    ['/a: { to: "http://${H:-db}" }', {}, 'db:80'],
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: what the file says
  ])('%s with %o', async (line, env, key) => {
    expect(keysOf(await theRoute(`routes:\n  ${line}\n`, env))).toEqual([key]);
  });

  it('numbers, switches and words can come from them', async () => {
    const env = { P: '8080', YES: 'true', NO: 'off', LEVEL: 'warn' };
    const config = await good(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: what the file says
      'port: ${P}\nlog: { level: "${LEVEL}", access: "${NO}" }\nroutes: { /a: { to: 3001, exact: "${YES}" } }',
      env,
    );
    expect(config).toMatchObject({ port: 8080, log: { level: 'warn', access: false } });
    expect(config.routes[0]?.matcher.exact).toBe(true);
  });

  it('an escaped one and a lone $ stay for the shell', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what the file says
    const { services } = await good('services: { a: "echo $${HOME} $HOME ${X:-x}" }\nroutes: {}');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what the shell gets
    expect(services[0]?.run).toBe('echo ${HOME} $HOME x');
  });

  it('what a variable holds is not expanded again', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what the file says
    const { services } = await good('services: { a: "echo ${X}" }\nroutes: {}', { X: '${Y}' });
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what the shell gets
    expect(services[0]?.run).toBe('echo ${Y}');
  });

  it('what every object inherits is not in the environment', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what the file says
    expect(await problemsOf('services: { a: "echo ${toString}" }\nroutes: {}')).toContain(
      'expected the environment to have toString',
    );
  });
});

describe('GATEWAY_HOSTS', () => {
  const env = { GATEWAY_HOSTS: '3001=db, 3002=[fd00::2]' };

  it.each([
    ['3001', 'db:3001'],
    ['localhost:3001', 'db:3001'],
    ['http://localhost:3001', 'db:3001'],
    ['3002', '[fd00::2]:3002'],
    ['127.0.0.1:3001', '127.0.0.1:3001'],
    ['3003', 'localhost:3003'],
  ])('%s is %s', async (target, key) => {
    expect(keysOf(await theRoute(`routes: { /a: "${target}" }`, env))).toEqual([key]);
  });

  it('a port that has moved to another host is not the gateway itself', async () => {
    expect(await problemsOf('port: 3001\nroutes: { /a: 3001 }')).toContain(
      'where the gateway itself listens',
    );
    expect(await problemsOf('port: 3001\nroutes: { /a: 3001 }', env)).toBe('');
  });
});

describe('host', () => {
  it.each([
    ['', {}, '127.0.0.1'],
    ['', { PORTWAY_HOST: '0.0.0.0' }, '0.0.0.0'],
    ['host: 10.0.0.1', { PORTWAY_HOST: '0.0.0.0' }, '10.0.0.1'],
    ['host: "[::]"', {}, '::'],
    ['host: Gateway.Example.', {}, 'gateway.example'],
  ])('%s with %o is %s', async (line, env, host) => {
    expect((await good(`${line}\nroutes: {}`, env)).host).toBe(host);
  });
});

describe('a target is the gateway itself only where a connection would end at it', () => {
  it.each([
    ['127.0.0.1', '3000', true],
    ['127.0.0.1', '"[::1]:3000"', false],
    ['127.0.0.1', '127.0.0.2:3000', false],
    ['127.0.0.1', '0.0.0.0:3000', true],
    ['127.0.0.1', 'x.localhost:3000', true],
    ['127.0.0.1', 'db:3000', false],
    ['0.0.0.0', '127.0.0.2:3000', true],
    ['0.0.0.0', '"[::1]:3000"', false],
    ['"::"', '"[::1]:3000"', true],
    ['"::"', '127.0.0.1:3000', true],
    ['10.0.0.1', '3000', false],
    ['10.0.0.1', '10.0.0.1:3000', true],
    ['localhost', '"[::1]:3000"', true],
    ['127.0.0.1', '3900', true],
  ])('host: %s, target: %s: %s', async (host, target, isSelf) => {
    const formatted = await problemsOf(`host: ${host}\nroutes: { /a: ${target} }`);
    expect(formatted.includes('itself listens')).toBe(isSelf);
    expect(formatted === '').toBe(!isSelf);
  });

  it('switching the admin listener off frees its port', async () => {
    expect(await problemsOf('admin: false\nroutes: { /a: 3900 }')).toBe('');
  });
});

describe('a file on the disk', () => {
  it('is read, and modules are found in its folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'portway-load-'));
    const file = join(folder, 'gateway.config.yaml');
    await writeFile(join(folder, 'shout.ts'), '');
    await writeFile(file, 'routes:\n  /shout: { to: 7777, extend: ./shout.ts }\n');
    const result = await loadConfig(file, {});
    expect(result).toMatchObject({
      ok: true,
      config: { file, routes: [{ extend: join(folder, 'shout.ts') }] },
    });
    await rm(folder, { recursive: true });
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

describe('whatever a file holds, an answer comes', () => {
  const whole = `port: 3000
trustProxy: [loopback]
routes:
  /a: &a { to: [3001, "db:3002"], timeouts: { connect: 1s } }
  'shop.localhost/b': { <<: *a, when: { methods: [GET], query: { q: "\${X:-1}" } } }
services: { db: { run: "node x", port: 3001 } } # end
`;

  it('cut off anywhere', async () => {
    for (let end = 0; end < whole.length; end++) await expectAnswer(whole.slice(0, end));
  });

  it('with any one character replaced by one that YAML has a use for', async () => {
    const random = sequence(7);
    for (let round = 0; round < 1500; round++) {
      const at = Math.floor(random() * whole.length);
      const char = SPECIAL[Math.floor(random() * SPECIAL.length)]!;
      await expectAnswer(whole.slice(0, at) + char + whole.slice(at + 1));
    }
  });

  it.each([
    ['brackets', 'a: '.padEnd(100_000, '[')],
    ['dashes', '- '.repeat(50_000)],
    ['question marks', '? '.repeat(5000)],
    ['indentation', Array.from({ length: 1000 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('')],
    ['quotes', '"'.repeat(50_001)],
    ['NUL', 'routes:\n  /a\0: 3001\n'],
    ['one long line', `routes: { /${'a'.repeat(100_000)}: x }`],
  ])('with nothing but %s', async (_, text) => {
    await expectAnswer(text);
  });
});

const SPECIAL = [
  '\t',
  '\n',
  ' ',
  ':',
  '-',
  '[',
  ']',
  '{',
  '}',
  '&',
  '*',
  '!',
  '|',
  '>',
  '%',
  '@',
  '"',
  "'",
  '#',
  '?',
  ',',
  '$',
  '\0',
  '<',
  '~',
];

async function expectAnswer(text: string): Promise<void> {
  const result = await load(text);
  if (result.ok) expect(result.config.file).toBe(FILE);
  else expect(result.formatted).toContain('expected');
}

/** A repeatable sequence of numbers from 0 to 1. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}
