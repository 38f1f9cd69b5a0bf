import { createConnection } from 'node:net';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../proof/testing/poll.ts';
import { connect, get, request } from '../proof/testing/raw-client.ts';
import { serviceStatus } from '../proof/testing/status.ts';
import { createAdmin } from './admin.ts';
import type { ServiceControl } from './admin-services.ts';
import type { AdminView } from './admin-view.ts';

const status = serviceStatus();

/** An admin listener of a gateway with one service. */
async function admin(control = true) {
  const restarts: string[] = [];
  const followers = new Set<(line: string) => void>();
  const services: ServiceControl = {
    names: ['db'],
    status: () => [status],
    find: (name) =>
      name === 'db'
        ? { lines: () => ['one', 'two', 'three'], restart: (why) => restarts.push(why) }
        : undefined,
    follow: (_name, heard) => {
      followers.add(heard);
      return () => followers.delete(heard);
    },
  };
  const config = { admin: { host: '127.0.0.1', port: 3900 }, file: '/srv/gateway.config.yaml' };
  // What else there is of a gateway nobody asks for here.
  const view = { config: () => config, services: control ? services : null } as unknown as AdminView;
  const listener = createAdmin(view, { log: pino({ level: 'silent' }), timeoutMs: 100 });
  const { port } = await listener.listen('127.0.0.1', 0);
  onTestFinished(() => listener.close());
  const ask = async (method: string, target: string, ...fields: string[]) =>
    (await connect(port)).exchange(request(method, target, ['Host: localhost', ...fields]));
  return { port, restarts, followers, ask };
}

describe('/services', () => {
  it('names the file and the processes', async () => {
    const answer = await (await admin()).ask('GET', '/services');
    expect(JSON.parse(answer.text)).toEqual({ file: '/srv/gateway.config.yaml', services: [status] });
  });

  it('has none where none are run', async () => {
    const { ask } = await admin(false);
    expect(JSON.parse((await ask('GET', '/services')).text).services).toBeNull();
    for (const [method, target] of [
      ['GET', '/services/db/log'],
      ['POST', '/services/db/restart'],
    ] as const)
      expect((await ask(method, target)).status).toBe(409);
  });

  it('says which there are where one is asked for that is not there', async () => {
    const answer = await (await admin()).ask('POST', '/services/dbb/restart');
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      404,
      expect.objectContaining({ services: ['db'] }),
    ]);
  });

  it.each(['GET', 'POST'])('%s only under a host that is this machine', async (method) => {
    const { port, restarts } = await admin();
    const target = method === 'GET' ? '/services/db/log' : '/services/db/restart';
    const answer = await (await connect(port)).exchange(request(method, target, ['Host: evil.example']));
    expect([answer.status, restarts]).toEqual([421, []]);
  });

  // As a script or a style sheet its lines could be loaded by any page, and followed without an end.
  it.each(['/services', '/services/db/log', '/services/db/log?follow'])(
    'refuses a page of another origin %s',
    async (target) => {
      const { ask, followers } = await admin();
      const answer = await ask('GET', target, 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Dest: script');
      expect([answer.status, followers.size]).toEqual([403, 0]);
    },
  );
});

describe('the log of a service', () => {
  it.each([
    ['', 'one\ntwo\nthree\n'],
    ['?tail=2', 'two\nthree\n'],
    ['?tail=0', ''],
    ['?tail=x', ''],
  ])('%s', async (query, text) => {
    const answer = await (await admin()).ask('GET', `/services/db/log${query}`);
    expect([answer.status, answer.text]).toEqual([200, text]);
    expect(answer.head.value('content-type')).toBe('text/plain; charset=utf-8');
  });

  it('goes on with what the service writes, however long it says nothing, until the reader leaves', async () => {
    const { port, followers } = await admin();
    const client = await connect(port);
    await client.send(get('/services/db/log?tail=1&follow', 'Host: localhost'));
    await until('it follows', () => followers.size === 1);
    // Idle connections have 200 ms here.
    const begun = performance.now();
    await until('more than that', () => performance.now() - begun > 500);
    for (const heard of followers) heard('four');
    await client.head();
    expect([String(await client.chunk()), String(await client.chunk())]).toEqual(['three\n', 'four\n']);
    client.destroy();
    await until('nobody follows', () => followers.size === 0);
  });

  it('is followed by nobody who asks for its head alone', async () => {
    const { ask, followers } = await admin();
    expect((await ask('HEAD', '/services/db/log?follow')).status).toBe(200);
    expect(followers.size).toBe(0);
  });

  it('breaks off for a reader that does not read', async () => {
    const { port, followers } = await admin();
    // Without a listener for what arrives it takes nothing.
    const client = createConnection(port, '127.0.0.1').on('error', () => {});
    onTestFinished(() => void client.destroy());
    client.write(get('/services/db/log?follow', 'Host: localhost'));
    await until('it follows', () => followers.size === 1);
    for (let lines = 0; followers.size > 0 && lines < 4_000; lines++)
      for (const heard of followers) heard('x'.repeat(4_000));
    await until('nobody follows', () => followers.size === 0);
  });
});

describe('the restart of a service', () => {
  it('is asked for by POST alone', async () => {
    const { ask, restarts } = await admin();
    const answer = await ask('GET', '/services/db/restart');
    expect([answer.status, answer.head.value('allow'), restarts]).toEqual([405, 'POST', []]);
    expect((await ask('POST', '/services/db/restart')).status).toBe(200);
    expect(restarts).toHaveLength(1);
  });

  it.each(['http://evil.example', 'null', 'http://localhost:3000'])(
    'is refused to a page of %s',
    async (origin) => {
      const { ask, restarts } = await admin();
      const answer = await ask('POST', '/services/db/restart', `Origin: ${origin}`);
      expect([answer.status, restarts]).toEqual([403, []]);
    },
  );
});
