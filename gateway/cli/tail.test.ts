import { expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../proof/testing/free-port.ts';
import { until } from '../proof/testing/poll.ts';
import { runPortway, startPortway } from '../proof/testing/portway.ts';
import { temporaryFolder } from '../proof/testing/program.ts';
import { ok, startService } from '../proof/testing/service.ts';

test('portway tail shows what went through, and what goes on to', async () => {
  const db = (await startService()).answer(ok('fine'));
  const [port = 0, adminPort = 0] = await freePorts(2);
  const yaml = `port: ${port}\nadmin: ${adminPort}\nroutes: { /db: ${db.port} }\n`;
  const cwd = await temporaryFolder({ 'gateway.config.yaml': yaml });
  expect(await runPortway(['tail'], { cwd })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no gateway'),
  });
  const gateway = startPortway(['start'], { cwd });
  await until('it listens', async () => (await runPortway(['tail'], { cwd })).code === 0);
  const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  await get('/db/a');
  await get('/none?token=s3cret');
  const { stdout } = await runPortway(['tail'], { cwd });
  expect(stdout).toMatch(
    /GET +200 .* \/db\/a → \/db localhost:\d+ +\w+-\w+\n.*GET +404 .* \/none\?token=\(not shown\) +no_route/,
  );
  const failed = await runPortway(['tail', '--status', 'failed', '--json'], { cwd });
  expect(JSON.parse(failed.stdout)).toMatchObject({ status: 404, code: 'no_route' });
  const following = startPortway(['tail', '-f', '-n', '0', '--route', '/db'], { cwd });
  onTestFinished(() => void following.child.kill());
  await until('it hears', async () => {
    await get('/db/later');
    return following.plain().includes('/db/later');
  });
  gateway.child.kill();
  expect(await following.ended()).toBe(1);
});
