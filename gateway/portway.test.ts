import { readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ConfigError, defineConfig, type Gateway, type StartOptions, startGateway } from './portway.ts';
import { Logbook } from './proof/testing/logbook.ts';
import { until } from './proof/testing/poll.ts';
import { temporaryFolder } from './proof/testing/program.ts';
import { ok, startService } from './proof/testing/service.ts';

const repository = fileURLToPath(new URL('../node_modules', import.meta.url));

async function started(options: StartOptions): Promise<Gateway> {
  const gateway = await startGateway({ port: 0, ...options });
  onTestFinished(async () => void (await gateway.close(0)));
  return gateway;
}

async function answered(gateway: Gateway, path: string): Promise<string> {
  return (await fetch(gateway.url + path, { headers: { connection: 'close' } })).text();
}

async function problemsOf(options: StartOptions) {
  const cause = await startGateway({ port: 0, ...options }).catch((error: unknown) => error);
  expect(cause).toBeInstanceOf(ConfigError);
  return cause as ConfigError;
}

describe('startGateway', () => {
  test('takes an object, the text of a file, or a file', async () => {
    const { port } = (await startService()).answer(ok('served'));
    const file = join(await temporaryFolder({ 'g.yaml': `routes: { /db: ${port} }\n` }), 'g.yaml');
    const sources: StartOptions[] = [
      { config: { routes: { '/db': port } } },
      { config: { routes: { '/db': { to: `127.0.0.1:${port}`, strip: true } }, log: { level: 'debug' } } },
      { yaml: `routes: { /db: ${port} }` },
      { file },
    ];
    for (const source of sources) expect(await answered(await started(source), '/db/')).toBe('served');
  });

  test('several run in one process, each on a port of its own, with an admin listener only where one is asked for', async () => {
    const { port } = (await startService()).answer(ok('served'));
    const config = defineConfig({ routes: { '/db': port } });
    const [one, two] = [await started({ config }), await started({ config, adminPort: 0 })];
    expect(one.address.port).not.toBe(two.address.port);
    expect(one.adminAddress).toBeNull();
    const health = await fetch(`http://127.0.0.1:${two.adminAddress!.port}/healthz`);
    expect([health.status, await answered(one, '/db/'), await answered(two, '/db/')]).toEqual([
      200,
      'served',
      'served',
    ]);
  });

  test('leaves its port free when it is closed, once or twice', async () => {
    const gateway = await started({ config: { routes: { '/db': 3001 } } });
    expect(await gateway.close()).toBe(true);
    expect(await gateway.close()).toBe(true);
    const next = createServer();
    await new Promise<void>((resolve, reject) => {
      next.once('error', reject).listen(gateway.address.port, '127.0.0.1', resolve);
    });
    next.close();
  });

  test('leaves the level of a logger as it is', async () => {
    const logbook = new Logbook();
    const log = pino({ level: 'error' }, logbook);
    await started({ config: { routes: { '/db': 3001 } }, log });
    expect([log.level, logbook.records]).toEqual(['error', []]);
  });

  test.each([
    ['none', {} as StartOptions],
    ['two', { yaml: 'routes: {}', file: 'g.yaml' } as unknown as StartOptions],
  ])('wants one source, not %s', async (_what, options) => {
    await expect(startGateway(options)).rejects.toThrow('needs one of `config`, `yaml` and `file`');
  });
});

describe('what is wrong with an object', () => {
  test('is all reported by path, without lines', async () => {
    const { problems, message } = await problemsOf({
      config: { routes: { '/db': 99_999, '/files': 99_999, '/x': { to: 1, stripp: true } } } as never,
    });
    expect(problems.map(({ path, line }) => [path, line])).toEqual([
      ['routes./db.to', 0],
      ['routes./files.to', 0],
      ['routes./x.stripp', 0],
    ]);
    expect(message).toMatch(/^config {2}routes.\/db.to {2}expected a port from 1 to 65535, got 99999\n/);
    expect(message).not.toContain(' | ');
  });

  const circular: Record<string, unknown> = {};
  circular.self = circular;
  test.each([
    ['a function', { routes: { '/db': () => 3001 } }, 'routes./db', 'a function'],
    ['a bigint', { routes: { '/db': 3001n } }, 'routes./db', 'a bigint'],
    ['a symbol', { routes: { '/db': { to: [Symbol('x')] } } }, 'routes./db.to[0]', 'a symbol'],
    ['NaN', { routes: { '/db': Number.NaN } }, 'routes./db', 'NaN'],
    ['a date', { routes: { '/db': new Date() } }, 'routes./db', 'an instance of Date'],
    ['a map', { routes: new Map() }, 'routes', 'an instance of Map'],
    ['a circle', { routes: circular }, 'routes.self', 'an object that holds itself'],
    ['nothing', null, '', 'null'],
    ['a text', 'routes: {}', '', 'a string'],
  ])('%s has no place in it', async (_what, config, path, found) => {
    const { problems } = await problemsOf({ config: config as never });
    expect(problems).toMatchObject([{ path, found }]);
  });
});

