import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { acceptsConnections } from '../dev/port-probe.ts';
import { freePorts } from '../proof/testing/free-port.ts';
import { until } from '../proof/testing/poll.ts';
import { type PortwayProcess, runHere, startPortway } from '../proof/testing/portway.ts';
import { killThoseThatRun, runs } from '../proof/testing/process-facts.ts';
import { configFile, listening, program, temporaryFolder } from '../proof/testing/program.ts';

const portway = fileURLToPath(new URL('../bin/portway.js', import.meta.url));
const saysPid = "console.log('pid', process.pid);";
const diesWithUs = "process.stdin.on('end', () => process.exit()).resume();";
const stubborn = "process.on('SIGTERM', () => console.log('no'));";

interface Fleet {
  readonly folder: string;
  readonly port: number;
  readonly ports: { readonly a: number; readonly b: number };
  write(services: string): Promise<void>;
}

/** A configuration for a gateway and the services `a` and `b`, which run this program. */
async function fleet(source: string): Promise<Fleet> {
  const folder = await temporaryFolder();
  const [port = 0, a = 0, b = 0] = await freePorts(3);
  const run = JSON.stringify(await program(`${saysPid}${source}`));
  const write = async (services: string) => {
    const yaml = `port: ${port}\nadmin: false\nroutes: { /a: ${a}, /b: ${b} }\nservices:\n${services}`;
    // In one step, so that no half of it is read.
    await writeFile(join(folder, 'next.yaml'), yaml);
    await rename(join(folder, 'next.yaml'), join(folder, 'gateway.config.yaml'));
  };
  await write(`  a: { run: ${run}, port: ${a} }\n  b: { run: ${run}, port: ${b} }\n`);
  return { folder, port, ports: { a, b }, write };
}

/** Puts the gateway on this port, and leaves the rest of the file. */
async function movePort({ folder }: Fleet, port: number): Promise<void> {
  const file = join(folder, 'gateway.config.yaml');
  const yaml = readFileSync(file, 'utf8').replace(/^port: \d+$/m, `port: ${port}`);
  await writeFile(join(folder, 'next.yaml'), yaml);
  await rename(join(folder, 'next.yaml'), file);
}

function pidsIn(output: string): number[] {
  return Array.from(output.matchAll(/\| pid (\d+)$/gm), ([, pid]) => Number(pid));
}

async function expectNothingLeft({ port, ports }: Fleet, output: string): Promise<void> {
  expect(pidsIn(output).filter(runs)).toEqual([]);
  // Services whose gateway was killed end when they notice.
  for (const one of [port, ports.a, ports.b])
    await until(`nobody listens on ${one}`, async () => !(await acceptsConnections(one)));
}

async function dev(of: Fleet, options: { env?: NodeJS.ProcessEnv } = {}): Promise<PortwayProcess> {
  const running = startPortway(['dev'], { cwd: of.folder, ...options });
  // What a test that fails leaves behind must not live on.
  onTestFinished(() => {
    killThoseThatRun(pidsIn(running.plain()));
  });
  await running.said('Ctrl-C stops everything');
  return running;
}

