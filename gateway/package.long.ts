import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const folder = fileURLToPath(new URL('./', import.meta.url));
const run = promisify(execFile);

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

let destination: string;
let packed: Packed;

beforeAll(async () => {
  destination = await mkdtemp(join(tmpdir(), 'portway-pack-'));
  const args = ['pack', '--json', '--silent', '--pack-destination', destination];
  const { stdout } = await run('npm', args, { cwd: folder });
  // npm 11 answers a list, npm 12 an object by name.
  [packed] = Object.values(JSON.parse(stdout.slice(stdout.search(/^[[{]/m)))) as [Packed];
}, 240_000);

afterAll(() => rm(destination, { recursive: true, force: true }));

test('the packed tarball has the README, the licence and the program, and nothing of the proof', () => {
  const paths = packed.files.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining([
      'README.md',
      'LICENSE',
      'bin/portway.js',
      'dist/program/main.js',
      'dist/program/portway.js',
      'dist/portway.d.ts',
    ]),
  );
  expect(paths.filter((path) => /\.(test|long)\.|^dist\/proof\//.test(path))).toEqual([]);
  expect(packed.size).toBeLessThan(550_000);
  // The copies are for the tarball alone.
  expect(['README.md', 'LICENSE'].filter((file) => existsSync(join(folder, file)))).toEqual([]);
});

// The oldest Node of each line that the package is for: `node@…` of the registry is that program.
const OTHER_NODES = { 'node-22': 'npm:node@22.20.0', 'node-24': 'npm:node@24.7.0' };

describe('installed in an empty folder', () => {
  let stranger: string;

  beforeAll(async () => {
    stranger = await mkdtemp(join(tmpdir(), 'portway-stranger-'));
    const dependencies = {
      portway: `file:${join(destination, packed.filename)}`,
      ...(await versionsOfOurs('typescript', '@types/node')),
      ...OTHER_NODES,
    };
    const files = { 'package.json': JSON.stringify({ type: 'module', dependencies }), ...FILES };
    await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(stranger, name), text)));
    const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
    const install = () => run('npm', ['install', ...quiet], { cwd: stranger });
    // Two more Nodes come from the registry: an answer that it owes is no fault of the package.
    await install().catch(install);
  }, 480_000);

  afterAll(() => rm(stranger, { recursive: true, force: true }));

  test('its types compile for a program that checks those of its libraries, too', async () => {
    const compiled = run('npx', ['tsc', '-p', '.'], { cwd: stranger });
    expect((await compiled.catch((failed: unknown) => failed)) as { stdout: string }).toMatchObject({
      stdout: '',
    });
  }, 60_000);

  test.each(['22.20.0', '24.7.0', process.versions.node])(
    'runs on Node %s',
    async (version) => {
      const other = join(stranger, 'node_modules', `node-${version.slice(0, 2)}`, 'bin/node');
      const node = version === process.versions.node ? process.execPath : other;
      const ran = (...args: string[]) => run(node, args, { cwd: stranger });
      expect((await ran('--version')).stdout.trim()).toBe(`v${version}`);
      expect((await ran('node_modules/.bin/portway', 'check', 'gateway.config.yaml')).stdout).toMatch(/\S/);
      expect((await ran('program.js')).stdout).toBe('HTTP/1.1 /users?x=1\nHTTP/2 /users?x=1\n');
    },
    60_000,
  );

  test('npx runs it', async () => {
    const { stdout } = await run('npx', ['portway', '--version'], { cwd: stranger });
    expect(stdout).toContain('0.1.0');
  }, 60_000);
});

async function versionsOfOurs(...names: string[]): Promise<Record<string, string>> {
  const file = await readFile(join(folder, '../package.json'), 'utf8');
  const { devDependencies } = JSON.parse(file) as { devDependencies: Record<string, string> };
  return Object.fromEntries(names.map((name) => [name, devDependencies[name]!]));
}

const FILES = {
  'gateway.config.yaml': 'routes:\n  /db: 3001\n',
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      strict: true,
      skipLibCheck: false,
      noEmit: true,
      module: 'nodenext',
      target: 'esnext',
      types: ['node'],
    },
    include: ['typed.ts'],
  }),
  'typed.ts': `
import { defineConfig, startGateway, type RouteExtension } from 'portway';

export const config = defineConfig({ routes: { '/db': 3001, '/files': { to: 3002, strip: false } } });
export const extension: RouteExtension = {
  async preHandler(request, reply) {
    if (request.headers.authorization === undefined) await reply.code(401).send({ error: 'who asks?' });
  },
  replyOptions: {
    rewriteHeaders: (headers) => ({ ...headers, 'x-seen': '1' }),
    rewriteRequestHeaders: (request, headers) => ({ ...headers, 'x-path': request.originalUrl }),
    onResponse: (_request, reply, answer) => reply.send(answer.stream),
  },
};
await using gateway = await startGateway({ config, port: 0 });
console.log(gateway.url);
`,
  'program.js': `
import { createServer } from 'node:http';
import { connect } from 'node:http2';
import { text } from 'node:stream/consumers';
import { startGateway } from 'portway';

const service = createServer((request, response) => response.end(request.url));
await new Promise((resolve) => service.listen(0, '127.0.0.1', resolve));
const gateway = await startGateway({ config: { routes: { '/db': service.address().port } }, port: 0 });
const answer = await fetch(gateway.url + '/db/users?x=1');
console.log('HTTP/1.1', await answer.text());
const session = connect(gateway.url);
console.log('HTTP/2', await text(session.request({ ':path': '/db/users?x=1' })));
session.close();
await gateway.close();
service.close();
service.closeAllConnections();
`,
};
