import { mkdir, readFile, rename, rm, rmdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freePort } from '../testing/free-port.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { startService } from '../testing/service.ts';
import { startTwoServices } from '../testing/two-services.ts';
import { openTunnel } from '../testing/websocket.ts';

async function serves(gateway: TestGateway, text: string): Promise<void> {
  await until(`/db is served by "${text}"`, async () => (await gateway.get('/db/')).text === text);
}

/** Waits until the gateway has seen a file that it cannot use. */
async function rejects(gateway: TestGateway): Promise<string> {
  await until('the file is rejected', () => gateway.gateway.configStatus().rejected !== null);
  return gateway.gateway.configStatus().rejected ?? '';
}

describe('a changed file is seen by itself', () => {
  const ways: readonly [string, (file: string, text: string, gateway: TestGateway) => Promise<unknown>][] = [
    ['written in place', (file, text) => writeFile(file, text)],
    [
      'renamed over',
      async (file, text) => {
        await writeFile(`${file}.new`, text);
        await rename(`${file}.new`, file);
      },
    ],
    [
      'deleted and made again',
      async (file, text) => {
        await rm(file);
        await writeFile(file, text);
      },
    ],
    [
      'moved away and made again, as some editors do',
      async (file, text) => {
        await rename(file, `${file}~`);
        await writeFile(file, text);
      },
    ],
    [
      'replaced by a symlink',
      async (file, text) => {
        await writeFile(`${file}.target`, text);
        await symlink(`${file}.target`, `${file}.link`);
        await rename(`${file}.link`, file);
      },
    ],
    [
      'written in two pieces, the first of which is judged',
      async (file, text, gateway) => {
        await writeFile(file, text.slice(0, 12));
        await rejects(gateway);
        await writeFile(file, text);
      },
    ],
  ];

  test.each(ways)('when %s', async (_how, change) => {
    const { before, after, yaml, gateway } = await startTwoServices();
    await serves(gateway, 'before');
    await change(gateway.configFile, yaml(after.port), gateway);
    await serves(gateway, 'after');
    expect(gateway.gateway.configStatus().rejected).toBe(null);
    await change(gateway.configFile, yaml(before.port), gateway).catch(() =>
      writeFile(gateway.configFile, yaml(before.port)),
    );
    await serves(gateway, 'before');
  });

  test('when a folder above it is swapped by a symlink, as Kubernetes does', async () => {
    const { before, after, yaml, gateway: first } = await startTwoServices();
    const folder = dirname(first.configFile);
    for (const [name, port] of [['v1', before.port] as const, ['v2', after.port] as const]) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'gateway.config.yaml'), yaml(port));
    }
    await symlink('v1', join(folder, '..data'));
    await symlink(join('..data', 'gateway.config.yaml'), join(folder, 'link.yaml'));
    await rename(join(folder, 'link.yaml'), first.configFile);
    await serves(first, 'before');
    await symlink('v2', join(folder, '..data.new'));
    await rename(join(folder, '..data.new'), join(folder, '..data'));
    await serves(first, 'after');
  });
});

describe('a file that cannot be used changes nothing', () => {
  const ways: readonly [string, (file: string) => Promise<void>][] = [
    ['invalid', (file) => writeFile(file, 'routes:\n  /db: 99999\n')],
    ['not YAML', (file) => writeFile(file, 'routes: [\n')],
    ['empty', (file) => writeFile(file, '')],
    ['binary', (file) => writeFile(file, Buffer.from([0, 255, 254, 0, 1]))],
    ['deleted', (file) => rm(file)],
    [
      'a folder',
      async (file) => {
        await rm(file);
        await mkdir(file);
      },
    ],
    [
      'a symlink to nowhere',
      async (file) => {
        await rm(file);
        await symlink('nowhere', file);
      },
    ],
  ];

  test.each(ways)('when it is %s; the error is told, and the next good one is taken', async (what, spoil) => {
    const { after, yaml, gateway } = await startTwoServices();
    await spoil(gateway.configFile);
    expect(await rejects(gateway)).toContain('gateway.config.yaml');
    await gateway.log.find(
      'rejection',
      (record) => Number(record.level) >= 40 || /warn|error/.test(`${record.level}`),
    );
    for (let probe = 0; probe < 5; probe++) expect((await gateway.get('/db/')).text).toBe('before');
    if (what === 'a folder') await rmdir(gateway.configFile);
    else await rm(gateway.configFile, { force: true });
    await writeFile(gateway.configFile, yaml(after.port));
    await serves(gateway, 'after');
    expect(gateway.gateway.configStatus().rejected).toBe(null);
  });

  test('and an extension that does not load is such an error', async () => {
    const { before, gateway } = await startTwoServices();
    await writeFile(join(dirname(gateway.configFile), 'broken.ts'), 'export default {{{');
    await gateway.edit(`routes:\n  /db: { to: ${before.port}, extend: ./broken.ts }\n`);
    expect(await rejects(gateway)).toContain('broken.ts');
    expect((await gateway.get('/db/')).text).toBe('before');
  });
});

test('one whose own tests fail is rejected, and what served before serves on', async () => {
  const { before, after, yaml, gateway } = await startTwoServices();
  const promise = 'tests:\n  - GET /db/archive/x -> /db, target /archive/x\n';
  await gateway.editAndReload(`${yaml(before.port)}${promise}`);
  await writeFile(gateway.configFile, `${yaml(before.port)}  /db/archive: ${after.port}\n${promise}`);
  expect(await rejects(gateway)).toContain('tests[0]  expected /db, got /db/archive (line 3)');
  expect((await gateway.get('/db/archive/x')).text).toBe('before');
  await writeFile(gateway.configFile, `${yaml(after.port)}${promise}`);
  await serves(gateway, 'after');
});

test('a file whose lines alone move is no other configuration, but what is told of it has the new lines', async () => {
  const service = await startService();
  const yaml = `routes:\n  /db: ${service.port}\nstreams:\n  tcp: { 127.0.0.1:${await freePort()}: ${service.port} }\n`;
  const gateway = await startTestGateway(yaml);
  const socket = await gateway.connect();
  const tunnel = await openTunnel(socket, service, '/db/');
  const lines = async () => {
    const { gateway: running } = gateway;
    const told = [...(await running.figure('routes')), ...(await running.figure('streams'))];
    return told.map(({ line }) => line);
  };
  expect(await lines()).toEqual([2, 4]);
  await gateway.edit(`# One.\n# Two.\n${yaml}`);
  await until('the lines have followed', async () => (await lines()).join() === '4,6');
  expect(gateway.gateway.configStatus().reloads).toBe(0);
  expect(gateway.log.text()).not.toContain('configuration reloaded');
  await socket.send('ping');
  expect((await tunnel.bytes(4)).toString()).toBe('ping');
});

test('the file is read as it is, never changed', async () => {
  const { gateway } = await startTwoServices();
  const text = await readFile(gateway.configFile, 'utf8');
  await gateway.gateway.reload();
  expect(await readFile(gateway.configFile, 'utf8')).toBe(text);
});
