import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePorts } from '../proof/testing/free-port.ts';
import { until } from '../proof/testing/poll.ts';
import { runPortway, startPortway } from '../proof/testing/portway.ts';
import { temporaryFolder } from '../proof/testing/program.ts';
import { ok, startService } from '../proof/testing/service.ts';

test('portway purge makes the workers of the gateway that runs here forget', async () => {
  const service = (await startService()).answer(({ target }) =>
    ok('x', 'Cache-Control: max-age=60', `Cache-Tag: of${target.slice(0, 2).replace('/', '-')}, a b+c`),
  );
  const [port = 0, adminPort = 0] = await freePorts(2);
  const routes = `routes: { /img: { to: ${service.port}, cache: true } }`;
  const yaml = `port: ${port}\nadmin: ${adminPort}\nworkers: 2\n${routes}\n`;
  const cwd = await temporaryFolder({ 'gateway.config.yaml': yaml });
  const purge = async (...what: string[]) => {
    const { code, stdout, stderr } = await runPortway(['purge', ...what], { cwd });
    return code === 0 ? stdout.trim() : `${code} ${stderr}`;
  };
  expect(await purge('--all')).toContain('no gateway answers');
  const gateway = startPortway(['start'], { cwd });
  await gateway.said('"listening"');
  expect(await purge('--all')).toBe('0 URLs are forgotten');
  const ask = async (path: string) => {
    const { headers } = await fetch(`http://localhost:${port}/img${path}`, {
      headers: { connection: 'close' },
    });
    return headers.get('cache-status');
  };
  /** Each worker keeps it. */
  const kept = (path: string) =>
    until(
      'both have it',
      async () => (await ask(path)) === 'portway; hit' && (await ask(path)) === 'portway; hit',
    );
  for (const [path, ...what] of [
    ['/a?x=1 2', `http://localhost:${port}/img/a?x=1%202`],
    ['/a', '/img/a'],
    ['/b/c', '--prefix', '/img/b'],
    ['/d', '--group', 'of-d'],
    ['/e', '--tag', 'a b+c'],
    ['/f', '--all'],
  ] as const) {
    await kept(path);
    expect([path, await purge(...what)]).toEqual([
      path,
      expect.stringMatching(/^[12] URLs? (is|are) forgotten$/),
    ]);
    expect(await ask(path)).toContain('fwd=uri-miss');
    // As `--all` does, without a process.
    await fetch(`http://127.0.0.1:${adminPort}/cache?prefix=/`, { method: 'DELETE' });
  }
  for (const what of [[], ['--group', 'a', '--tag', 'b']])
    expect(await purge(...what)).toContain('2 portway: what is to be forgotten?');
  expect(await purge('http:nothing')).toContain('2 portway: "http:nothing" is no path');
  await writeFile(join(cwd, 'gateway.config.yaml'), yaml.replace(', cache: true', ''));
  await gateway.said('configuration reloaded');
  expect(await purge('--all')).toBe(
    '0 URLs are forgotten: no route has a cache (`cache: true` gives it one)',
  );
  gateway.child.kill();
});
