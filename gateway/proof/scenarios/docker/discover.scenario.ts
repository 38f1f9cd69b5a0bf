/** `discover: docker` with a real engine: containers come, are scaled, and go, under requests. */

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../../testing/gateway.ts';
import { until } from '../../testing/poll.ts';

const run = promisify(execFile);
const project = `portway-discover-${process.pid}`;

const program = `const { hostname } = require('os');
process.on('SIGTERM', () => process.exit());
require('http').createServer((_, response) => response.end(hostname())).listen(80);`;

const compose = (label: string) => ({
  services: {
    web: {
      image: process.env.BASE_IMAGE,
      user: '0',
      command: ['node', '-e', program.replaceAll('$', '$$')],
      labels: { 'portway.path': '/web', 'portway.port': '80', ...JSON.parse(label) },
      stop_grace_period: '1s',
    },
  },
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portway-discover-'));
});
afterAll(async () => {
  await up('{}', 0).catch(() => {});
  await composed('down', '--timeout', '1').catch(() => {});
  await rm(folder, { recursive: true, force: true });
});

async function composed(...argv: string[]): Promise<void> {
  const [command, ...more] = (process.env.COMPOSE_COMMAND ?? 'docker compose').split(' ');
  await run(command!, [...more, '--project-name', project, ...argv], { cwd: folder });
}

async function up(label: string, count: number): Promise<void> {
  await writeFile(join(folder, 'docker-compose.yml'), JSON.stringify(compose(label)));
  await composed('up', '--detach', '--scale', `web=${count}`);
}

function gatewayOfEngine(): Promise<TestGateway> {
  return startTestGateway('discover: docker\n', { env: { DOCKER_HOST: process.env.DOCKER_HOST } });
}

/** Asks on and on while `work` is done. @returns how many answers of each status there were */
async function askedMeanwhile(
  gateway: TestGateway,
  work: () => Promise<unknown>,
): Promise<Record<number, number>> {
  const statuses: Record<number, number> = {};
  let done = false;
  const asking = (async () => {
    while (!done) {
      const { status } = await gateway.get('/web');
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  })();
  await work().finally(() => {
    done = true;
  });
  await asking;
  return statuses;
}

/** An engine under load may tell of an end before its list does; it is asked without news every 30 s. */
const ASKED_ANYWAY_MS = 45_000;

it('follows a service as it is scaled 1, 4, 2, without a failed request, and forgets it when it is gone', {
  timeout: 240_000,
  // A request that is the first on its connection to a process that ends is 502, because it is not sent again (docs/decisions/0013).
  retry: Number(process.env.PORTWAY_TEST_RETRIES ?? 0),
}, async () => {
  await up('{}', 0);
  const gateway = await gatewayOfEngine();
  expect((await gateway.get('/web')).status).toBe(404);
  await up('{}', 1);
  await until(
    'the first one answers',
    async () => (await gateway.get('/web')).status === 200,
    ASKED_ANYWAY_MS,
  );
  const hosts = async () => {
    const seen = new Set<string>();
    for (let i = 0; i < 16; i++) seen.add((await gateway.get('/web')).text);
    return seen.size;
  };
  const statuses = await askedMeanwhile(gateway, async () => {
    await up('{}', 4);
    await until('all four answer', async () => (await hosts()) === 4, ASKED_ANYWAY_MS);
    await up('{}', 2);
    await until('two are left', async () => (await hosts()) === 2, ASKED_ANYWAY_MS);
  });
  expect(Object.keys(statuses)).toEqual(['200']);
  console.log(`1, 4, 2 containers: ${statuses[200]} requests, all 200`);
  await composed('stop', '--timeout', '1');
  await until(
    'nobody asks for the path',
    async () => (await gateway.get('/web')).status === 404,
    ASKED_ANYWAY_MS,
  );
});

it('tells a label that is wrong with its container, and answers its path 503', async () => {
  await up('{ "portway.strp": "false" }', 1);
  const gateway = await gatewayOfEngine();
  expect(gateway.gateway.configStatus().unserved).toMatch(
    new RegExp(
      `container ${project}[-_]web[-_]1:\\d+:9 .*"strp"\\n.*portway\\.strp=false\\n.*did you mean "?strip`,
    ),
  );
  expect((await gateway.get('/web')).status).toBe(503);
});
