import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { composeServices } from '../config/compose-file.ts';
import { runPortway } from '../proof/testing/portway.ts';

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const cwd = await mkdtemp(join(tmpdir(), 'portway-init-'));
  onTestFinished(() => rm(cwd, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(cwd, name)), { recursive: true });
    await writeFile(join(cwd, name), text);
  }
  return cwd;
}

test('what the folder says becomes routes and services of a file that is sound', async () => {
  const cwd = await folderWith({
    'package.json': JSON.stringify({
      name: 'shop',
      workspaces: ['apps/*', '../out'],
      scripts: { dev: 'portway dev' },
    }),
    'apps/web/package.json': JSON.stringify({ name: '@shop/web', scripts: { dev: 'vite --port 18173' } }),
    'apps/lib/package.json': JSON.stringify({ name: '@shop/lib' }),
    'apps/odd/package.json': '{ not json',
    Procfile: 'api: PORT=18100 node "api: server".js\nworker: node worker.js\nodd: run $HOME --port 18101\n',
    'docker-compose.yml':
      'services:\n  mail: { ports: ["127.0.0.1:18025:8025"] }\n  "x: y #": { ports: ["18026:1"] }\n',
  });
  const { code, stdout, stderr } = await runPortway(['init', '--no-scan'], { cwd });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^gateway\.config\.yaml: \d+ routes\./);
  const text = await readFile(join(cwd, 'gateway.config.yaml'), 'utf8');
  expect(text).toContain('  /web: 18173  # `dev` of apps/web/package.json\n');
  expect(text).toContain('  /api: 18100  # Procfile\n');
  expect(text).toContain('  /mail: 18025  # docker-compose.yml\n');
  expect(text).toContain('  /x-y: 18026  # docker-compose.yml\n');
  expect(text).toContain('  web: { run: "npm run dev", cwd: "apps/web", port: 18173 }\n');
  expect(text).toContain('  api: { run: "PORT=18100 node \\"api: server\\".js", cwd: ".", port: 18100 }\n');
  expect(text).toContain('  # odd: run $HOME --port 18101\n');
  expect((await runPortway(['check'], { cwd })).stdout).toMatch(/no problems\n$/);
});

test('a configuration that is there stays as it is', async () => {
  const cwd = await folderWith({ 'gateway.config.ts': 'export default {};\n' });
  const { code, stderr } = await runPortway(['init'], { cwd });
  expect([code, stderr]).toEqual([1, expect.stringContaining('there is gateway.config.ts already')]);
});

test.each([
  ['- "8080:80"', 8080],
  ['- 127.0.0.1:8080:80/tcp', 8080],
  ['- { published: "8080", target: 80 }', 8080],
  ['- "80"', undefined],
  ['- "53:53/udp"', undefined],
  ['- "99999:80"', undefined],
  ['nonsense', undefined],
])('docker-compose: `ports: %s` is published on %s', (ports, port) => {
  expect(composeServices(`services:\n  a:\n    ports:\n      ${ports}\n`)[0]?.port).toBe(port);
});

test.each([[''], ['[]'], ['services: 7'], ['services: { a: null }'], ['{{{']])(
  'docker-compose: %j has no services',
  (text) => {
    expect(composeServices(text)).toEqual([]);
  },
);
