import { describe, expect, test } from 'vitest';
import { freePort } from '../testing/free-port.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { startSwitched } from '../testing/switched-service.ts';

const HEALTH =
  'health: { path: /healthz, interval: 100ms, timeout: 100ms, unhealthyAfter: 3, healthyAfter: 2 }';

const route = (ports: readonly number[]) =>
  `  /db: { to: [${ports.join(', ')}], ejection: off, ${HEALTH} }\n`;

/** Who answers so many requests, one after the other. */
async function answers(gateway: TestGateway, count: number, target = '/db/'): Promise<string[]> {
  const texts: string[] = [];
  for (let i = 0; i < count; i++) {
    const { status, text } = await gateway.get(target);
    texts.push(status === 200 ? text : String(status));
  }
  return texts.sort();
}

const said = (gateway: TestGateway, words: RegExp) =>
  gateway.log.find(`${words}`, ({ msg }) => words.test(String(msg)));

describe('an endpoint that is checked', () => {
  test('is left out while its health path answers 503, is shown so, and the log says so once each time', async () => {
    const [a, b] = [await startSwitched('a'), await startSwitched('b')];
    const gateway = await startTestGateway(`routes:\n${route([a.port, b.port])}`);
    await until('both are known to be well', () => a.checks > 0 && b.checks > 0);
    expect(await answers(gateway, 4)).toEqual(['a', 'a', 'b', 'b']);
    a.health = 'ill';
    const word = await said(
      gateway,
      /^the endpoint is unhealthy: GET \/healthz 503 ×3 since \d\d:\d\d:\d\d$/,
    );
    expect(word).toMatchObject({ level: 40, endpoint: `localhost:${a.port}` });
    expect(await answers(gateway, 4)).toEqual(['b', 'b', 'b', 'b']);
    const [{ endpoints } = { endpoints: [] }] = await gateway.gateway.figure('routes');
    const reason = expect.stringMatching(/^GET \/healthz 503 ×\d+ since \d\d:\d\d:\d\d$/);
    expect(endpoints).toMatchObject([
      { address: `localhost:${a.port}`, state: 'down', reason },
      { address: `localhost:${b.port}`, state: 'up', reason: null },
    ]);
    a.health = 'well';
    await said(gateway, /^the endpoint is healthy again$/);
    expect(new Set(await answers(gateway, 4))).toEqual(new Set(['a', 'b']));
    expect(gateway.log.records.filter(({ msg }) => /the endpoint is/.test(String(msg)))).toHaveLength(2);
  });

  test('counts as well when the gateway starts, so that a start is no outage', async () => {
    const a = await startSwitched('a');
    a.health = 'hung';
    const gateway = await startTestGateway(`routes:\n${route([a.port])}`);
    expect(await answers(gateway, 1)).toEqual(['a']);
  });

  test('is left out without a request when nothing listens there, and comes back by itself', async () => {
    const b = await startSwitched('b');
    const port = await freePort();
    const gateway = await startTestGateway(`routes:\n${route([port, b.port])}`);
    await said(gateway, /^the endpoint is unhealthy: nothing listens on \d+ ×3/);
    expect(await answers(gateway, 3)).toEqual(['b', 'b', 'b']);
    expect(gateway.log.exchanges().map(({ attempts }) => attempts ?? 1)).toEqual([1, 1, 1]);
    await startSwitched('back', port);
    await said(gateway, /healthy again/);
    expect(await answers(gateway, 2)).toEqual(['b', 'back']);
  });

  test('by a connection alone is well while it accepts them', async () => {
    const [a, b] = [await startSwitched('a'), await startSwitched('b')];
    const yaml = `routes:\n  /db: { to: [${a.port}, ${b.port}], ejection: off, health: { tcp: true, interval: 100ms } }\n`;
    const gateway = await startTestGateway(yaml);
    await until('it is asked', () => a.connections > 2);
    expect(a.checks).toBe(0);
    await a.close();
    await said(gateway, /unhealthy: nothing listens/);
    expect(await answers(gateway, 2)).toEqual(['b', 'b']);
  });
});

