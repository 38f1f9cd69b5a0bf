import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../proof/testing/poll.ts';
import { startPortway } from '../proof/testing/portway.ts';
import { PORTWAY } from '../proof/testing/processes.ts';
import { temporaryFolder } from '../proof/testing/program.ts';

const FILE = 'gateway.config.yaml';
const GOOD = 'routes:\n  /db: 3001\n';
const BAD = 'routes:\n  /db: 3OO1\n';

async function watched(files: Readonly<Record<string, string>>, args: readonly string[] = []) {
  const cwd = await temporaryFolder(files);
  const write = (name: string, text: string) => writeFile(join(cwd, name), text);
  const running = startPortway(['check', '--watch', ...args], { cwd });
  await running.said('Ctrl-C ends this');
  /** What it says because of the change. */
  const saysAfter = async (change: () => Promise<void>, expected: string) => {
    const before = running.stdout.length;
    await change();
    await until(`it says ${expected}`, () => running.stdout.slice(before).includes(expected));
    return running.stdout.slice(before);
  };
  return { cwd, write, running, saysAfter };
}

describe('portway check --watch', () => {
  it('says what is wrong again at each change, in plain blocks where it is piped, and ends with Ctrl-C', async () => {
    const { write, running, saysAfter } = await watched({ [FILE]: GOOD });
    expect(running.stdout).toBe(
      `${FILE}: 1 route, 0 services, no problems\n\nwatching ${FILE}; Ctrl-C ends this\n`,
    );
    const broken = await saysAfter(() => write(FILE, BAD), '1 problem\n');
    expect(broken).toMatch(
      /^\ngateway\.config\.yaml changed at \d\d:\d\d:\d\d\n\ngateway\.config\.yaml:2:8 {2}routes\.\/db/,
    );
    await saysAfter(() => write(FILE, GOOD), 'no problems\n');
    expect(running.stdout).not.toContain('\x1b');
    running.child.kill('SIGINT');
    expect(await running.ended()).toBe(0);
    expect(running.stderr).toBe('');
  });

  it('waits for a file that is not there yet, and lives on when it goes', async () => {
    const { cwd, write, running, saysAfter } = await watched({});
    expect(running.stdout).toMatch(/^portway: there is no gateway\.config\.yaml in /);
    await saysAfter(() => write(FILE, GOOD), 'no problems\n');
    await saysAfter(() => rm(join(cwd, FILE)), 'there is no gateway.config.yaml in ');
    await saysAfter(() => write(FILE, BAD), '1 problem\n');
  });

  it('follows a configuration in code that comes where there was none', async () => {
    const { write, saysAfter } = await watched({});
    const name = 'gateway.config.mjs';
    await saysAfter(() => write(name, "export default { routes: { '/db': 3001 } };\n"), 'no problems\n');
    expect(await saysAfter(() => write(name, 'export default 7;\n'), '1 problem\n')).toContain(name);
  });

  it('follows another file that is named', async () => {
    const { write, saysAfter } = await watched({ 'other.yaml': GOOD }, ['other.yaml']);
    expect(await saysAfter(() => write('other.yaml', BAD), '1 problem\n')).toContain('other.yaml:2:8');
  });

  it('follows the modules that `extend:` names, also those that can not be loaded or are not there', async () => {
    const extended = 'routes:\n  /a: { to: 3001, extend: ./a.mjs }\n';
    const { write, running, saysAfter } = await watched({ [FILE]: extended });
    expect(running.stdout).toContain('a.mjs');
    expect(running.stdout).toContain('1 problem\n');
    await saysAfter(() => write('a.mjs', 'export default {};\n'), 'no problems\n');
    const broken = await saysAfter(
      () => write('a.mjs', 'export default { preHandler: 1 };\n'),
      '1 problem\n',
    );
    expect(broken).toContain('a.mjs changed at ');
    expect(broken).toContain('preHandler must be a function');
    await saysAfter(() => write('a.mjs', 'export default {};\n'), 'no problems\n');
  });

  it('takes a half-written file for none until it rests, and then says what is wrong with it', async () => {
    const { write, saysAfter } = await watched({ [FILE]: GOOD });
    const half = await saysAfter(() => write(FILE, 'routes:\n  /db: [30'), 'problem');
    expect(half).toContain(`${FILE}:2`);
    await saysAfter(() => write(FILE, GOOD), 'no problems\n');
  });

  it('reads a configuration in code anew', async () => {
    const config = (port: number) => `export default { routes: { '/db': ${port} } };\n`;
    const { write, saysAfter } = await watched({ 'gateway.config.mjs': config(3001) });
    await saysAfter(() => write('gateway.config.mjs', config(99_999)), '1 problem\n');
    await saysAfter(() => write('gateway.config.mjs', config(3002)), 'no problems\n');
  });
});

/** Of util-linux: runs a command on a terminal of its own. */
const hasScript = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;

describe.runIf(hasScript)('portway check --watch on a terminal', () => {
  it('puts each report in the place of the one before', async () => {
    const cwd = await temporaryFolder({ [FILE]: GOOD });
    const command = `exec '${process.execPath}' '${PORTWAY}' check --watch`;
    const child = spawn('script', ['-qefc', command, '/dev/null'], {
      cwd,
      env: { ...process.env, TERM: 'xterm', NO_COLOR: '1', SHELL: '/bin/sh' },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text.replaceAll('\r', '');
    });
    const screen = () => output.slice(output.lastIndexOf('\x1b[2J'));
    await until('it has checked', () => screen().endsWith('Ctrl-C ends this\n'));
    await writeFile(join(cwd, FILE), BAD);
    await until('it has checked again', () => /1 problem\n\nwatching .* ends this\n$/.test(screen()));
    expect(stripVTControlCharacters(screen())).toMatch(/^gateway\.config\.yaml changed at /);
    expect(screen()).not.toContain('no problems');
    child.stdin.write('\x03');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
