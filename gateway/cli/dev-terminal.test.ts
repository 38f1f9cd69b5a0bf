import { spawn, spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePorts } from '../proof/testing/free-port.ts';
import { until } from '../proof/testing/poll.ts';
import { killThoseThatRun, runs } from '../proof/testing/process-facts.ts';
import { PORTWAY } from '../proof/testing/processes.ts';
import { program, temporaryFolder } from '../proof/testing/program.ts';

/** Of util-linux: runs a command on a terminal of its own. */
const hasScript = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;

/** Listens when the file `go` is there; fails where `broken` is. */
const SOURCE = `console.log('pid', process.pid);
const { existsSync } = require('node:fs');
if (existsSync('broken')) throw new Error('it is broken');
const timer = setInterval(() => {
  if (!existsSync('go')) return;
  clearInterval(timer);
  require('node:http').createServer((_, answer) => answer.end()).listen(process.env.PORT, '127.0.0.1');
}, 20);`;

/** `portway dev` with the services `api` and `web` on a terminal, which tells its settings at the end. */
async function onTerminal() {
  const [port = 0] = await freePorts(1);
  const run = JSON.stringify(await program(SOURCE));
  const routes = `{ /api: { to: auto, run: ${run} }, /web: { to: auto, run: ${run} } }`;
  const yaml = `port: ${port}\nadmin: false\nroutes: ${routes}\n`;
  const folder = await temporaryFolder({ 'gateway.config.yaml': yaml });
  const command = `stty rows 40 columns 100; '${process.execPath}' '${PORTWAY}' dev; stty -a; echo over`;
  const child = spawn('script', ['-qfc', command, '/dev/null'], {
    cwd: folder,
    env: { ...process.env, TERM: 'xterm', NO_COLOR: '1', SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const pids = () => Array.from(plain().matchAll(/\| pid (\d+)\s*$/gm), ([, pid]) => Number(pid));
  onTestFinished(() => {
    child.kill('SIGKILL');
    killThoseThatRun(pids());
  });
  const plain = () => stripVTControlCharacters(output).replaceAll('\r', '');
  /** The lines that stay at the end, as they were drawn last. */
  const pinned = () => plain().slice(plain().lastIndexOf('  path '));
  return {
    folder,
    port,
    pids,
    plain,
    pinned,
    go: () => writeFile(join(folder, 'go'), ''),
    press: (keys: string) => child.stdin.write(keys),
    shows: (text: string | RegExp) =>
      until(`it shows ${text}`, () => pinned().search(text) !== -1, 20_000).catch((error: Error) => {
        throw new Error(`${error.message}\n${plain()}`);
      }),
    over: () => until('the end', () => output.includes('over\r\n'), 20_000),
  };
}

describe.runIf(hasScript)('portway dev on a terminal', () => {
  it('shows the map at once, and changes it in its place', async () => {
    const { shows, go, plain } = await onTerminal();
    await shows(/\/web +→ \d+ +web +starting/);
    const headings = () => plain().match(/Portway is open at/g)?.length;
    expect(headings()).toBe(1);
    await go();
    await shows(/\/api +→ \d+ +api +ready[\s\S]*\/web +→ \d+ +web +ready/);
    expect(headings()).toBe(1);
  });

  it('follows the port of the gateway in its place', async () => {
    const { shows, folder, port } = await onTerminal();
    const [other = 0] = await freePorts(1);
    await shows(new RegExp(`/ +→ ${port} +gateway +ready`));
    const file = join(folder, 'gateway.config.yaml');
    await writeFile(file, (await readFile(file, 'utf8')).replace(`port: ${port}`, `port: ${other}`));
    await shows(new RegExp(`/ +→ ${other} +gateway +ready`));
  });

  it('restarts the service that is chosen, and shows how it crashes', async () => {
    const { shows, go, press, folder, pids } = await onTerminal();
    await go();
    await shows(/\/web +→ \d+ +web +ready/);
    await shows('r restart');
    press('r');
    await shows(/restart which\? +1 api +2 web +a all +Esc none/);
    press('\x1b');
    await shows('r restart');
    await writeFile(join(folder, 'broken'), '');
    press('r');
    await shows('restart which?');
    press('2');
    await shows(/\/api +→ \d+ +api +ready[\s\S]*\/web +→ \d+ +web +crashed \(exit code 1/);
    expect(runs(pids()[0]!) || runs(pids()[1]!)).toBe(true);
  });

  it('shows the lines of one service alone', async () => {
    const { shows, press, plain } = await onTerminal();
    await shows('l logs of one');
    await until('both have said it', () => (plain().match(/\| pid/g)?.length ?? 0) >= 2);
    press('l');
    await shows('logs of which?');
    press('1');
    await shows(/l logs of all \(now api alone\)/);
    expect(plain()).toMatch(
      /the last 1 lines of api, and what it goes on to write:\n+(.*\n)?api +\| pid \d+/,
    );
  });

  it.each([
    ['q', 'q'],
    ['Ctrl-C', '\x03'],
  ])('ends with %s, and leaves the terminal as it was', async (_what, key) => {
    const { shows, press, over, plain, pids } = await onTerminal();
    await shows('q quit');
    press(key);
    await over();
    expect(plain()).toContain('portway | stopped');
    expect(plain()).toMatch(/[^-]icanon\b/);
    expect(plain()).toMatch(/[^-]echo\b/);
    expect(pids().filter(runs)).toEqual([]);
  });

  it('takes nothing that was pasted for a command', async () => {
    const { shows, press, go, plain } = await onTerminal();
    await shows('q quit');
    press('quit\n');
    await go();
    await shows(/\/web +→ \d+ +web +ready/);
    expect(plain()).not.toContain('stopping');
  });
});
