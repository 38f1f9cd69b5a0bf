import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GatewayChild } from '../testing/gateway-child.ts';
import { until } from '../testing/poll.ts';
import { Processes } from '../testing/processes.ts';
import { connect, get } from '../testing/raw-client.ts';
import { allAlone, allMeet, missingRedis, sharedOf, TestRedis } from '../testing/redis.ts';
import { connectSecurely } from '../testing/secure-client.ts';
import { selfSigned } from '../testing/self-signed.ts';

const { cert, key } = selfSigned('shop.test');

describe.skipIf(missingRedis !== '')(`what replicas share (missing: ${missingRedis || 'nothing'})`, () => {
  const processes = new Processes();
  /** What it says now; what is kept is older. */
  let said = 'one';
  const service = createServer((_, response) =>
    response.writeHead(200, { 'cache-control': 'max-age=3600' }).end(said),
  );
  let redis: TestRedis;
  let yaml = '';
  let replicas: readonly [GatewayChild, GatewayChild];
  const adminPorts = () => replicas.map(({ adminPort }) => adminPort);

  beforeAll(async () => {
    redis = await TestRedis.start(processes);
    await once(service.listen(0, '127.0.0.1'), 'listening');
    const { port } = service.address() as AddressInfo;
    yaml = `shared: ${redis.url}\ntls: { certificates: { cert: shop.crt, key: shop.key } }\nroutes: { /: { to: ${port}, cache: on } }\n`;
    const files = { 'shop.crt': cert, 'shop.key': key };
    const start = (text: string) =>
      GatewayChild.start(processes, mkdtempSync(join(tmpdir(), 'portway-shared-')), text, { files });
    replicas = await Promise.all([start(yaml), start(`workers: 2\n${yaml}`)]);
    await allMeet(adminPorts());
  });
  afterAll(async () => {
    await processes.killAll();
    service.close();
  });

  /** As all processes answer it: connections are dealt out to workers in turn. */
  async function answers(path: string): Promise<string> {
    const ports = [replicas[0].port, replicas[1].port, replicas[1].port];
    return (await Promise.all(ports.map((port) => answer(port, path)))).join();
  }

  /** `one` is kept in all of them, and the service says `two` by now. */
  async function kept(path: string): Promise<void> {
    said = 'one';
    expect(await answers(path)).toBe('one,one,one');
    said = 'two';
    expect(await answers(path)).toBe('one,one,one');
  }

  const forgotten = (path: string) =>
    until('all have forgotten it', async () => (await answers(path)) === 'two,two,two');

  test.each([0, 1] as const)('what one is told to forget, all forget (told: %i)', async (at) => {
    await kept(`/told-${at}`);
    expect((await replicas[at].admin('DELETE', `/cache?url=/told-${at}`)).status).toBe(200);
    await forgotten(`/told-${at}`);
    expect(await answers('/other')).toBe('two,two,two');
  });

  test('while the Redis hangs a purge waits; those that can not tell what they missed forget everything', async () => {
    await kept('/hung');
    await kept('/elsewhere');
    redis.hang();
    await allAlone(adminPorts());
    await replicas[0].admin('DELETE', '/cache?url=/hung');
    expect(await answer(replicas[0].port, '/hung')).toBe('two');
    expect(await answer(replicas[1].port, '/hung')).toBe('one');
    redis.goOn();
    await allMeet(adminPorts());
    await forgotten('/hung');
    expect(await answers('/elsewhere')).toBe('one,one,one');
    await redis.kill();
    await allAlone(adminPorts());
    await redis.begin();
    await allMeet(adminPorts());
    await forgotten('/elsewhere');
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'a session of %s is resumed with another replica',
    async (maxVersion) => {
      const first = await connectSecurely(replicas[0].port, { maxVersion });
      await first.exchange(get('/told-0'));
      const session = first.socket.getSession()!;
      first.destroy();
      for (let times = 0; times < 2; times++) {
        const next = await connectSecurely(replicas[1].port, { maxVersion, session });
        expect(next.socket.isSessionReused()).toBe(true);
        expect((await next.exchange(get('/told-0'))).status).toBe(200);
        next.destroy();
      }
    },
  );

  test('the status says where configurations differ, and what each replica is', async () => {
    // Their ports differ, so do their files.
    const { versions, replicas: told } = await sharedOf(adminPorts()[0]!);
    expect(versions).toBe(2);
    expect(told.map(({ workers, own }) => [workers, own]).sort()).toEqual([
      [1, true],
      [2, false],
    ]);
    const { version } = (await replicas[0].admin('GET', '/config')).body as { version: string };
    expect(told.find(({ own }) => own)?.version).toBe(version);
    expect(version).toMatch(/^[0-9a-f]{12}$/);
    replicas[0].configure(`${yaml}allowedHosts: [localhost]\n`);
    await until('the next version is told', async () => {
      const seen = await sharedOf(adminPorts()[1]!);
      return !seen.replicas.some((one) => one.version === version);
    });
  });
});

async function answer(port: number, path: string): Promise<string> {
  const client = await connect(port);
  const { text } = await client.exchange(get(path));
  client.destroy();
  return text;
}