describe('portway dev', () => {
  it('starts the gateway and every service, prints the map, and carries requests', async () => {
    const of = await fleet(listening);
    const running = await dev(of);
    const { port, ports } = of;
    expect(running.stdout).toContain(`Portway is open at http://localhost:${port}\n`);
    expect(running.stdout).toMatch(new RegExp(`^ {2}/a +→ ${ports.a} +a +ready$`, 'm'));
    expect(running.stdout).toMatch(new RegExp(`^ {2}/b +→ ${ports.b} +b +ready$`, 'm'));
    expect(running.stdout).toMatch(/^a {7}\| pid \d+$/m);
    expect(running.stdout).not.toContain('\x1b');
    const answer = await (await fetch(`http://127.0.0.1:${port}/a/`)).text();
    expect(pidsIn(running.stdout)).toContain(Number(answer));
  });

  it('moves to the port that the file names now, and back; one that is taken it tells, and stays', async () => {
    const of = await fleet(listening);
    const [other = 0, taken = 0] = await freePorts(2);
    const holder = createServer().listen(taken, '127.0.0.1');
    onTestFinished(() => void holder.close());
    const running = await dev(of);
    const page = async (port: number) => (await fetch(`http://localhost:${port}/`)).text();
    const said = `Portway is open at http://localhost:${of.port}\n`;
    const times = () => running.stdout.split(said).length - 1;
    const before = times();
    await movePort(of, other);
    await running.said(`Portway is open at http://localhost:${other}\n`);
    expect(running.stdout).toContain(`http://a.localhost:${other}\n`);
    expect(await page(other)).toContain(`http://a.localhost:${other}/`);
    expect((await fetch(`http://localhost:${other}/a/`)).status).toBe(200);
    expect(await acceptsConnections(of.port)).toBe(false);
    await movePort(of, taken);
    await running.said(`the port is taken; the gateway stays at ${other}`);
    expect(await page(other)).toContain('the port is taken');
    await movePort(of, of.port);
    await until('the first port is told again', () => times() > before);
    expect(await page(of.port)).toContain(`http://a.localhost:${of.port}/`);
    expect(await acceptsConnections(other)).toBe(false);
    expect(running.stdout).not.toContain('next start');
  });

  it('shows colours where they are asked for, and lets the services know', async () => {
    const of = await fleet(`console.log('colours', process.env.FORCE_COLOR);${listening}`);
    const running = await dev(of, { env: { FORCE_COLOR: '1', NO_COLOR: undefined } });
    expect(running.stdout).toContain('\x1b[32mready');
    expect(running.plain()).toMatch(/^a +\| colours 1$/m);
  });

  it.each([
    ['SIGTERM', 'SIGTERM', 1],
    ['a Ctrl-C that npm passes on, and is the same one', 'SIGINT', 2],
  ] as const)('stops in order on %s, and leaves nothing behind', async (_what, signal, times) => {
    const of = await fleet(
      `${listening}process.on('SIGTERM', () => setTimeout(() => { console.log('ends'); process.exit(); }, 100));`,
    );
    const running = await dev(of);
    for (let sent = 0; sent < times; sent++) running.child.kill(signal);
    expect(await running.ended()).toBe(0);
    expect(running.stdout).toContain(`stopping (${signal})`);
    expect(running.stdout.match(/\| ends$/gm)).toHaveLength(2);
    expect(running.stdout).toMatch(/portway \| stopped\n/);
    await expectNothingLeft(of, running.stdout);
  });

  it('shows no map any more when it is stopped before its services are ready', async () => {
    const of = await fleet('setInterval(() => {}, 1_000);');
    const running = startPortway(['dev'], { cwd: of.folder });
    await until('both processes run', () => pidsIn(running.stdout).length === 2);
    running.child.kill('SIGTERM');
    expect(await running.ended()).toBe(0);
    expect(running.stdout.split('stopping (')[1]).not.toContain('is open at');
  });

  it('lets an exchange finish before its service is ended', async () => {
    const slow = `require('node:http').createServer((_, answer) => {
      console.log('asked');
      setTimeout(() => answer.end('whole'), 500);
    }).listen(process.env.PORT, '127.0.0.1');`;
    const of = await fleet(slow);
    const running = await dev(of);
    const answer = fetch(`http://127.0.0.1:${of.port}/a/`).then((response) => response.text());
    await running.said('| asked');
    running.child.kill('SIGTERM');
    expect(await answer).toBe('whole');
    expect(await running.ended()).toBe(0);
  });

  it('ends everything at once on a second Ctrl-C', async () => {
    const of = await fleet(`${stubborn}${listening}`);
    const running = await dev(of);
    running.child.kill('SIGINT');
    await running.said('| no');
    // From when it was heard: two that come close together count as one.
    const pressedAt = performance.now();
    await until('a second key press', () => performance.now() - pressedAt > 500);
    running.child.kill('SIGINT');
    expect(await running.ended()).toBe(130);
    await until('the services have ended', () => pidsIn(running.stdout).filter(runs).length === 0);
    await expectNothingLeft(of, running.stdout);
  });

  it('reads its file again on SIGHUP, and starts a service again that dies', async () => {
    const of = await fleet(listening);
    const running = await dev(of);
    running.child.kill('SIGHUP');
    await running.said('nothing has changed');
    const pid = Number(await (await fetch(`http://127.0.0.1:${of.port}/a/`)).text());
    process.kill(pid, 'SIGKILL');
    await running.said('SIGKILL');
    await running.said('a is ready again after 1 restart');
    const next = Number(await (await fetch(`http://127.0.0.1:${of.port}/a/`)).text());
    expect(next).not.toBe(pid);
  });

  it('starts and stops services as the configuration changes', async () => {
    const of = await fleet(listening);
    const running = await dev(of);
    const before = pidsIn(running.stdout).length;
    const run = JSON.stringify(await program(`${saysPid}${listening}`));
    await of.write(`  c: { run: ${run}, port: ${of.ports.a} }\n`);
    await running.said('c is ready');
    const pids = pidsIn(running.stdout);
    expect(pids.slice(0, before).filter(runs)).toEqual([]);
    expect(await (await fetch(`http://127.0.0.1:${of.port}/a/`)).text()).toBe(String(pids.at(-1)));
    expect(await acceptsConnections(of.ports.b)).toBe(false);
  });

  it('runs what stands beside a route on a free port, and restarts it when its files change', async () => {
    const [port = 0] = await freePorts(1);
    const source = (word: string) =>
      `require('node:http').createServer((_, answer) => answer.end('${word} ' + process.env.PORT)).listen(process.env.PORT);`;
    const route = `{ to: auto, run: "'${process.execPath}' main.cjs", cwd: api, watch: '*.cjs' }`;
    const yaml = `port: ${port}\nadmin: false\nroutes: { /api: ${route} }\n`;
    const folder = await temporaryFolder({ 'gateway.config.yaml': yaml, 'api/main.cjs': source('first') });
    const running = startPortway(['dev'], { cwd: folder });
    await running.said('Ctrl-C stops everything');
    const ask = async () => (await fetch(`http://127.0.0.1:${port}/api/`)).text();
    const [word, given] = (await ask()).split(' ');
    expect([word, running.stdout]).toEqual([
      'first',
      expect.stringMatching(new RegExp(`/api +→ ${given} +api +ready`)),
    ]);
    await writeFile(join(folder, 'api', 'main.cjs'), source('second'));
    await running.said('api restarts: main.cjs has changed');
    await running.said('api is ready again after 1 restart');
    expect(await ask()).toBe(`second ${given}`);
    running.child.kill('SIGTERM');
    expect(await running.ended()).toBe(0);
    expect(await acceptsConnections(Number(given))).toBe(false);
  });

  it('lets requests wait for a service that starts, and shows a browser what it says meanwhile', async () => {
    const of = await fleet(`console.log('warming up');
      const { existsSync } = require('node:fs');
      const timer = setInterval(() => { if (existsSync('go')) { clearInterval(timer); ${listening} } }, 20);`);
    const running = startPortway(['dev'], { cwd: of.folder });
    onTestFinished(() => {
      killThoseThatRun(pidsIn(running.plain()));
    });
    await running.said('| warming up');
    const url = `http://127.0.0.1:${of.port}/a/`;
    const held = fetch(url);
    // `fetch` has a mode of its own.
    const navigate = async () => {
      const asked = request(url, { headers: { 'sec-fetch-mode': 'navigate', accept: 'text/html' } }).end();
      const [answer] = await once(asked, 'response');
      return text(answer);
    };
    const page = await navigate();
    expect(page).toContain('warming up');
    expect(page).toContain('is starting');
    await writeFile(join(of.folder, 'go'), '');
    const carried = await held;
    expect([carried.status, await carried.text()]).toEqual([200, expect.stringMatching(/^\d+$/)]);
    expect(await navigate()).toMatch(/^\d+$/);
  });

  it('stops when nobody reads its output any more', async () => {
    const of = await fleet(`setInterval(() => console.log('talks'), 20);${listening}`);
    const running = await dev(of);
    const pids = pidsIn(running.stdout);
    running.child.stdout?.destroy();
    expect(await running.ended()).toBe(0);
    expect(pids.filter(runs)).toEqual([]);
  });

  it('is followed by its services even when it is killed', async () => {
    const of = await fleet(`${diesWithUs}${listening}`);
    const running = await dev(of);
    const pids = pidsIn(running.stdout);
    running.child.kill('SIGKILL');
    await running.ended();
    await until('the services have ended', () => pids.filter(runs).length === 0);
    await expectNothingLeft(of, running.stdout);
  });
});

