import { execFile } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { writeFile } from 'node:fs/promises';
import { createServer as createWebServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import type { Finding } from '../dev/diagnosis.ts';
import { freePort } from '../proof/testing/free-port.ts';
import { runHere, startPortway } from '../proof/testing/portway.ts';
import { PORTWAY, Processes } from '../proof/testing/processes.ts';
import { configFile } from '../proof/testing/program.ts';
import { missingRedis, TestRedis } from '../proof/testing/redis.ts';
import { selfSigned } from '../proof/testing/self-signed.ts';

async function listening(server: Server, host = '127.0.0.1', port = 0): Promise<number> {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const web = (body: string, headers: Record<string, string> = { 'content-type': 'text/html' }) =>
  listening(createWebServer((_request, response) => void response.writeHead(200, headers).end(body)));

async function doctor(yaml: string) {
  const file = await configFile(`port: ${await freePort()}\n${yaml}`);
  const { code, stdout } = await runHere(['doctor', '--json', '--config', file]);
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  const text = (await runHere(['doctor', '--config', file])).stdout;
  return { code, text, findings: findings.filter(({ where }) => where !== 'this machine') };
}

test('a map that fits the machine has nothing wrong', async () => {
  const { code, findings, text } = await doctor(`routes: { /db: ${await web('hello')} }\n`);
  expect({ code, findings }).toEqual({ code: 0, findings: [] });
  expect(text).toMatch(/gateway\.config\.yaml on Node \d+\.\d+\.\d+: nothing is wrong\n$/);
});

test('each address that is not as the map says is told with its line and what to do', async () => {
  const { key, cert } = selfSigned('127.0.0.1');
  const tls = await listening(createTlsServer({ key, cert }, (socket) => socket.on('error', () => {})));
  const raw = await listening(
    createServer((socket) => void socket.on('error', () => {}).end('+OK ready\r\n')),
  );
  const plain = await web('hello');
  const dead = await freePort();
  const { code, findings, text } = await doctor(
    [
      'routes:',
      `  /tls: ${tls}`,
      `  /raw: ${raw}`,
      `  /plain: https://127.0.0.1:${plain}`,
      `  /signed: https://127.0.0.1:${tls}`,
      `  /dead: ${dead}`,
      'services:',
      `  later: { run: node later.js, port: ${await freePort()} }`,
      '',
    ].join('\n'),
  );
  expect(code).toBe(1);
  expect(findings.map(({ where, what }) => [where, what])).toEqual([
    ['/tls (line 3 of the configuration)', expect.stringContaining('speaks TLS')],
    ['/raw (line 4 of the configuration)', expect.stringContaining('answers, but not in HTTP')],
    ['/plain (line 5 of the configuration)', expect.stringContaining('speaks plain HTTP, not TLS')],
    ['/signed (line 6 of the configuration)', expect.stringMatching(/the certificate of .* is refused/)],
    ['/dead (line 7 of the configuration)', `nothing listens on localhost:${dead}`],
  ]);
  expect(text).toContain('5 things are wrong');
});

test('a port that a service of the file will open is no fault', async () => {
  const port = await freePort();
  const { code, findings } = await doctor(
    `routes: { /db: ${port} }\nservices: { db: { run: node db.js, port: ${port} } }\n`,
  );
  expect(code).toBe(0);
  expect(findings).toMatchObject([{ level: 'note', todo: '`portway dev` starts the service db there' }]);
});

test('a page that refers to what is outside its prefix is noted, and wrong with `escape: off`', async () => {
  const port = await web('<script src="/db/ok.js"></script><script src="/assets/app.js"></script>');
  const noted = await doctor(`routes: { /db: ${port} }\n`);
  expect(noted.code).toBe(0);
  expect(noted.findings[0]?.what).toBe('its page refers to /assets/app.js, which is outside /db');
  const wrong = await doctor(`routes: { /db: { to: ${port}, escape: off } }\n`);
  expect(wrong.code).toBe(1);
  expect((await doctor(`routes: { /db: { to: ${port}, strip: false } }\n`)).findings).toEqual([]);
});

test('a service whose clock is far off is told', async () => {
  const { code, findings } = await doctor(
    `routes: { /db: ${await web('x', { date: new Date(Date.now() - 3_600_000).toUTCString() })} }\n`,
  );
  expect([code, findings[0]?.what]).toEqual([
    1,
    expect.stringMatching(/its clock and ours are 3[56]\d\d s apart/),
  ]);
});

test('the gateway’s own port in other hands is wrong, and the process is named', async () => {
  const port = await web('mine');
  const { code, findings } = await doctor(`# ${''}\nadmin: false\nroutes: { /db: ${port} }\n`);
  expect([code, findings]).toEqual([0, []]);
  const file = await configFile(`port: ${port}\nroutes: { /db: ${await web('other')} }\n`);
  const { code: taken, stdout } = await runHere(['doctor', '--config', file]);
  expect(taken).toBe(1);
  expect(stdout).toContain(`port ${port}, the gateway's own: it is taken by`);
});

test('a service on the other loopback address, and one that says nothing, are told', async () => {
  const other = await freePort();
  await listening(createServer(), '::1', other);
  const silent = await listening(createServer((socket) => void socket.on('error', () => {})));
  const { code, findings } = await doctor(`routes: { /other: "127.0.0.1:${other}", /silent: ${silent} }\n`);
  expect(code).toBe(1);
  expect(findings).toMatchObject([
    { level: 'wrong', what: `something listens on [::1]:${other} only, not on 127.0.0.1` },
    { level: 'wrong', what: expect.stringContaining('takes connections, but says nothing') },
  ]);
});

test('the gateway of this configuration on its own port is no fault', async () => {
  const file = await configFile(
    `port: ${await freePort()}\nadmin: false\nroutes: { /db: ${await web('hello')} }\n`,
  );
  await startPortway(['dev', '--config', file]).said('Ctrl-C stops everything');
  const { code, stdout } = await runHere(['doctor', '--json', '--config', file]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout).findings).toContainEqual(
    expect.objectContaining({ level: 'note', what: expect.stringMatching(/^Portway runs \(pid \d+\)$/) }),
  );
});

test('of this machine, few descriptors and names that do not resolve are noted', async () => {
  const file = await configFile(`port: ${await freePort()}\nroutes: { /db: ${await web('hello')} }\n`);
  const command = `ulimit -n 300 && exec '${process.execPath}' '${PORTWAY}' doctor --json --config '${file}'`;
  const { stdout } = await promisify(execFile)('sh', ['-c', command]);
  const here = (JSON.parse(stdout).findings as Finding[]).filter(({ where }) => where === 'this machine');
  const resolves = await lookup('portway.localhost').then(
    () => true,
    () => false,
  );
  expect(here).toMatchObject([
    {
      level: 'note',
      what: expect.stringMatching(/^the limit of open files is enough for \d{1,3} connections/),
    },
    ...(resolves ? [] : [{ level: 'note', what: 'it does not resolve names such as shop.localhost' }]),
  ]);
});

test.each([
  ['has expired', -1, 1, 'wrong'],
  ['expires', 3_600_000, 0, 'note'],
])('a certificate of the gateway that %s is told', async (says, validMs, exits, level) => {
  const file = await configFile(
    `port: ${await freePort()}\ntls: { certificates: { cert: a.crt, key: a.key } }\nroutes: { /db: ${await web('hello')} }\n`,
  );
  const { cert, key } = selfSigned('shop.test', validMs);
  await writeFile(join(file, '../a.crt'), cert);
  await writeFile(join(file, '../a.key'), key);
  const { code, stdout } = await runHere(['doctor', '--json', '--config', file]);
  expect(code).toBe(exits);
  expect(JSON.parse(stdout).findings).toContainEqual(
    expect.objectContaining({ level, what: expect.stringContaining(`the certificate of shop.test ${says}`) }),
  );
});

test('a service whose port is chosen at its start, and a dead one with a fallback, are notes', async () => {
  const far = await web('hello');
  const dead = await freePort();
  const { code, findings } = await doctor(
    `routes:\n  /auto: { to: auto, run: node x.js }\n  /db: { to: ${dead}, fallback: "http://127.0.0.1:${far}" }\n`,
  );
  expect(code).toBe(0);
  expect(findings.map(({ level, what, todo }) => [level, what, todo])).toEqual([
    ['note', 'the port of auto is chosen when `portway dev` starts it', expect.stringContaining('a number')],
    ['note', `nothing listens on localhost:${dead}`, `its requests go to 127.0.0.1:${far} meanwhile`],
  ]);
});

test('a fallback that is dead itself is wrong', async () => {
  const [near, far] = [await web('hello'), await freePort()];
  const { code, findings } = await doctor(
    `routes: { /db: { to: ${near}, fallback: "http://127.0.0.1:${far}" } }\n`,
  );
  expect([code, findings.map(({ what }) => what)]).toEqual([1, [`nothing listens on 127.0.0.1:${far}`]]);
});

test.skipIf(missingRedis !== '')(
  'the Redis of replicas is asked, and its password is not shown',
  async () => {
    const processes = new Processes();
    onTestFinished(() => processes.killAll());
    const redis = await TestRedis.start(processes, '--requirepass', 'hush-hush');
    const at = (password: string) => `shared: redis://:${password}@127.0.0.1:${redis.port}\nroutes: {}\n`;
    const good = await doctor(at('hush-hush'));
    expect(good.code).toBe(0);
    expect(good.findings[0]).toMatchObject({ level: 'note', where: 'shared' });
    expect(good.findings[0]?.what).toMatch(/^the Redis redis:\/\/127\.0\.0\.1:\d+ answers, version \d/);
    const bad = await doctor(at('wrong-wrong'));
    expect(bad.code).toBe(1);
    expect(bad.text).toMatch(/can not be used: WRONGPASS[\s\S]*give `username` and `password`/);
    expect(good.text + bad.text).not.toMatch(/hush-hush|wrong-wrong/);
  },
);
