import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createAuthority, issueCertificate } from '../../tls/authority.ts';
import { freePort } from '../testing/free-port.ts';
import { startTestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { Processes } from '../testing/processes.ts';
import { allMeet, missingRedis, sharedOf, TestRedis } from '../testing/redis.ts';

describe.skipIf(missingRedis !== '')(`where the Redis is (missing: ${missingRedis || 'nothing'})`, () => {
  const processes = new Processes();
  afterAll(() => processes.killAll());

  test('by TLS, with a password from a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'portway-rediss-'));
    const authority = createAuthority('Redis of a test', 1);
    const { cert, key } = issueCertificate(authority, { names: ['localhost'], days: 1 });
    const files = { 'ca.pem': authority.cert, 'cert.pem': cert, 'key.pem': key };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const port = await freePort();
    const tls = [
      '--tls-port',
      String(port),
      '--tls-auth-clients',
      'no',
      '--tls-ca-cert-file',
      `${folder}/ca.pem`,
    ];
    const pair = ['--tls-cert-file', `${folder}/cert.pem`, '--tls-key-file', `${folder}/key.pem`];
    await TestRedis.start(processes, ...tls, ...pair, '--requirepass', 'hush-hush');
    const yaml = (ca: string) =>
      `admin: 3900\nshared: { url: "rediss://localhost:${port}/3", ca: ${ca}, passwordFile: password }\nroutes: {}\n`;
    const gateway = await startTestGateway(yaml('ca.pem'), {
      files: {
        'ca.pem': authority.cert,
        'other.pem': createAuthority('Other', 1).cert,
        password: 'hush-hush\n',
      },
    });
    await allMeet([gateway.adminPort]);
    await gateway.editAndReload(yaml('other.pem'));
    await until('it is not believed', async () =>
      /certificate/.test((await sharedOf(gateway.adminPort)).failure ?? ''),
    );
  });

  test('Sentinels say it, and the new master when the old one is dead', { timeout: 90_000 }, async () => {
    const fast = ['--repl-diskless-sync-delay', '0'];
    const first = await TestRedis.start(processes, ...fast);
    await TestRedis.start(processes, ...fast, '--replicaof', '127.0.0.1', String(first.port));
    const lines = [
      `sentinel monitor main 127.0.0.1 ${first.port} 1`,
      'sentinel down-after-milliseconds main 500',
      'sentinel failover-timeout main 3000',
    ];
    const [port, folder] = [await freePort(), mkdtempSync(join(tmpdir(), 'portway-sentinel-'))];
    const file = join(folder, 'sentinel.conf');
    writeFileSync(file, `port ${port}\nbind 127.0.0.1\ndir ${folder}\n${lines.join('\n')}\n`);
    await processes.start(['redis-server', file, '--sentinel']);
    const dead = await freePort();
    const yaml = `admin: 3900\nshared: { sentinel: { name: main, hosts: [127.0.0.1:${dead}, 127.0.0.1:${port}] } }\nroutes: {}\n`;
    const gateway = await startTestGateway(yaml);
    await allMeet([gateway.adminPort]);
    await first.kill();
    await until('it is away', async () => (await sharedOf(gateway.adminPort)).failure !== null);
    await until(
      'the new master is found',
      async () => (await sharedOf(gateway.adminPort)).failure === null,
      60_000,
    );
    expect((await gateway.get('/x')).status).toBe(404);
  });
});