describe('a bug in the gateway', () => {
  /** `portway dev` whose gateway fails in this way, outside of every request, when SIGUSR2 comes. */
  async function devWithBug(of: Fleet, bug: string) {
    const module = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
    const source = `
      const { runCommandLine } = await import(${module('./command-line.ts')});
      const { startGateway } = await import(${module('../gateway.ts')});
      process.on('SIGUSR2', () => { ${bug} });
      process.exitCode = await runCommandLine(['dev'], { env: process.env, cwd: process.cwd(),
        stdout: process.stdout, stderr: process.stderr, stdin: () => process.stdin, process, startGateway });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
      cwd: of.folder,
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    await until('the map', () => output.includes('Ctrl-C stops everything'));
    return { child, output: () => output };
  }

  it('and all else is text in a pipe, as on a terminal: no line is JSON', async () => {
    const of = await fleet(
      `console.log(JSON.stringify({ level: 'info', time: new Date().toISOString(), msg: 'ready' }));${listening}`,
    );
    const { child, output } = await devWithBug(of, '');
    expect((await fetch(`http://127.0.0.1:${of.port}/a/`)).status).toBe(200);
    await until('the exchange is logged', () => /GET +200 .*\/a\//.test(output()));
    child.kill('SIGTERM');
    await once(child, 'close');
    expect(output()).toMatch(/^a +\| \d\d:\d\d:\d\d INFO +ready$/m);
    expect(output()).not.toMatch(/^(\S+ +\| )?\{"/m);
  });

  it('is logged, and ends the process and every service', async () => {
    const of = await fleet(`${stubborn}${listening}`);
    const { child, output } = await devWithBug(of, "Promise.reject(new TypeError('x is not a function'));");
    child.kill('SIGUSR2');
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(output()).toMatch(/FATAL a bug in Portway.*x is not a function/s);
    await until('the services have ended', () => pidsIn(output()).filter(runs).length === 0);
  });

  it('that is no more than a socket nobody listened to is logged and survived', async () => {
    const of = await fleet(listening);
    const { child, output } = await devWithBug(
      of,
      "process.nextTick(() => { throw Object.assign(new Error('read ECONNRESET'), { syscall: 'read' }); });",
    );
    child.kill('SIGUSR2');
    await until('it is logged', () => /ERROR .*read ECONNRESET/s.test(output()));
    expect((await fetch(`http://127.0.0.1:${of.port}/a/`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([0, null]);
  });
});

describe('portway dev that can not start', () => {
  it('names who holds its port, and starts no service', async () => {
    const of = await fleet(listening);
    const holder = createServer().listen(of.port, '127.0.0.1');
    onTestFinished(() => void holder.close());
    await once(holder, 'listening');
    const running = startPortway(['dev'], { cwd: of.folder });
    expect(await running.ended()).toBe(1);
    expect(running.stderr).toContain(`:${of.port}: the port is taken by`);
    if (process.platform === 'linux') expect(running.stderr).toContain(`(pid ${process.pid})`);
    expect(pidsIn(running.stdout)).toEqual([]);
  });

  it('shows what is wrong with the configuration', async () => {
    const file = await configFile('routes: { /a: 3OO1 }\n');
    const { code, stderr } = await runHere(['dev', '--config', file]);
    expect(code).toBe(1);
    expect(stderr).toContain('gateway.config.yaml:1:');
    expect(stderr).toContain('1 problem\n');
  });

  it('shows what is wrong with a module that extends a route', async () => {
    const [port = 0, a = 0] = await freePorts(2);
    const yaml = `port: ${port}\nadmin: false\nroutes: { /a: { to: ${a}, extend: ./broken.ts } }\n`;
    const cwd = await temporaryFolder({ 'gateway.config.yaml': yaml, 'broken.ts': 'export default 7;\n' });
    const running = startPortway(['dev'], { cwd });
    expect(await running.ended()).toBe(1);
    expect(running.stderr).toMatch(/^portway: route \/a \(line \d+ of the configuration\): .*broken\.ts: /);
  });
});

describe('portway dev below npm', () => {
  /** `npm start` in a folder whose script is ours; with a process group of its own, as in a terminal. */
  async function npmStart(of: Fleet) {
    const scripts = { start: `"${process.execPath}" "${portway}" dev` };
    await writeFile(join(of.folder, 'package.json'), JSON.stringify({ name: 'fleet', scripts }));
    const npm = spawn('npm', ['start'], {
      cwd: of.folder,
      detached: true,
      env: { ...process.env, NO_COLOR: '1', npm_config_update_notifier: 'false' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    npm.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    onTestFinished(() => {
      const ended = npm.exitCode !== null || npm.signalCode !== null;
      if (!ended) process.kill(-(npm.pid as number), 'SIGKILL');
      killThoseThatRun(pidsIn(output));
    });
    await until('the map', () => output.includes('Ctrl-C stops everything'));
    return { npm, output: () => output };
  }

  it.each([
    ['SIGTERM to npm alone', 'SIGTERM', 1],
    ['Ctrl-C, which reaches the whole foreground group', 'SIGINT', -1],
  ] as const)('leaves nothing behind after %s', async (_what, signal, sign) => {
    const of = await fleet(listening);
    const { npm, output } = await npmStart(of);
    // Asked for first: it may close while the last lines are looked for.
    const closed = once(npm.stdout, 'close');
    process.kill((npm.pid as number) * sign, signal);
    await until('the end', () => output().includes('portway | stopped'));
    await closed;
    expect(pidsIn(output())).toHaveLength(2);
    await expectNothingLeft(of, output());
  });
});

describe('the root of this repository', () => {
  it('runs `portway dev` as `npm start`', () => {
    const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    expect(JSON.parse(manifest).scripts.start).toBe('node gateway/bin/portway.js dev');
  });
});
