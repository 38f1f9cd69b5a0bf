import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { composeServices } from '../config/compose-file.ts';
import { writtenIn } from '../dev/discovery.ts';
import { runPortway } from '../proof/testing/portway.ts';
import { temporaryFolder } from '../proof/testing/program.ts';

test('what the folder says becomes routes and services of a file that is sound', async () => {
  const cwd = await temporaryFolder({
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
  expect(text).toContain('  odd: { run: "run $HOME --port 18101", cwd: ".", port: 18101 }\n');
  expect(text).toContain('  # apps/odd/package.json is no JSON: it was left out\n');
  expect(text).toContain('  worker: { run: "node worker.js", cwd: "." }\n');
  expect((await runPortway(['check'], { cwd })).stdout).toMatch(/no problems\n$/);
});

test('the gateway leaves a port to the project that has it, and what two have is said', async () => {
  const manifest = (name: string, dev: string) => JSON.stringify({ name, scripts: { dev } });
  const cwd = await temporaryFolder({
    'package.json': JSON.stringify({ workspaces: ['apps/*'] }),
    'apps/a/package.json': manifest('a', 'node a.js --port 3000'),
    'apps/b/package.json': manifest('b', 'docusaurus start'),
    'apps/c/package.json': manifest('c', 'next dev'),
    'apps/d/package.json': manifest('d', 'next dev --turbo'),
  });
  const { code, stdout } = await runPortway(['init', '--no-scan', '--dry-run'], { cwd });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^port: (?:8000|8080|9000)$/m);
  expect(stdout).toContain('  /a: 3000  # `dev` of apps/a/package.json\n');
  expect(stdout).toContain(
    '  # b: 3000 stands above already (`dev` of apps/b/package.json); give it another port\n',
  );
  for (const name of ['c', 'd']) {
    expect(stdout).toContain(`  /${name}: service:${name}  # `);
    expect(stdout).toContain(`  ${name}: { run: "npm run dev", cwd: "apps/${name}", port: auto }\n`);
  }
});

test.each([
  ['Yarn', { 'package.json': '{ "workspaces": { "packages": ["web"] } }' }],
  ['pnpm', { 'package.json': '{}', 'pnpm-workspace.yaml': 'packages: ["web", "!x"]\n' }],
])('workspaces of %s, and the script whose port is known', async (_whose, files) => {
  const scripts = { dev: 'nodemon server.js', start: 'PORT=18300 node server.js' };
  const cwd = await temporaryFolder({
    ...files,
    'web/package.json': JSON.stringify({ name: 'web', scripts }),
  });
  const { stdout } = await runPortway(['init', '--no-scan', '--dry-run'], { cwd });
  expect(stdout).toContain('  /web: 18300  # `start` of web/package.json\n');
});

test('a Procfile of development goes first, and its processes get PORT', async () => {
  const cwd = await temporaryFolder({
    Procfile: 'web: never\n',
    'Procfile.dev': `web: puma -p \${PORT:-18200}\nother: puma -p $PORT\ncss: rails css:watch\nrelease: ./migrate\nno process\n`,
  });
  const { code, stderr } = await runPortway(['init', '--no-scan'], { cwd });
  expect([code, stderr]).toEqual([0, '']);
  const text = await readFile(join(cwd, 'gateway.config.yaml'), 'utf8');
  expect(text).toContain('  /web: 18200  # Procfile.dev\n  /other: service:other  # Procfile.dev\n\n');
  expect(text).toContain('  web: { run: "puma -p $${PORT:-18200}", cwd: ".", port: 18200 }\n');
  expect(text).toContain('  other: { run: "puma -p $PORT", cwd: ".", port: auto }\n');
  expect(text).toContain('  css: { run: "rails css:watch", cwd: "." }\n');
  expect(text).not.toMatch(/release|never/);
  expect((await runPortway(['check'], { cwd })).stdout).toMatch(/no problems\n$/);
});

test.each([
  ['gunicorn app:app -b 0.0.0.0:8123', 8123],
  ['gunicorn app:app --bind=:8123', 8123],
  ['gunicorn app:app', 8000],
  ['gunicorn app:app --bind unix:/tmp/a.sock', null],
  ['uvicorn app:app --uds=/tmp/a.sock', null],
  ['python manage.py runserver 8123', 8123],
  ['python manage.py runserver 0.0.0.0:8123', 8123],
  ['python -m http.server 8123', 8123],
  ['php -S 0.0.0.0:8123 -t public', 8123],
  ['php artisan serve', 8000],
  ['serve -l 8123 dist', 8123],
  ['./server -addr :8123', 8123],
  ['uvicorn app:app --host 0.0.0.0 --port 8123', 8123],
  ['worker --concurrency 20', null],
])('the port of %j is %s', async (command, port) => {
  const [found] = await writtenIn(await temporaryFolder({ Procfile: `web: ${command}\n` }));
  expect(found?.port).toBe(port);
});

test('a configuration that is there stays as it is', async () => {
  const cwd = await temporaryFolder({ 'gateway.config.ts': 'export default {};\n' });
  const { code, stderr } = await runPortway(['init'], { cwd });
  expect([code, stderr]).toEqual([1, expect.stringContaining('there is gateway.config.ts already')]);
});

test('a file that can not be written is said', async () => {
  const cwd = await temporaryFolder({});
  await symlink('nowhere/at-all.yaml', join(cwd, 'gateway.config.yaml'));
  const { code, stderr } = await runPortway(['init', '--no-scan'], { cwd });
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/^portway: can't write gateway\.config\.yaml in /),
  ]);
});

test.each([
  ['- "8080:80"', 8080],
  ['- 127.0.0.1:8080:80/tcp', 8080],
  ['- { published: "8080", target: 80 }', 8080],
  ['- "9000-9002:9000-9002/tcp"', 9000],
  [`- "\${WEB_PORT:-8081}:80"`, 8081],
  ['[ "2222:22", "8082:80" ]', 8082],
  ['- "5432:5432"', undefined],
  ['- { published: 6379, target: 6379 }', undefined],
  ['- "80"', undefined],
  ['- "53:53/udp"', undefined],
  ['- "99999:80"', undefined],
  ['nonsense', undefined],
])('docker-compose: `ports: %s` is published on %s', (ports, port) => {
  expect(composeServices(`services:\n  a:\n    ports:\n      ${ports}\n`)?.[0]?.port).toBe(port);
});

test.each([[''], ['[]'], ['services: 7'], ['services: { a: null }']])(
  'docker-compose: %j has no services',
  (text) => {
    expect(composeServices(text)).toEqual([]);
    expect(composeServices(`{${text}`)).toBeNull();
  },
);
