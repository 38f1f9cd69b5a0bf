import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePorts } from '../proof/testing/free-port.ts';
import { until } from '../proof/testing/poll.ts';
import { runPortway, startPortway } from '../proof/testing/portway.ts';
import { killThoseThatRun, runs } from '../proof/testing/process-facts.ts';
import { program, temporaryFolder } from '../proof/testing/program.ts';

/** Says its pid; where the file `broken` is there, it fails. */
const SOURCE = `console.log('pid', process.pid);
if (require('node:fs').existsSync('broken')) throw new Error('it is broken');
require('node:http').createServer((_, answer) => answer.end()).listen(process.env.PORT, '127.0.0.1');`;

/** A running `portway dev` with the service `api`. */
async function dev() {
  const [port = 0, adminPort = 0] = await freePorts(2);
  const run = JSON.stringify(await program(SOURCE));
  const yaml = `port: ${port}\nadmin: ${adminPort}\nroutes: { /api: { to: auto, run: ${run} } }\n`;
  const folder = await temporaryFolder({ 'gateway.config.yaml': yaml });
  const running = startPortway(['dev'], { cwd: folder });
  const pids = () => Array.from(running.plain().matchAll(/\| pid (\d+)$/gm), ([, pid]) => Number(pid));
  onTestFinished(() => {
    killThoseThatRun(pids());
  });
  await running.said('api is ready');
  return { running, folder, pids, adminPort, ask: (...args: string[]) => runPortway(args, { cwd: folder }) };
}

describe('portway restart', () => {
  it('begins the service anew, waits until it is ready, and shows why it does not come up again', async () => {
    const { ask, folder, pids, running } = await dev();
    const { code, stdout } = await ask('restart', 'api');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^api is ready on port \d+\n$/)]);
    expect(running.stdout).toContain('api restarts: asked for by `portway restart`');
    expect(pids().map(runs)).toEqual([false, true]);
    await writeFile(join(folder, 'broken'), '');
    const crashed = await ask('restart', 'api');
    expect([crashed.code, crashed.stdout]).toEqual([
      1,
      expect.stringContaining('api crashed (exit code 1); its last lines:\n'),
    ]);
    expect(crashed.stdout).toContain('    Error: it is broken\n');
  });
});

describe('portway logs', () => {
  it('follows it through a restart, until the gateway ends', async () => {
    const { ask, pids, running, folder } = await dev();
    const following = startPortway(['logs', 'api', '-f'], { cwd: folder });
    await following.said(`pid ${pids()[0]}`);
    await ask('restart', 'api');
    await until(
      'both lives are shown',
      () =>
        following.stdout ===
        pids()
          .map((pid) => `pid ${pid}\n`)
          .join(''),
    );
    running.child.kill('SIGTERM');
    expect([await following.ended(), following.stderr]).toEqual([1, 'portway: the gateway has ended\n']);
  });

  it('shows what the service wrote, and ends well with Ctrl-C where it follows', async () => {
    const { ask, pids, folder } = await dev();
    expect(await ask('logs', '/api', '--tail', '1')).toMatchObject({ code: 0, stdout: `pid ${pids()[0]}\n` });
    const following = startPortway(['logs', 'api', '-f'], { cwd: folder });
    await following.said(`pid ${pids()[0]}`);
    following.child.kill('SIGINT');
    expect([await following.ended(), following.stderr]).toEqual([0, '']);
  });
});

describe('both say', () => {
  it('which services there are, and that the gateway that answers serves another configuration', async () => {
    const { adminPort, ask, folder } = await dev();
    expect(await ask('restart', 'app')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('did you mean api?'),
    });
    expect(await ask('logs', 'xyzzy')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there are api'),
    });
    const yaml = `admin: ${adminPort}\nroutes: { /api: 3001 }\n`;
    const cwd = await temporaryFolder({ 'gateway.config.yaml': yaml });
    const { code, stderr } = await runPortway(['restart', 'api'], { cwd });
    expect([code, stderr]).toEqual([1, expect.stringContaining(join(folder, 'gateway.config.yaml'))]);
  });

  it.each([
    ['admin: false', 'this needs the admin listener, which `admin: false` switches off'],
    ['admin: PORT', 'is `portway dev` running here?'],
    ['admin: { host: 192.0.2.1, token: keys.txt }', 'this needs the admin listener on this machine'],
  ])('what is missing with %s', async (line, said) => {
    const [port = 0] = await freePorts(1);
    const yaml = `${line.replace('PORT', String(port))}\nroutes: { /api: 3001 }\n`;
    const cwd = await temporaryFolder({ 'gateway.config.yaml': yaml, 'keys.txt': '' });
    const { code, stderr } = await runPortway(['logs', 'api'], { cwd });
    expect([code, stderr]).toEqual([1, expect.stringContaining(said)]);
  });

  it.each(['restart', 'logs'])('%s that a name is missing', async (command) => {
    const { code, stderr } = await runPortway([command]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('which service?')]);
  });
});
