import { spawnSync } from 'node:child_process';
import { appendFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { startGatewayProcess } from '../proof/testing/gateway-process.ts';
import { runHere } from '../proof/testing/portway.ts';
import { PORTWAY } from '../proof/testing/processes.ts';
import { configFile } from '../proof/testing/program.ts';
import { get } from '../proof/testing/raw-client.ts';
import { ok, startService } from '../proof/testing/service.ts';

function recorded(file: string, log: string, ...options: string[]) {
  const args = [PORTWAY, 'record', '--config', file, ...options];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { input: log, encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

test('the log of real traffic becomes lines that the same configuration keeps', async () => {
  const { port } = (await startService()).answer(ok());
  const routes = `routes:
  /db: ${port}
  /closed: { to: ${port}, deny: 127.0.0.1 }
  shop.test/cart: ${port}
  /beta: { to: ${port}, when: { headers: { X-Beta: "1" } } }
`;
  const gateway = await startGatewayProcess(routes);
  const client = await gateway.connect();
  for (const path of ['/db/a?token=s3cret', '/db/a', '/db/b', '/db/c', '/db/d', '/closed/x', '/nope'])
    await client.exchange(get(path));
  await client.exchange(get('/cart/1', 'Host: shop.test'));
  await client.exchange(get('/beta/x', 'X-Beta: 1'));
  await gateway.stop();
  const file = await configFile(routes);
  const log = gateway.log.records.map((line) => JSON.stringify(line)).join('\n');
  const { code, stdout, stderr } = recorded(file, `no JSON\n{"msg":7}\n${log}`);
  const tests = `tests:
  - "GET /db/a -> /db, target /a"
  - "GET /db/b -> /db, target /b"
  - "GET /db/c -> /db, target /c"
  - "GET /closed/x -> /closed, status 403, policy deny"
  - "GET /nope -> no route"
  - "GET http://shop.test/cart/1 -> shop.test/cart, target /1"
`;
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: tests,
    stderr: '6 lines of 9 exchanges; left out, because they depend on fields or an address: 1\n',
  });
  await appendFile(file, stdout);
  expect((await runHere(['check', file])).code).toBe(0);
});

test('the lines of a gateway with TLS ask by https', async () => {
  const file = await configFile(
    'tls: { certificates: dev, redirect: true }\nroutes: { shop.test/cart: 3001 }\n',
  );
  const line = { msg: 'exchange', method: 'GET', target: '/cart/1', route: 'shop.test/cart' };
  expect(recorded(file, JSON.stringify(line)).stdout).toBe(
    'tests:\n  - "GET https://shop.test/cart/1 -> shop.test/cart, target /1"\n',
  );
});

test('what clients send stays text', async () => {
  const file = await configFile('routes: { /db: 3001 }\n');
  const line = (target: string) => JSON.stringify({ msg: 'exchange', method: 'GET', target, route: '/db' });
  const hostile = ['/db/"\n  - x', '/db/a->b', '/db/a, target /', '/db/ä', '*', ''].map(line).join('\n');
  expect(recorded(file, hostile)).toMatchObject({ code: 1, stdout: '' });
  const pretty = '21:05:03 GET     200   15 ms   557 B  /db/x1 → /db localhost:3431\n';
  expect(recorded(file, pretty)).toMatchObject({ code: 1, stderr: expect.stringContaining('JSON log') });
  expect(recorded(file, line('/db/a'), '--per-route', 'many')).toMatchObject({ code: 2 });
});