describe('what is known of an endpoint', () => {
  test('outlives a reload that changes another route, and the questions go on', async () => {
    const [a, b] = [await startSwitched('a'), await startSwitched('b')];
    const yaml = (more: string) => `routes:\n${route([a.port, b.port])}${more}`;
    const gateway = await startTestGateway(yaml(''));
    a.health = 'ill';
    await said(gateway, /unhealthy/);
    const { checks } = a;
    await gateway.editAndReload(yaml(`  /other: ${b.port}\n`));
    expect(await answers(gateway, 4)).toEqual(['b', 'b', 'b', 'b']);
    await until('it is still asked', () => a.checks > checks + 2);
    expect(gateway.log.records.filter(({ msg }) => /unhealthy/.test(String(msg)))).toHaveLength(1);
  });

  test('outlives one that gives the route another endpoint', async () => {
    const [a, b, c] = [await startSwitched('a'), await startSwitched('b'), await startSwitched('c')];
    const gateway = await startTestGateway(`routes:\n${route([a.port, b.port])}`);
    a.health = 'ill';
    await said(gateway, /unhealthy/);
    await gateway.editAndReload(`routes:\n${route([a.port, b.port, c.port])}`);
    expect(await answers(gateway, 4)).toEqual(['b', 'b', 'c', 'c']);
  });

  test('is asked once for two routes that ask the same', async () => {
    const a = await startSwitched('a');
    const slow = HEALTH.replaceAll('100ms', '1h');
    const to = `{ to: ${a.port}, ${slow} }`;
    const gateway = await startTestGateway(`routes:\n  /one: ${to}\n  /two: ${to}\n`);
    await until('it is asked', () => a.checks > 0);
    await answers(gateway, 2, '/one');
    await answers(gateway, 2, '/two');
    expect(a.checks).toBe(1);
  });
});

describe('when fewer than half of the endpoints are well', () => {
  test('all of them are used that answer at all', async () => {
    const [a, b, c] = [await startSwitched('a'), await startSwitched('b'), await startSwitched('c')];
    const gateway = await startTestGateway(`routes:\n${route([a.port, b.port, c.port])}`);
    a.health = 'ill';
    await said(gateway, /unhealthy/);
    expect(await answers(gateway, 4)).toEqual(['b', 'b', 'c', 'c']);
    b.health = 'ill';
    await gateway.log.find(
      'the other',
      ({ endpoint, msg }) => endpoint === `localhost:${b.port}` && /unhealthy/.test(String(msg)),
    );
    expect(await answers(gateway, 6)).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
  });

  test('but never those where nothing listens', async () => {
    const c = await startSwitched('c');
    const gateway = await startTestGateway(`routes:\n${route([await freePort(), await freePort(), c.port])}`);
    const holds = () => gateway.log.records.filter(({ msg }) => /unhealthy/.test(String(msg))).length === 2;
    await until('both are out', holds);
    expect(await answers(gateway, 3)).toEqual(['c', 'c', 'c']);
  });

  test('backups serve in place of a panic, where none is well', async () => {
    const [a, b] = [await startSwitched('a'), await startSwitched('b')];
    const yaml = `routes:\n  /db: { to: [${a.port}, { at: ${b.port}, backup: true }], ${HEALTH} }\n`;
    const gateway = await startTestGateway(yaml);
    expect(await answers(gateway, 2)).toEqual(['a', 'a']);
    a.health = 'ill';
    await said(gateway, /unhealthy/);
    expect(await answers(gateway, 2)).toEqual(['b', 'b']);
    b.health = 'ill';
    const holds = () => gateway.log.records.filter(({ msg }) => /unhealthy/.test(String(msg))).length === 2;
    await until('both are out', holds);
    expect(await answers(gateway, 2)).toEqual(['a', 'a']);
  });
});