describe('a file that is a module', () => {
  test.each([
    ['ts', 'const port: number = PORT;\nexport default { routes: { "/db": port } };\n'],
    [
      'js',
      'import { defineConfig } from "portway";\nexport default defineConfig({ routes: { "/db": PORT } });\n',
    ],
    ['mjs', 'export default Promise.resolve({ routes: { "/db": PORT } });\n'],
    ['mts', 'import { port } from "./port.ts";\nexport default { routes: { "/db": port } };\n'],
  ])('%s serves what its default export says', async (ending, text) => {
    const { port } = (await startService()).answer(ok('served'));
    const path = await temporaryFolder({
      [`gateway.config.${ending}`]: text.replace('PORT', String(port)),
      'port.ts': `export const port: number = ${port};\n`,
    });
    await symlink(repository, join(path, 'node_modules'));
    const gateway = await started({ file: join(path, `gateway.config.${ending}`) });
    expect(await answered(gateway, '/db/')).toBe('served');
  });

  test('is watched; what it imports is read anew with it; a broken one changes nothing', async () => {
    const [one, two] = [await startService(), await startService()];
    one.answer(ok('one'));
    two.answer(ok('two'));
    const path = await temporaryFolder({
      'gateway.config.ts': 'import { port } from "./port.ts";\nexport default { routes: { "/db": port } };\n',
      'port.ts': `export const port = ${one.port};\n`,
    });
    const file = join(path, 'gateway.config.ts');
    const gateway = await started({ file });
    expect(await answered(gateway, '/db/')).toBe('one');
    await writeFile(join(path, 'port.ts'), `export const port = ${two.port};\n`);
    await writeFile(file, `// edited\n${await readFile(file, 'utf8')}`);
    await until('the edit serves', async () => (await answered(gateway, '/db/')) === 'two');
    await writeFile(file, 'export default {');
    expect(await gateway.reload()).toMatch(/a module that gives a configuration, got SyntaxError/);
    expect(await answered(gateway, '/db/')).toBe('two');
  });

  test('reads the environment that it is started with', async () => {
    const { port } = (await startService()).answer(ok('served'));
    const path = await temporaryFolder({
      'g.config.ts': 'export default { routes: { "/db": Number(process.env.DB_PORT) } };\n',
    });
    const gateway = await started({ file: join(path, 'g.config.ts'), env: { DB_PORT: String(port) } });
    expect(await answered(gateway, '/db/')).toBe('served');
  });

  test.each([
    [
      'throws',
      'function load() {\n  throw new Error("no such table");\n}\nload();\n',
      'Error: no such table',
      'g.ts:2:9',
    ],
    ['is no program', 'export default {\n', 'SyntaxError', 'g.ts'],
    ['imports what is not there', 'import "./nope.ts";\n', 'nope.ts', null],
    [
      'has no default export',
      'export const config = {};\n',
      'one without a default export',
      'export default',
    ],
    [
      'is taken for CommonJS',
      'import "node:fs";\nexport default {};\n',
      'outside a module',
      '"type": "module"',
    ],
    [
      'waits for ever',
      'await new Promise(() => {});\nexport default {};\n',
      'ended before it gave any',
      null,
    ],
    ['ends its process', 'process.exit(0);\n', 'ended before it gave any', null],
    ['exports a function', 'export default () => ({});\n', 'a function', null],
    ['is wrong in it', 'export default { routes: { "/db": 0 } };\n', '0', 'routes./db.to'],
  ])('is refused where it %s', async (what, text, found, where) => {
    const type = what === 'is taken for CommonJS' ? 'commonjs' : 'module';
    const path = await temporaryFolder({ 'g.ts': text, 'package.json': JSON.stringify({ type }) });
    const { message, problems } = await problemsOf({ file: join(path, 'g.ts') });
    expect(problems).toHaveLength(1);
    expect(problems[0]!.found).toContain(found);
    if (where !== null) expect(message).toContain(where);
    expect(message).not.toMatch(/module-program|node:internal/);
  });
});

test('the example of docs/api.md is the test beside it', async () => {
  const docs = await readFile(new URL('../docs/api.md', import.meta.url), 'utf8');
  const example = await readFile(new URL('./examples/gateway.test.ts', import.meta.url), 'utf8');
  expect(docs).toContain(`\`\`\`ts\n${example}\`\`\`\n`);
});
