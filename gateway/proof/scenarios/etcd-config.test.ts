import { mkdtempSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startGateway } from '../../gateway.ts';
import { base64, missingEtcd, TestEtcd } from '../testing/etcd.ts';
import { freePort } from '../testing/free-port.ts';
import { Logbook } from '../testing/logbook.ts';
import { until } from '../testing/poll.ts';
import { runHere } from '../testing/portway.ts';
import { Processes } from '../testing/processes.ts';
import { connect, get } from '../testing/raw-client.ts';

const yaml = (says: string) => `routes: { /a: { respond: { body: ${says} } } }\n`;

describe.skipIf(missingEtcd !== '')(`--config etcd:// (missing: ${missingEtcd || 'nothing'})`, () => {
  const processes = new Processes();
  let etcd: TestEtcd;
  beforeAll(async () => {
    etcd = await TestEtcd.start(processes);
  });
  afterAll(() => processes.killAll());

  async function started(configFile: string, state = mkdtempSync(join(tmpdir(), 'portway-state-'))) {
    const log = new Logbook();
    const gateway = await startGateway({
      configFile,
      env: { STATE_DIRECTORY: state },
      mode: 'production',
      log: pino({ level: 'info' }, log),
      listen: { port: await freePort(), adminPort: false },
    });
    onTestFinished(async () => void (await gateway.close(0)));
    const text = async () => {
      const client = await connect(gateway.address.port);
      const { status, text: body } = await client.exchange(get('/a'));
      client.destroy();
      return status === 200 ? body : String(status);
    };
    return { gateway, log, text, state };
  }

  test('a change of the key is taken over at once; what is wrong, or gone, changes nothing', async () => {
    await etcd.put('portway/a', yaml('one'));
    const { gateway, log, text } = await started(etcd.url('portway/a'));
    expect(await text()).toBe('one');
    await etcd.put('portway/a', yaml('two'));
    await until('the second answers', async () => (await text()) === 'two');
    await etcd.put('portway/a', 'routes:\n  /a: 3OO1\n');
    await log.find('refusal', ({ problems }) => /portway\/a:2:7 .*3OO1/.test(String(problems)));
    await etcd.call('kv/deleterange', { key: base64('portway/a') });
    await log.find('refusal', ({ problems }) => /can be fetched, got no such key/.test(String(problems)));
    expect(await text()).toBe('two');
    await etcd.put('portway/a', yaml('three'));
    await until('the third answers', async () => (await text()) === 'three');
    expect(gateway.configStatus().file).toBe(etcd.url('portway/a'));
  });

  test('a compaction, and etcd that goes and comes back, lose no change', async () => {
    await etcd.put('b', yaml('one'));
    const { text } = await started(etcd.url('b'));
    // What it watches from is forgotten while it can't listen.
    await etcd.kill();
    await etcd.begin();
    const revision = await etcd.put('other', 'x');
    await etcd.call('kv/compaction', { revision, physical: true });
    await etcd.put('b', yaml('two'));
    await until('the second answers', async () => (await text()) === 'two', 20_000);
    await etcd.put('b', yaml('three'));
    await until('the third answers', async () => (await text()) === 'three', 20_000);
  });

  test('a start without etcd serves what served last, and follows it when it is back', async () => {
    await etcd.put('c', yaml('one'));
    const { gateway, state } = await started(etcd.url('c'));
    await until('it is kept', async () => (await readdir(state)).some((name) => name.endsWith('.yaml')));
    await gateway.close(0);
    await etcd.kill();
    const again = await started(etcd.url('c'), state);
    expect(await again.text()).toBe('one');
    await etcd.begin();
    await etcd.put('c', yaml('two'));
    await until('the second answers', async () => (await again.text()) === 'two', 20_000);
  });

  test('a user is named to it, whose password is shown nowhere', async () => {
    await etcd.put('d', yaml('one'));
    await etcd.call('auth/user/add', { name: 'root', password: 'hush-hush' });
    await etcd.call('auth/user/grant', { user: 'root', role: 'root' });
    await etcd.call('auth/enable', {});
    try {
      const { log, text, gateway } = await started(etcd.url('d', 'root:hush-hush@'));
      expect(await text()).toBe('one');
      expect(JSON.stringify([gateway.configStatus(), log.text()])).not.toContain('hush-hush');
      const wrong = await runHere(['check', '--config', etcd.url('d', 'root:wrong-wrong@')]);
      expect(wrong.code).toBe(1);
      expect(wrong.stdout + wrong.stderr).toMatch(/can be fetched, got the answer 4\d\d/);
      expect(wrong.stdout + wrong.stderr).not.toContain('wrong-wrong');
    } finally {
      const { token } = await etcd.call('auth/authenticate', { name: 'root', password: 'hush-hush' });
      await etcd.call('auth/disable', {}, token);
    }
  });

  test.each([
    [async () => etcd.url(''), 'no place in etcd'],
    [async () => etcd.url('%zz'), 'no place in etcd'],
    [async () => etcd.url('nothing-here'), 'no such key'],
    [async () => `etcd://127.0.0.1:${await freePort()}/x`, 'ECONNREFUSED'],
  ])('what leads to nothing is told (%#)', async (url, found) => {
    const { code, stdout, stderr } = await runHere(['check', '--config', await url()]);
    expect(code).toBe(1);
    expect(stdout + stderr).toContain(`expected a configuration that can be fetched, got`);
    expect(stdout + stderr).toContain(found);
  });
});
