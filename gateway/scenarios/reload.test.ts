import { mkdir, readFile, rename, rm, rmdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { get } from '../testing/raw-client.ts';
import { chunk, ok, startService } from '../testing/service.ts';

/** The rule is 2 s; a loaded machine gets some more. */
const noticedMs = 4_000;

async function twoServices() {
  const before = (await startService()).answer(ok('before'));
  const after = (await startService()).answer(ok('after'));
  const yaml = (port: number) => `routes:\n  /db: ${port}\n`;
  return { before, after, yaml };
}

async function serves(gateway: TestGateway, text: string): Promise<void> {
  await until(`/db is served by "${text}"`, async () => (await gateway.get('/db/')).text === text, noticedMs);
}

/** Waits until the gateway has seen a file that it cannot use. */
async function rejects(gateway: TestGateway): Promise<string> {
  await until('the file is rejected', () => gateway.gateway.configStatus().rejected !== null, noticedMs);
  return gateway.gateway.configStatus().rejected ?? '';
}

describe('a changed file is seen by itself', () => {
  const ways: readonly [string, (file: string, text: string) => Promise<void>][] = [
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
      'written in two pieces',
      async (file, text) => {
        await writeFile(file, text.slice(0, 12));
        await new Promise((resolve) => setTimeout(resolve, 50));
        await writeFile(file, text);
      },
    ],
  ];

  test.each(ways)('when %s', async (_how, change) => {
    const { before, after, yaml } = await twoServices();
    const gateway = await startTestGateway(yaml(before.port));
    await serves(gateway, 'before');
    await change(gateway.configFile, yaml(after.port));
    await serves(gateway, 'after');
    expect(gateway.gateway.configStatus().rejected).toBe(null);
    await change(gateway.configFile, yaml(before.port)).catch(() =>
      writeFile(gateway.configFile, yaml(before.port)),
    );
    await serves(gateway, 'before');
  });

  test('when a folder above it is swapped by a symlink, as Kubernetes does', async () => {
    const { before, after, yaml } = await twoServices();
    const first = await startTestGateway(yaml(before.port));
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
    const { before, after, yaml } = await twoServices();
    const gateway = await startTestGateway(yaml(before.port));
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
    const { before, yaml } = await twoServices();
    const gateway = await startTestGateway(yaml(before.port));
    await writeFile(join(dirname(gateway.configFile), 'broken.ts'), 'export default {{{');
    await gateway.edit(`routes:\n  /db: { to: ${before.port}, extend: ./broken.ts }\n`);
    expect(await rejects(gateway)).toContain('broken.ts');
    expect((await gateway.get('/db/')).text).toBe('before');
  });
});

describe('on a reload', () => {
  test('what changed is logged', async () => {
    const { before, after, yaml } = await twoServices();
    const gateway = await startTestGateway(yaml(before.port));
    await gateway.editAndReload(`${yaml(before.port)}  /new: ${after.port}\n`);
    await gateway.log.find('change', (record) => JSON.stringify(record).includes('/new'));
  });

  test('reload() says what became of it', async () => {
    const { before, after, yaml } = await twoServices();
    const gateway = await startTestGateway(yaml(before.port));
    expect(await gateway.gateway.reload()).toEqual({ changed: false, rejected: null });
    await gateway.edit(yaml(after.port));
    await gateway.gateway.reload();
    expect((await gateway.get('/db/')).text).toBe('after');
    await gateway.edit('nonsense: 1\n');
    expect((await gateway.gateway.reload()).rejected).toContain('nonsense');
  });

  test('connections of clients stay open', async () => {
    const { before, after, yaml } = await twoServices();
    const gateway = await startTestGateway(yaml(before.port));
    const client = await gateway.connect();
    expect((await client.exchange(get('/db/'))).text).toBe('before');
    await gateway.editAndReload(yaml(after.port));
    expect((await client.exchange(get('/db/'))).text).toBe('after');
  });

  test('connections to services of unchanged routes are kept', async () => {
    const { before, after, yaml } = await twoServices();
    const gateway = await startTestGateway(yaml(before.port));
    await gateway.get('/db/');
    await gateway.editAndReload(`${yaml(before.port)}  /new: ${after.port}\n`);
    await gateway.get('/db/');
    expect(before.connections).toHaveLength(1);
  });

  test.each(['changed', 'removed'])('an exchange in flight on a route that is %s finishes', async (what) => {
    const slow = await startService();
    const { after, yaml } = await twoServices();
    const gateway = await startTestGateway(yaml(slow.port));
    const waiting = await gateway.connect();
    await waiting.send(get('/db/'));
    const first = await slow.connection();
    await first.head();
    const streaming = await gateway.connect();
    await streaming.send(get('/db/'));
    const second = await slow.connection();
    await second.head();
    await second.send(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('half')}`);
    await streaming.head();
    await gateway.editAndReload(what === 'changed' ? yaml(after.port) : `routes:\n  /other: ${after.port}\n`);
    expect((await gateway.get('/db/')).status).toBe(what === 'changed' ? 200 : 404);
    await first.send(ok('finished'));
    expect((await waiting.answer()).text).toBe('finished');
    await second.send(chunk(' and half') + chunk(''));
    expect(`${await streaming.chunk()}${await streaming.chunk()}`).toBe('half and half');
  });

  const upgrade = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: eA==',
  ];
  const agreed = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

  test('tunnels and event streams on unchanged routes live on', async () => {
    const service = await startService();
    const { after, yaml } = await twoServices();
    const gateway = await startTestGateway(yaml(service.port));
    const socket = await gateway.connect();
    await socket.send(get('/db/', ...upgrade));
    const tunnel = await service.connection();
    await tunnel.head();
    await tunnel.send(agreed);
    await socket.head();
    const reader = await gateway.connect();
    await reader.send(get('/db/events'));
    const events = await service.connection();
    await events.head();
    await events.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n');
    await reader.head();
    for (let turn = 0; turn < 5; turn++) {
      await gateway.editAndReload(`${yaml(service.port)}  /new${turn}: ${after.port}\n`);
      await socket.send('ping');
      expect((await tunnel.bytes(4)).toString()).toBe('ping');
      await events.send('data: x\n\n');
      expect((await reader.chunk()).toString()).toBe('data: x\n\n');
    }
  });

  test('a port that can be changed only by a restart is kept, and said', async () => {
    const { before, yaml } = await twoServices();
    const gateway = await startTestGateway(yaml(before.port));
    await gateway.editAndReload(`port: 39999\n${yaml(before.port)}`);
    expect((await gateway.get('/db/')).text).toBe('before');
    await gateway.log.find('word about the port', (record) => /port/.test(String(record.msg)));
  });
});

test('the file is read as it is, never changed', async () => {
  const { before, yaml } = await twoServices();
  const gateway = await startTestGateway(yaml(before.port));
  await gateway.gateway.reload();
  expect(await readFile(gateway.configFile, 'utf8')).toBe(yaml(before.port));
});
