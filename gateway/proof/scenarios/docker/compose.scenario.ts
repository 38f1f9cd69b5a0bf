/**
 * docker-compose.yml with a real engine: the fleet is built, started, used, changed while it runs, hurt, stopped and removed.
 * `.ci/docker-proof` finds or starts the engine and runs this; the steps build on each other, in their order.
 */

import { randomBytes } from 'node:crypto';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../testing/poll.ts';
import { exchangeTcp, exchangeUdp, sayInRoom } from './clients.ts';
import { ComposeFleet } from './fleet.ts';

const services = ['chat', 'db', 'echo', 'files', 'hello', 'images'];
const processes = [...services, 'gateway'].sort();
const welcome = 'Welcome to the home page';

let fleet: ComposeFleet;
beforeAll(async () => {
  fleet = await ComposeFleet.prepare();
  await fleet.compose('build');
  await fleet.compose('up', '--detach');
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.error(await fleet.compose('logs', '--tail=20'));
});
afterAll(() => fleet.remove());

const url = (path: string) => `http://127.0.0.1:${fleet.httpPort}${path}`;
const textAt = async (path: string) => (await fetch(url(path))).text();

describe('docker-compose up', () => {
  it('starts one container for each process, and each becomes healthy', async () => {
    await until('all are healthy', allHealthy, 60_000);
    expect([...(await fleet.containers()).keys()].sort()).toEqual(processes);
  });

  it.each(processes)('gives %s no root, no capabilities, and nothing to write but its data', async (name) => {
    const { Config, HostConfig } = await fleet.container(name);
    expect(Config.User).toBe('1000:1000');
    expect(HostConfig).toMatchObject({
      ReadonlyRootfs: true,
      Init: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
    });
    const script = `for (const path of ['/app/x', '/config/x', '/tmp/x', '/data/x']) {
      try { fs.writeFileSync(path, ''); fs.unlinkSync(path); console.log(path); } catch {}
    }`;
    const keepsData = !['hello', 'echo'].includes(name);
    const writable = (await fleet.evaluate(name, script)).split('\n');
    expect(writable).toEqual(keepsData ? ['/tmp/x', '/data/x'] : ['/tmp/x']);
  });

  it.each(processes)('installs in %s what it runs on, and no tools, tests or other parts', async (name) => {
    const patterns = `['/app/{gateway,services}/**', '/app/node_modules/{*,@*/*}']`;
    const script = `console.log(fs.globSync(${patterns}).join('\\n'))`;
    const installed = (await fleet.evaluate(name, script)).split('\n');
    const own = name === 'gateway' ? 'gateway' : 'services';
    expect(installed).toContain('/app/node_modules/fastify');
    expect(installed).toContain(`/app/${own}/package.json`);
    const stray =
      /\/node_modules\/(typescript|vitest|@biomejs|@types\/.*|node-linux.*|node-bin.*|http-proxy)$|\.test\.ts$/;
    expect(installed.filter((path) => stray.test(path))).toEqual([]);
    const others = name === 'gateway' ? services : services.filter((one) => one !== name);
    expect(installed.filter((path) => others.some((one) => path === `/app/services/${one}`))).toEqual([]);
  });

  it('opens the port of the gateway and those of its streams, on this machine, and nothing else', async () => {
    const containers = [...(await fleet.containers())];
    const open = containers.flatMap(([name, { HostConfig }]) =>
      Object.entries(HostConfig.PortBindings ?? {}).map(
        ([port, [binding]]) => `${binding?.HostIp} ${name} ${port}`,
      ),
    );
    expect(open.sort()).toEqual([
      '127.0.0.1 gateway 3000/tcp',
      '127.0.0.1 gateway 7000/tcp',
      '127.0.0.1 gateway 7000/udp',
    ]);
  });
});

describe('portway, inside the container of the gateway', () => {
  it('checks and explains the file that is mounted', async () => {
    const { Id } = await fleet.container('gateway');
    expect(await fleet.docker('exec', Id, 'portway', 'check')).toContain('no problems');
    expect(await fleet.docker('exec', Id, 'portway', 'explain', '/db/users')).toContain('db:3001');
  });
});

