/**
 * docs/deploy/swarm.yml with a real Swarm of one node: deployed, scaled, updated, broken and rolled back, under requests that may not fail.
 * `.ci/docker-proof swarm` starts the engine and makes the images that the stack takes from the environment.
 */

import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../testing/free-port.ts';
import { ask, Load, problemOf } from '../../testing/load.ts';
import { until } from '../../testing/poll.ts';
import { PORTWAY } from '../../testing/processes.ts';

const run = promisify(execFile);
const shown = join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'deploy');

/**
 * In the place of the shop: says who answers. Asked to end, it closes each connection with an answer, and the port five seconds later, when
 * the gateways have let go of those that were idle: a POST that meets a connection being closed could not be sent again.
 */
const SHOP = `const { hostname } = require('os');
let ending = false;
const server = require('http').createServer((request, answer) => {
  if (ending) answer.setHeader('Connection', 'close');
  setTimeout(() => answer.end(hostname()), 5);
}).listen(7777);
process.on('SIGTERM', () => {
  ending = true;
  setTimeout(() => server.close(() => process.exit()), 5000);
});`;

const OURS = {
  version: '3.8',
  services: {
    shop: { image: process.env.BASE_IMAGE, user: '0', command: ['node', '-e', SHOP.replaceAll('$', '$$')] },
  },
};

let folder: string;
let port: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portway-swarm-'));
  port = await freePort();
  await cp(join(shown, 'swarm.yml'), join(folder, 'swarm.yml'));
  await cp(join(shown, 'swarm'), join(folder, 'swarm'), { recursive: true });
  await edit('swarm.yml', (text) => text.replace('published: 80,', `published: ${port},`));
  await writeFile(join(folder, 'ours.yml'), JSON.stringify(OURS));
  await run(process.execPath, [PORTWAY, 'passwd', '--key', 'swarm/admin-keys.txt', 'ops'], { cwd: folder });
  await docker('swarm', 'init', '--advertise-addr', '127.0.0.1');
  await deploy('1');
  await until('the stack serves', async () => problemOf(await ask(port, '/')) === null, 120_000);
  await until('all gateways run', async () => (await running('gateway')) === '3/3', 60_000);
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.error(await docker('stack', 'ps', 'portway', '--no-trunc'));
});
afterAll(async () => {
  await docker('stack', 'rm', 'portway').catch(() => {});
  await docker('swarm', 'leave', '--force').catch(() => {});
  await rm(folder, { recursive: true, force: true });
});

async function docker(...argv: string[]): Promise<string> {
  return (await run('docker', argv, { cwd: folder, env: { ...process.env } })).stdout;
}

/** @param version of the gateways' file */
async function deploy(version: string): Promise<void> {
  const files = ['--compose-file', 'swarm.yml', '--compose-file', 'ours.yml'];
  const argv = ['stack', 'deploy', '--resolve-image', 'never', ...files, 'portway'];
  await run('docker', argv, { cwd: folder, env: { ...process.env, GATEWAY_CONFIG: version } });
}

async function edit(name: string, change: (text: string) => string): Promise<void> {
  const file = join(folder, name);
  await writeFile(file, change(await readFile(file, 'utf8')));
}

/** `3/3` */
async function running(service: string): Promise<string> {
  const list = await docker('service', 'ls', '--format', '{{.Name}} {{.Replicas}}');
  return new RegExp(`^portway_${service} (\\S+)`, 'm').exec(list)?.[1] ?? '';
}

/** `completed`, `rollback_completed` ... */
async function updateState(): Promise<string> {
  const format = '{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}';
  return (await docker('service', 'inspect', 'portway_gateway', '--format', format)).trim();
}

/** Asks on and on, reads and writes, while `work` is done; none may fail. */
async function unharmed(what: string, work: () => Promise<unknown>): Promise<void> {
  const from = performance.now();
  const load = (method: 'GET' | 'POST', clients: number) =>
    new Load({ port, target: () => '/', method, clients, pauseMs: 10 });
  const loads = [load('GET', 8), load('POST', 2)];
  let asked: Awaited<ReturnType<Load['stop']>> = [];
  try {
    await work();
  } finally {
    asked = (await Promise.all(loads.map((each) => each.stop()))).flat();
  }
  const seconds = (performance.now() - from) / 1_000;
  const failed = asked.flatMap((each) => problemOf(each) ?? []);
  console.log(
    `${what}: ${failed.length} of ${asked.length} requests failed, ${Math.round(asked.length / seconds)}/s, ${Math.round(seconds)} s`,
  );
  expect(failed).toEqual([]);
}

/** Who answers now. */
async function answering(): Promise<number> {
  const asked = await Promise.all(Array.from({ length: 48 }, () => ask(port, '/')));
  return new Set(asked.map(({ text }) => text)).size;
}

it('follows the tasks of a service as it is scaled 2, 4, 2', async () => {
  await unharmed('tasks.shop 2, 4, 2', async () => {
    await docker('service', 'scale', 'portway_shop=4');
    await until('all four answer', async () => (await answering()) === 4, 60_000);
    await docker('service', 'scale', 'portway_shop=2');
    await until('two are left', async () => (await answering()) === 2, 60_000);
  });
}, 180_000);

it('replaces all gateways for another file of the configuration, and goes back', async () => {
  const header = async () => (await fetch(`http://127.0.0.1:${port}/`)).headers.get('x-version');
  await edit('swarm/gateway.config.yaml', (text) =>
    text.replace(
      '/: http://tasks.shop:7777',
      '/: { to: http://tasks.shop:7777, headers: { answer: { set: { X-Version: two } } } }',
    ),
  );
  await unharmed('rolling update of 3 gateways', async () => {
    await deploy('2');
    await until('the update is over', async () => (await updateState()) === 'completed', 180_000);
  });
  expect(await header()).toBe('two');
  await unharmed('rollback of 3 gateways', async () => {
    await docker('service', 'rollback', '--detach=false', '--quiet', 'portway_gateway');
    await until('it is over', async () => (await updateState()) === 'rollback_completed', 180_000);
  });
  expect(await header()).toBe(null);
}, 400_000);

it('goes back by itself from a file that no gateway starts with', async () => {
  await edit('swarm/gateway.config.yaml', (text) => `${text}\nrotues: {}\n`);
  await unharmed('an update that fails', async () => {
    await deploy('3');
    await until('it is taken back', async () => (await updateState()) === 'rollback_completed', 180_000);
  });
  expect(await running('gateway')).toBe('3/3');
}, 200_000);
