import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runHere, runPortway } from '../proof/testing/portway.ts';
import { configFile, temporaryFolder } from '../proof/testing/program.ts';

const folderWith = (yaml: string, name = 'gateway.config.yaml') => temporaryFolder({ [name]: yaml });

describe('portway check', () => {
  it('takes the file of the current folder', async () => {
    const cwd = await folderWith('routes: { /db: 3001 }');
    const stdout = 'gateway.config.yaml: 1 route, 0 services, no problems\n';
    expect(await runPortway(['check'], { cwd })).toEqual({ code: 0, stdout, stderr: '' });
  });

  it('counts raw ports where there are any', async () => {
    const file = await configFile(
      'routes: { /db: 3001 }\nstreams: { tcp: { 7000: 7001 }, udp: { 7000: 7001 } }',
    );
    expect((await runHere(['check', file])).stdout).toContain('1 route, 2 streams, 0 services, no problems');
  });

  it.each([[['check']], [['check', '--config']], [['check', '-c']]])(
    '%j takes another file',
    async (args) => {
      const yaml = 'routes: { /db: 3001, /files: 3002 }\nservices: { db: { run: node db.js, port: 3001 } }';
      const file = await configFile(yaml);
      const stdout = `${file}: 2 routes, 1 service, no problems\n`;
      expect(await runHere([...args, file])).toEqual({ code: 0, stdout, stderr: '' });
    },
  );

  it.each([
    [['check', '-'], /^stdin: 1 route, 0 services, no problems$/m],
    [['check', '--config', '-'], /^stdin: 1 route/],
    [['check', '--config=-'], /^stdin: 1 route/],
    [['explain', '-c', '-', '/db/x'], /stdin:1/],
    [['convert', '-'], /^kind: HTTPRoute$/m],
  ])('%j reads standard input', async (args, expected) => {
    const { code, stdout, stderr } = await runHere(args, {}, 'routes: { /db: { to: 3001, rewrite: off } }');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(expected);
  });

  it('says on a terminal what it waits for', async () => {
    const { code, stderr } = await runHere(['check', '-'], {}, 'routes: {}', { terminal: true });
    expect([code, stderr]).toEqual([0, 'stdin: the configuration is read from here; Ctrl-D ends it\n']);
  });

  it('shows problems of standard input with their lines', async () => {
    const { code, stdout } = await runHere(['check', '-'], {}, 'routes:\n  /db: 3OO1\n');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^stdin:2:8 /);
    const large = await runHere(['check', '-'], {}, Buffer.alloc(5 * 1024 * 1024, 35));
    expect(large.stdout).toMatch(/^stdin .*more than 4 MiB/);
  });

  it('--json has the problems as data', async () => {
    const { code, stdout } = await runHere(['check', '--json', '-'], {}, 'routes:\n  /db: 3OO1\n');
    expect([code, JSON.parse(stdout)]).toMatchObject([
      1,
      { file: 'stdin', ok: false, problems: [{ line: 2, column: 8, path: 'routes./db.to' }], warnings: [] },
    ]);
    const sound = await runHere(['check', '--json', '-'], {}, 'routes: { /db: 3001 }');
    expect(JSON.parse(sound.stdout)).toEqual({ file: 'stdin', ok: true, problems: [], warnings: [] });
    const nowhere = await runPortway(['check', '--json'], { cwd: await temporaryFolder() });
    expect(JSON.parse(nowhere.stdout)).toMatchObject({ ok: false, said: expect.stringContaining('init') });
  });

  it('loads the modules that routes are extended with', async () => {
    const cwd = await folderWith(
      'routes:\n  /a: { to: 3001, extend: ./good.mjs }\n  /b: { to: 3001, extend: ./bad.mjs }\n',
    );
    await writeFile(join(cwd, 'good.mjs'), 'export default {};');
    await writeFile(join(cwd, 'bad.mjs'), 'export default { preHandler: 1 };');
    const { code, stdout } = await runPortway(['check'], { cwd });
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^gateway.config.yaml:3:3 {2}routes.\/b.extend {2}expected a module.*preHandler must be a function\n {4}3 \| {3}\/b: .*\n.*\^\^/,
    );
    expect(stdout).toMatch(/\n1 problem\n$/);
  });

  it('warns of compress where a module sends the bodies by itself', async () => {
    const cwd = await folderWith(
      'compress: true\nroutes:\n  /a: { to: 3001, extend: ./head.mjs }\n  /b: { to: 3001, extend: ./body.mjs }\n',
    );
    await writeFile(join(cwd, 'head.mjs'), 'export default {};');
    await writeFile(join(cwd, 'body.mjs'), 'export default { replyOptions: { onResponse() {} } };');
    const { code, stdout } = await runPortway(['check'], { cwd });
    expect(code).toBe(0);
    expect(stdout.match(/^warning: .*$/gm)).toEqual([
      expect.stringMatching(
        /the route \/b \(line 4 .*`compress` does nothing there.*take one of the two away$/,
      ),
    ]);
  });

  it.each([
    ['{ host: 0.0.0.0, port: 9900, token: keys.txt }', true],
    ["{ host: '::', port: 9900, token: keys.txt }", true],
    ['{ host: 0.0.0.0, port: 9900, token: keys.txt, tls: dev }', false],
    ['9900', false],
    ['localhost:9900', false],
  ])('warns of `admin: %s` as a start does: %s', async (admin, warned) => {
    const file = await configFile(`admin: ${admin}\nroutes: { /db: 3001 }\n`);
    await writeFile(join(dirname(file), 'keys.txt'), '');
    const { code, stdout } = await runHere(['check', file]);
    expect(code).toBe(0);
    expect(stdout.includes('warning: the admin listener can be reached from other machines')).toBe(warned);
  });

  it.each([
    ['[private, 0.0.0.0/0]', true],
    ['"::/0"', true],
    ['[private, 10.0.0.0/8, "fd00::/10"]', false],
  ])('warns of `trustProxy: %s`: %s', async (peers, warned) => {
    const { code, stdout } = await runHere(['check', '-'], {}, `trustProxy: ${peers}\nroutes: {}\n`);
    expect(code).toBe(0);
    expect(stdout.includes('warning: `trustProxy:` believes everybody')).toBe(warned);
  });

  const JWT = 'issuer: "https://id.test", audience: a';
  it.each([
    [`auth: { jwt: { jwks: "http://id.test/jwks.json", ${JWT} } }`, 'from http://id.test in clear'],
    [`auth: { any: [{ keys: keys.txt }, { jwt: { jwks: "http://127.a.test/", ${JWT} } }] }`, '127.a.test'],
    [`auth: { jwt: { jwks: "https://id.test/jwks.json", ${JWT} } }`, null],
    [`auth: { jwt: { jwks: "http://[::1]:81/jwks.json", ${JWT} } }`, null],
    ['rateLimit: { rate: 1/s, by: user }, bandwidth: 1MB/s', 'counts by user (rateLimit:)'],
    ['concurrent: { requests: 1, by: user }', 'counts by user (concurrent:)'],
    ['bandwidth: { answers: 1MB/s, by: user }', 'counts by user (bandwidth:)'],
    ['rateLimit: { rate: 1/s, by: user }, auth: { keys: keys.txt }', null],
  ])('warns of %s: %s', async (keys, warning) => {
    const file = await configFile(`routes: { /db: { to: 3001, ${keys} } }\n`);
    await writeFile(join(dirname(file), 'keys.txt'), '');
    const { code, stdout } = await runHere(['check', file]);
    expect([code, stdout.includes('warning: the route /db')]).toEqual([0, warning !== null]);
    expect(stdout).toContain(warning ?? 'no problems');
  });

  it('shows every problem with its line, and how many there are', async () => {
    const cwd = await folderWith('routes:\n  /db: 3OO1\n  /files: 99999\n');
    const { code, stdout } = await runPortway(['check'], { cwd });
    expect(code).toBe(1);
    expect(stdout).toContain('gateway.config.yaml:2:8');
    expect(stdout).toContain('    2 |   /db: 3OO1');
    expect(stdout).toContain('gateway.config.yaml:3:11');
    expect(stdout).toMatch(/\n2 problems\n$/);
  });

  it('uses colours where they are asked for, and none elsewhere', async () => {
    const file = await configFile('routes: 7\n');
    expect((await runHere(['check', file])).stdout).not.toContain('\x1b[');
    const coloured = await runHere(['check', file], { FORCE_COLOR: '1' });
    expect(coloured.stdout).toContain('\x1b[');
  });

  it('expands variables of the environment', async () => {
    const file = await configFile(`routes: { /db: "$${'{DB_PORT}'}" }`);
    expect((await runHere(['check', file], { DB_PORT: '3001' })).code).toBe(0);
    expect((await runHere(['check', file], { DB_PORT: 'x' })).code).toBe(1);
  });

  it('says what to do where there is no file', async () => {
    const cwd = await temporaryFolder();
    const { code, stdout } = await runPortway(['check'], { cwd });
    expect(code).toBe(1);
    expect(stdout).toContain('there is no gateway.config.yaml in ');
    expect(stdout).toContain('--config FILE');
    expect((await runHere(['check', 'nope.yaml'])).stdout).toMatch(/^nope\.yaml /);
  });

  it('finds nothing wrong with the file that is shipped', async () => {
    const cwd = join(import.meta.dirname, '../..');
    const { code, stdout } = await runPortway(['check'], { cwd });
    expect(stdout).toMatch(/^gateway\.config\.yaml: \d+ routes, \d+ streams, \d+ services, no problems\n$/);
    expect(code).toBe(0);
  });
});
