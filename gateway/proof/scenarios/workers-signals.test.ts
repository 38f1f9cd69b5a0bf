import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { configurationFolder } from '../testing/gateway.ts';
import { type GatewayProcess, startGatewayProcess } from '../testing/gateway-process.ts';
import { until } from '../testing/poll.ts';
import { runPortway } from '../testing/portway.ts';
import { gone } from '../testing/process-facts.ts';
import { get } from '../testing/raw-client.ts';
import { ok, startService } from '../testing/service.ts';

/** What each of so many fresh connections is answered, one after the other: they go to the workers in turn. */
async function answersOf(gateway: GatewayProcess, target: string, count = 4): Promise<string[]> {
  const answers = [];
  for (let at = 0; at < count; at++) {
    const client = await gateway.connect();
    const { status, text } = await client.exchange(get(target));
    answers.push(`${status} ${text}`);
    client.destroy();
  }
  return answers;
}

test('SIGTERM: not ready first, then all workers finish what they have, and the process ends with 0', async () => {
  const service = await startService();
  const gateway = await startGatewayProcess(`workers: 2\nroutes: { /db: ${service.port} }\n`);
  const workers = await gateway.readyWorkers(2);
  const clients = [await gateway.connect(), await gateway.connect()];
  const upstreams = [];
  for (const client of clients) {
    const upstream = await service.reachedBy(client, get('/db/'));
    upstreams.push(upstream);
  }
  gateway.signal('SIGTERM');
  await until('it is not ready', async () => (await gateway.admin('GET', '/readyz')).status === 503);
  for (const upstream of upstreams) await upstream.send(ok('whole'));
  for (const client of clients) expect((await client.answer()).text).toBe('whole');
  expect(await gateway.exitCode()).toBe(0);
  await gone(workers);
  expect(await gateway.log.find('end', ({ msg }) => msg === 'stopped')).toMatchObject({ finished: true });
  const lines = gateway.log.exchanges();
  expect(new Set(lines.map(({ pid }) => pid))).toEqual(new Set(workers));
});

test('a second Ctrl-C ends everything at once', async () => {
  const service = await startService();
  const gateway = await startGatewayProcess(`workers: 2\nroutes: { /db: ${service.port} }\n`);
  const workers = await gateway.readyWorkers(2);
  const client = await gateway.connect();
  await client.send(get('/db/'));
  await (await service.connection()).head();
  // As the terminal does, to all of them.
  for (const pid of workers) process.kill(pid, 'SIGINT');
  gateway.signal('SIGINT');
  const pressedAt = performance.now();
  await gateway.log.find('wish to stop', ({ msg }) => msg === 'draining');
  await until('a second key press', () => performance.now() - pressedAt > 500);
  gateway.signal('SIGINT');
  expect(await gateway.exitCode()).toBe(130);
  await gone(workers);
});

describe('the file', () => {
  const extension = (word: string) =>
    `export default { preHandler: (request, reply, next) => void reply.send(${JSON.stringify(word)}) };\n`;

  test('is followed by all workers alike; what is refused is refused by all, and told once', {
    timeout: 60_000,
  }, async () => {
    const db = (await startService()).answer(ok('fine'));
    const head = (gateway: GatewayProcess) =>
      `port: ${gateway.port}\nadmin: ${gateway.adminPort}\nworkers: 2\n`;
    const extended = `/word: { to: ${db.port}, extend: ./word.js }`;
    const gateway = await startGatewayProcess(`workers: 2\nroutes: { ${extended} }\n`, {
      files: { 'word.js': extension('one'), 'other.js': 'export default { unknown: 1 };\n' },
    });
    const workers = await gateway.readyWorkers(2);
    const write = (routes: string) =>
      writeFile(gateway.configFile, `${head(gateway)}routes: { ${routes} }\n`);
    const logged = (text: string) => gateway.log.records.filter(({ msg }) => `${msg}`.includes(text));

    await write(`${extended}, /db: ${db.port}`);
    await gateway.log.find('reload', ({ msg }) => msg === 'configuration reloaded');
    expect(await answersOf(gateway, '/db/')).toEqual(Array(4).fill('200 fine'));
    expect(logged('configuration reloaded')).toHaveLength(1);

    await writeFile(join(dirname(gateway.configFile), 'word.js'), extension('two'));
    expect(await answersOf(gateway, '/word/')).toEqual(Array(4).fill('200 one'));
    gateway.signal('SIGHUP');
    await until('it has reloaded again', () => logged('configuration reloaded').length === 2);
    expect(await answersOf(gateway, '/word/')).toEqual(Array(4).fill('200 two'));

    await write(`${extended}, /db: not a port`);
    await until('it is refused', () => logged('was refused').length === 1);
    // Only a worker can find out that this is no good.
    await write(`${extended}, /other: { to: ${db.port}, extend: ./other.js }`);
    await until('it is refused again', () => logged('was refused').length === 2);
    expect(logged('was refused')[1]?.problems).toContain('unknown is not among the options');
    expect(await answersOf(gateway, '/db/')).toEqual(Array(4).fill('200 fine'));
    const seen = (await gateway.admin('GET', '/config')).body;
    expect(seen).toMatchObject({ reloads: 2, rejected: expect.stringContaining('unknown') });
    expect(logged('was refused').every(({ pid }) => pid === gateway.pid)).toBe(true);
    expect(await gateway.readyWorkers(2)).toEqual(workers);

    // Who starts meanwhile has what the others have, and not what is on disk.
    process.kill(workers[0] ?? 0, 'SIGKILL');
    await until('it has a successor', async () =>
      (await gateway.workers()).some(({ restarts }) => restarts > 0),
    );
    await gateway.readyWorkers(2);
    expect(await answersOf(gateway, '/db/')).toEqual(Array(4).fill('200 fine'));
  });
});

test('a port that is taken is told once, with who has it', async () => {
  const other = await startService();
  const cwd = await configurationFolder(
    `port: ${other.port}\nadmin: false\nworkers: 2\nroutes: { /db: 1 }\n`,
  );
  const { code, stdout, stderr } = await runPortway(['start'], { cwd });
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr.match(/the port is taken/g)).toHaveLength(1);
  expect(stderr).toContain(`(pid ${process.pid})`);
});
