import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startTestGateway } from '../testing/gateway.ts';
import { GatewayChild } from '../testing/gateway-child.ts';
import { ask } from '../testing/load.ts';
import { until } from '../testing/poll.ts';
import { Processes } from '../testing/processes.ts';
import { connect, get } from '../testing/raw-client.ts';
import { allAlone, allMeet, missingRedis, sharedOf, TestRedis } from '../testing/redis.ts';

/** Its own service answers on each path, so that each test has a limit of its own. */
const PATHS = ['plain', 'killed', 'hung', 'workers'];

describe.skipIf(missingRedis !== '')(`limits of replicas (missing: ${missingRedis || 'nothing'})`, () => {
  const processes = new Processes();
  let redis: TestRedis;
  let replicas: readonly GatewayChild[] = [];
  const adminPorts = () => replicas.map(({ adminPort }) => adminPort);

  /** One request to each, and how many passed. */
  async function round(path: string, ports = replicas.map(({ port }) => port)): Promise<number> {
    const answers = await Promise.all(ports.map((port) => status(port, path)));
    expect(answers.filter((one) => one !== 200 && one !== 429)).toEqual([]);
    return answers.filter((one) => one === 200).length;
  }

  beforeAll(async () => {
    redis = await TestRedis.start(processes);
    const routes = PATHS.map((path) => `  /${path}: { respond: { body: x }, rateLimit: { rate: 18/d } }`);
    const yaml = `shared: ${redis.url}\nlog: { access: false }\nroutes:\n${routes.join('\n')}\n`;
    const start = (more: string) =>
      GatewayChild.start(processes, mkdtempSync(join(tmpdir(), 'portway-shared-')), more + yaml);
    replicas = await Promise.all([start(''), start(''), start('workers: 2\n')]);
    await allMeet(adminPorts());
  });
  afterAll(() => processes.killAll());

  test('all keep one limit, and a client on all of them passes no more than one each beyond it, and what was under way', async () => {
    let passed = 0;
    for (let more = 0; more < 20; more++) passed += await round('plain');
    expect(passed).toBeGreaterThanOrEqual(18);
    // Alone, each would let 18 pass: 54.
    expect(passed).toBeLessThanOrEqual(18 + 4 + 5);
    const { body } = await replicas[0]!.admin('GET', '/metrics');
    expect(body).toMatch(/^portway_shared_up 1$/m);
    expect(body).toMatch(/^portway_shared_replicas 3$/m);
    expect(body).toMatch(/^portway_shared_counts_total\{result="shared"\} [1-9]/m);
  });

  test('a Redis that hangs delays nothing, and counts on when it goes on', async () => {
    redis.hang();
    let passed = 0;
    try {
      for (let more = 0; more < 5; more++) passed += await round('hung');
      expect(passed).toBe(15);
      await allAlone(adminPorts());
      expect((await replicas[0]!.admin('GET', '/metrics')).body).toMatch(/^portway_shared_up 0$/m);
    } finally {
      redis.goOn();
    }
    await allMeet(adminPorts());
    for (let more = 0; more < 20; more++) passed += await round('hung');
    expect(passed).toBeGreaterThanOrEqual(18);
    expect(passed).toBeLessThanOrEqual(18 + 10 + 4 + 5);
  });

  test('while it is away, each goes on alone; when it is back with nothing in it, it learns what they know', async () => {
    let passed = 0;
    for (let more = 0; more < 4; more++) passed += await round('killed');
    await redis.kill();
    await allAlone(adminPorts());
    for (let more = 0; more < 20; more++) passed += await round('killed');
    expect(passed).toBeGreaterThanOrEqual(18);
    // No more than each alone would let pass.
    expect(passed).toBeLessThanOrEqual(3 * 18 + 2);
    await redis.begin();
    await allMeet(adminPorts());
    for (let more = 0; more < 3; more++) await round('killed');
    expect(await round('killed')).toBe(0);
    const away = replicas[0]!.log.records.filter(({ msg }) => String(msg).includes('the Redis is away'));
    expect(away[0]).toMatchObject({ level: 'error', redis: redis.url });
  });

  test('workers count with other replicas', async () => {
    const { port } = replicas[2]!;
    let passed = 0;
    for (let more = 0; more < 12; more++)
      passed += await round('workers', [port, port, replicas[0]!.port, port, port]);
    expect(passed).toBeGreaterThanOrEqual(18);
    expect(passed).toBeLessThanOrEqual(18 + 4 + 5);
  });
});

describe.skipIf(missingRedis !== '')('a gateway with shared', () => {
  test('starts without the Redis, and shares when it comes; its password is shown nowhere', async () => {
    const processes = new Processes();
    onTestFinished(() => processes.killAll());
    const redis = await TestRedis.planned(processes, '--requirepass', 'hush-hush');
    const url = redis.url.replace('//', '//:hush-hush@');
    const yaml = (shared: string) =>
      `admin: 3900\n${shared}\nroutes: { /db: { respond: { body: x }, rateLimit: { rate: 2/d } } }\n`;
    const gateway = await startTestGateway(yaml(`shared: ${url}`));
    const told = () => sharedOf(gateway.adminPort);
    const next = async () => (await gateway.get('/db')).status;
    expect([await next(), await next(), await next()]).toEqual([200, 200, 429]);
    await redis.begin();
    await allMeet([gateway.adminPort]);
    await gateway.editAndReload(yaml(`shared: ${url.replace('hush-hush', 'wrong-wrong')}`));
    await until('it is refused', async () => /WRONGPASS/.test((await told()).failure ?? ''), 20_000);
    expect([200, 429]).toContain(await next());
    const pages = ['/config', '/status', '/metrics'].map((path) =>
      ask(gateway.adminPort, path, { method: 'GET', withinMs: 15_000 }),
    );
    const shown = (await Promise.all(pages)).map(({ text }) => text);
    for (const text of [...shown, gateway.log.text()]) expect(text).not.toMatch(/hush-hush|wrong-wrong/);
    await gateway.editAndReload(yaml(''));
    expect(await told()).toBeNull();
    expect([await next(), await next(), await next()]).toEqual([200, 200, 429]);
  });
});

async function status(port: number, path: string): Promise<number> {
  const client = await connect(port);
  const answer = await client.exchange(get(`/${path}`));
  client.destroy();
  return answer.status;
}
