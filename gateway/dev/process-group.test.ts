import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PATIENCE_MS, until } from '../proof/testing/poll.ts';
import { runs } from '../proof/testing/process-facts.ts';
import { program } from '../proof/testing/program.ts';
import { ProcessGroup } from './process-group.ts';

const node = `'${process.execPath}'`;

function launch(commandLine: string, cwd = '/') {
  const lines: string[] = [];
  const group = new ProcessGroup({ commandLine, cwd, env: process.env, onLine: (line) => lines.push(line) });
  onTestFinished(async () => {
    group.kill();
    await group.ended;
  });
  return { group, lines };
}

/** The numbers that a command line has written, one a line, as soon as there are that many. */
async function numbers(lines: readonly string[], count: number): Promise<number[]> {
  await until(`${count} lines`, () => lines.length >= count);
  return lines.map(Number);
}

/** Node can't end its first thread alone. */
const hasPython = process.platform === 'linux' && spawnSync('python3', ['--version']).status === 0;

const sayPid = 'console.log(process.pid);';
const stay = 'setInterval(() => {}, 1e6);';
const refuse = "process.on('SIGTERM', () => {});";

describe('ProcessGroup', () => {
  it.each([
    ['exit 0', { code: 0, signal: null }],
    ['exit 3', { code: 3, signal: null }],
    ['kill -9 $$', { code: null, signal: 'SIGKILL' }],
    ['no-such-command-anywhere', { code: 127, signal: null }],
  ])('tells how `%s` ended', async (commandLine, expected) => {
    expect(await launch(commandLine).group.ended).toEqual(expected);
  });

  it('has read the last output, of both streams and without a line break, when it tells the end', async () => {
    const { group, lines } = launch("echo one; echo two >&2; printf 'three'; exit 1");
    await group.ended;
    expect(lines.toSorted()).toEqual(['one', 'three', 'two']);
  });

  it('is told apart from a start that failed', async () => {
    const { group, lines } = launch('true', '/no/such/folder');
    expect(await group.ended).toEqual({ code: null, signal: null });
    expect(lines).toEqual([expect.stringContaining('could not be started')]);
    expect(await group.stop(1000)).toBe(false);
  });

  it('ends children of the shell and their children', async () => {
    const grandparent = await program(
      `${sayPid}${stay}require('node:child_process').spawn(process.execPath, ['-e', '${sayPid}${stay}'], { stdio: 'inherit' });`,
    );
    const { group, lines } = launch(`${grandparent} & ${grandparent} & wait`);
    const pids = await numbers(lines, 4);
    expect(pids.every(runs)).toBe(true);
    expect(await group.stop(PATIENCE_MS)).toBe(false);
    expect(pids.filter(runs)).toEqual([]);
  });

  it('kills what does not heed SIGTERM, after the grace period', async () => {
    const stubborn = await program(`${refuse}${sayPid}${stay}`);
    const { group, lines } = launch(`${stubborn} & ${stubborn}; wait`);
    const pids = await numbers(lines, 2);
    const began = performance.now();
    expect(await group.stop(200)).toBe(true);
    expect(performance.now() - began).toBeGreaterThan(195);
    expect(pids.filter(runs)).toEqual([]);
  });

  it.runIf(hasPython)('waits for all threads of a process, also where the first has ended', async () => {
    const source = [
      'import ctypes, os, signal, threading, time',
      'signal.signal(signal.SIGTERM, signal.SIG_IGN)',
      'threading.Thread(target=time.sleep, args=(60,)).start()',
      'print(os.getpid(), flush=True)',
      'ctypes.CDLL(None).pthread_exit(None)',
    ].join('\n');
    const { group, lines } = launch(`python3 -c '${source}' & wait`);
    const [pid = 0] = await numbers(lines, 1);
    await until('its first thread has ended', () =>
      /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1')),
    );
    expect(await group.stop(200)).toBe(true);
    expect(runs(pid)).toBe(false);
  });

  it('ends what is left behind by a command line that has ended', async () => {
    const { group, lines } = launch(`${node} -e '${sayPid}${stay}' & exit 0`);
    await group.ended;
    const [left = 0] = await numbers(lines, 1);
    expect(runs(left)).toBe(true);
    await group.stop(PATIENCE_MS);
    expect(runs(left)).toBe(false);
  });

  it('holds standard input open, so that its end says that we are gone', async () => {
    const reader = await program(`${sayPid}process.stdin.on('end', () => console.log('end')).resume();`);
    const { group, lines } = launch(reader);
    await numbers(lines, 1);
    expect(lines).toHaveLength(1);
    expect(await group.stop(PATIENCE_MS)).toBe(false);
    expect(await group.ended).toEqual({ code: null, signal: 'SIGTERM' });
  });

  it('does not wait for the output of a process that has left the group', async () => {
    const lines: string[] = [];
    const away = `require('node:child_process').spawn(process.execPath, ['-e', 'console.log(process.pid);setTimeout(() => {}, 5000)'], { detached: true, stdio: 'inherit' }).unref()`;
    const group = new ProcessGroup({
      commandLine: await program(away),
      cwd: '/',
      env: process.env,
      onLine: (line) => lines.push(line),
    });
    expect(await group.ended).toEqual({ code: 0, signal: null });
    const [pid = 0] = await numbers(lines, 1);
    process.kill(pid, 'SIGKILL');
  });
});

describe('a process of a group', () => {
  it('ends with us by the end of its standard input, even if we are killed', async () => {
    const module = JSON.stringify(new URL('./process-group.ts', import.meta.url).href);
    const reader = await program(`${sayPid}process.stdin.on('end', () => process.exit()).resume();`);
    const ours = `import(${module}).then(({ ProcessGroup }) => new ProcessGroup({
      commandLine: ${JSON.stringify(reader)}, cwd: '/', env: process.env, onLine: (line) => console.log(line) }))`;
    const child = spawn(process.execPath, ['-e', ours], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [pid] = await once(child.stdout.setEncoding('utf8'), 'data');
    expect(runs(Number(pid))).toBe(true);
    child.kill('SIGKILL');
    await until('the service has ended', () => !runs(Number(pid)));
  });
});