describe('through the gateway', () => {
  it.each([
    ['a service', '/hello', welcome],
    ['a route that is extended by a module beside the file', '/shout', welcome.toUpperCase()],
  ])('reaches %s', async (_what, path, expected) => {
    expect(await textAt(path)).toBe(expected);
  });

  it('keeps a document', async () => {
    const created = await putJson('/db/docker/one', { name: 'Ada' });
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe('/db/docker/one');
    expect(JSON.parse(await textAt('/db/docker/one'))).toEqual({ id: 'one', name: 'Ada' });
  });

  it('takes a file and gives any part of it back', async () => {
    const bytes = randomBytes(3_000_000);
    expect((await fetch(url('/files/docker/bytes'), { method: 'PUT', body: bytes })).status).toBe(201);
    const part = await fetch(url('/files/docker/bytes'), { headers: { range: 'bytes=1000000-2999999' } });
    expect(part.status).toBe(206);
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(1_000_000))).toBe(true);
  });

  it('gets an image in the size and format of its choice', async () => {
    const answer = await fetch(url('/images/marble.webp?w=64'), { headers: { accept: 'image/avif' } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/avif']);
    expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(100);
  });

  it('chats over a WebSocket', async () => {
    const message = await sayInRoom(url('/chat/ws').replace('http', 'ws'), 'from outside');
    expect(message).toMatchObject({ type: 'message', name: 'Ada', text: 'from outside' });
  });

  it('gets every byte back over TCP', async () => {
    const bytes = randomBytes(1_000_000);
    expect((await exchangeTcp(fleet.streamPort, bytes)).equals(bytes)).toBe(true);
  });

  it('gets a datagram back over UDP', async () => {
    expect(await exchangeUdp(fleet.streamPort, 'a datagram')).toBe('a datagram');
  });
});

describe('gateway.config.yaml, edited while all runs', () => {
  it('takes effect when it is written in place', async () => {
    const { ino } = await stat(configFile());
    await writeFile(configFile(), await configWith('/written-in-place: 7777'));
    expect((await stat(configFile())).ino).toBe(ino);
    await until('the new route answers', async () => (await textAt('/written-in-place')) === welcome);
  });

  it('takes effect when a new file is renamed over it', async () => {
    await writeFile(`${configFile()}.new`, await configWith('/renamed-over: 7777'));
    await rename(`${configFile()}.new`, configFile());
    await until('the new route answers', async () => (await textAt('/renamed-over')) === welcome);
    expect(await textAt('/written-in-place')).toBe(welcome);
  });
});

describe('a service that dies', () => {
  it('comes back with its data, and the others go on', async () => {
    // As a crash does: `docker kill` would count as the wish that it stays away.
    await fleet.evaluate('db', killMainProcess).catch(() => '');
    await until(
      'the engine has seen it',
      async () => (await fleet.container('db')).RestartCount === 1,
      15_000,
    );
    expect(await textAt('/hello')).toBe(welcome);
    await until('its document is there', () => hasDocument('/db/docker/one'), 15_000);
  });

  it('is found again in a new container', async () => {
    const { Id } = await fleet.container('db');
    await fleet.compose('up', '--detach', '--no-deps', '--force-recreate', 'db');
    expect((await fleet.container('db')).Id).not.toBe(Id);
    await until('its document is there', () => hasDocument('/db/docker/one'), 15_000);
  });
});

describe('docker-compose stop and down', () => {
  it('lets every process drain and end by itself', async () => {
    await fleet.compose('stop');
    const containers = [...(await fleet.containers())];
    expect(containers.map(([name, { State }]) => `${name} ${State.Status} ${State.ExitCode}`).sort()).toEqual(
      processes.map((name) => `${name} exited 0`),
    );
  });

  it('leaves nothing behind', async () => {
    await fleet.compose('down', '--volumes', '--rmi', 'local');
    const left = [fleet.ids('ps', '--all'), fleet.ids('network', 'ls'), fleet.ids('volume', 'ls')];
    expect((await Promise.all([...left, fleet.images()])).flat()).toEqual([]);
  });
});

/** The only child of the init process that is not this script, whose own parent is outside of the container. */
const killMainProcess = `
  const [main] = fs.readFileSync('/proc/1/task/1/children', 'utf8').split(' ');
  process.kill(Number(main), 'SIGKILL');`;

async function allHealthy(): Promise<boolean> {
  const containers = [...(await fleet.containers()).values()];
  return containers.every(({ State }) => State.Health?.Status === 'healthy');
}

function putJson(path: string, value: unknown): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(url(path), { method: 'PUT', headers, body: JSON.stringify(value) });
}

async function hasDocument(path: string): Promise<boolean> {
  const answer = await fetch(url(path));
  await answer.bytes();
  return answer.status === 200;
}

function configFile(): string {
  return join(fleet.folder, 'gateway.config.yaml');
}

/** The configuration as it is, with one route more. */
async function configWith(route: string): Promise<string> {
  return (await readFile(configFile(), 'utf8')).replace(/^routes:\n/m, `routes:\n  ${route}\n`);
}
