import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { startApiServer } from '../testing/api-server.ts';
import { startGatewayProcess } from '../testing/gateway-process.ts';
import { until } from '../testing/poll.ts';
import { get } from '../testing/raw-client.ts';
import { ok, startService } from '../testing/service.ts';
import { basic, usersFile } from '../testing/users-file.ts';

// Node's `open` waits for the writer of a pipe, in one of the four threads that files, names and passwords share.
test.skipIf(process.platform === 'win32')('pipes in the place of files hold nothing up', async () => {
  const [service, cluster] = [(await startService()).answer(ok('x')), await startApiServer()];
  const before = `shared: { url: "redis://127.0.0.1:${service.port}", passwordFile: password }\ndiscover: { kubernetes: { server: "${cluster.address}", token: token } }\n`;
  const routes = `routes:\n  /a: { to: ${service.port}, auth: { basic: users } }\n`;
  const files = { users: usersFile({ ann: 'secret' }), password: 'x', token: 'first' };
  const gateway = await startGatewayProcess(before + routes, { files });
  const at = (name: string) => join(dirname(gateway.configFile), name);
  const put = (name: string, text: string) => {
    rmSync(at(name));
    writeFileSync(at(name), text);
  };
  for (const name of [...Object.keys(files), 'plugin.js']) {
    rmSync(at(name), { force: true });
    execFileSync('mkfifo', [at(name)]);
  }
  await gateway.log.find('file of users', ({ found }) => found === 'a pipe in which nothing is');
  put('users', files.users);
  const told = (name: string) => `${at(name)} is a pipe in which nothing is`;
  // Of another class the cluster is asked anew; the Redis, which answers nonsense, is asked again and again.
  gateway.configure(`${before.replace('token }', 'token, class: other }')}${routes}`);
  await gateway.log.find('token', ({ reason }) => reason === told('token'));
  await gateway.log.find('password', ({ reason }) => reason === told('password'));
  gateway.configure(`${before}${routes}  /p: { to: 3001, use: [./plugin.js] }\n`);
  await gateway.log.find('plugin', ({ problems }) => /no file is there/.test(String(problems)));
  const client = await gateway.connect();
  expect((await client.exchange(get('/a', basic('ann', 'secret')))).status).toBe(200);
  for (const name of ['password', 'token']) put(name, 'second');
  gateway.configure(before + routes);
  await until('the file in the place of the pipe is read', () => cluster.tokens.has('Bearer second'));
  expect((await gateway.stop()).finished).toBe(true);
});
