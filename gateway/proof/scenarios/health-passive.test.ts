import { describe, expect, test } from 'vitest';
import { freePort } from '../testing/free-port.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { said, statuses } from '../testing/named-services.ts';
import { until } from '../testing/poll.ts';
import { request } from '../testing/raw-client.ts';
import { startSwitched } from '../testing/switched-service.ts';

/** Long enough that nothing is readmitted while a test looks. */
const EJECTION = 'ejection: { failures: 3, for: 1m }';

const yaml = (ports: readonly number[], ...keys: readonly string[]) =>
  `routes:\n  /db: { to: [${ports.join(', ')}], ${[EJECTION, ...keys].join(', ')} }\n`;

const words = (gateway: TestGateway) => said(gateway, 'the endpoint');

const ejected = (gateway: TestGateway) => until('one is ejected', () => words(gateway).length > 0);

describe('an endpoint that fails is ejected', () => {
  test('when nothing listens there, clients notice nothing, and it is shown so', async () => {
    const a = await startSwitched('a');
    const gateway = await startTestGateway(yaml([await freePort(), a.port]));
    expect(await statuses(gateway, 12)).toEqual(Array(12).fill(200));
    const seen = words(gateway);
    expect(seen).toEqual(['the endpoint is ejected for 60 s after 3 failures in a row (connection refused)']);
    const [route] = await gateway.gateway.figure('routes');
    expect(route?.endpoints.map(({ state, reason }) => [state, reason])).toEqual([
      ['down', 'ejected for 60 s after 3 failures in a row (connection refused)'],
      ['up', null],
    ]);
    // Three of them met the dead one first.
    expect(gateway.log.exchanges().filter(({ attempts }) => attempts === 2)).toHaveLength(3);
  });

  test.each([
    ['ill', 503, 'answered 503', []],
    ['hanging up', 502, 'it hung up', []],
    ['hung', 504, 'no answer in time', ['timeouts: { response: 500ms }']],
  ] as const)('when it is %s', async (mood, status, cause, keys) => {
    const [a, b] = [await startSwitched('a'), await startSwitched('b')];
    a.mood = mood;
    const gateway = await startTestGateway(yaml([a.port, b.port], ...keys));
    const found = await statuses(gateway, 12);
    expect(found.filter((one) => one !== 200)).toEqual([status, status, status]);
    expect(words(gateway)).toEqual([`the endpoint is ejected for 60 s after 3 failures in a row (${cause})`]);
    expect([a.exchanges, b.exchanges]).toEqual([3, 9]);
  });

  test('when too many of its answers are failures, though never many in a row', async () => {
    const [a, b] = [await startSwitched('a'), await startSwitched('b')];
    const text = `routes:\n  /db: { to: [${a.port}, ${b.port}], ejection: { failures: 100, rate: 50%, requests: 6, for: 1m } }\n`;
    const gateway = await startTestGateway(text);
    for (let i = 0; i < 16; i++) {
      a.mood = a.exchanges % 2 === 0 ? 'ill' : 'well';
      await gateway.get('/db/');
    }
    const seen = words(gateway);
    expect(seen).toEqual(['the endpoint is ejected for 60 s after 4 of 7 failed within 10 s (answered 503)']);
    expect(a.exchanges).toBe(7);
  });
});

describe('an ejection', () => {
  test('ends by itself, and the endpoint serves again', async () => {
    const b = await startSwitched('b');
    const port = await freePort();
    const text = `routes:\n  /db: { to: [${port}, ${b.port}], ejection: { failures: 3, for: 100ms } }\n`;
    const gateway = await startTestGateway(text);
    await statuses(gateway, 8);
    await ejected(gateway);
    const a = await startSwitched('a', port);
    await until('it is readmitted', () => words(gateway).includes('the endpoint is readmitted'));
    expect(await statuses(gateway, 4)).toEqual([200, 200, 200, 200]);
    expect(a.exchanges).toBe(2);
  });

  test('outlives a reload that changes another route', async () => {
    const [a, b] = [await startSwitched('a'), await startSwitched('b')];
    a.mood = 'ill';
    const gateway = await startTestGateway(yaml([a.port, b.port]));
    await statuses(gateway, 8);
    await ejected(gateway);
    await gateway.editAndReload(`${yaml([a.port, b.port])}  /other: ${b.port}\n`);
    expect(await statuses(gateway, 4)).toEqual([200, 200, 200, 200]);
    expect(a.exchanges).toBe(3);
  });

  test('meets no more endpoints at once than its share allows', async () => {
    const [a, b, c] = [await startSwitched('a'), await startSwitched('b'), await startSwitched('c')];
    for (const one of [a, b, c]) one.mood = 'ill';
    const gateway = await startTestGateway(yaml([a.port, b.port, c.port]));
    await statuses(gateway, 20);
    expect(words(gateway)).toHaveLength(1);
  });

  test('meets all endpoints but one where nothing gets through, and clients notice nothing', async () => {
    const c = await startSwitched('c');
    const gateway = await startTestGateway(yaml([await freePort(), await freePort(), c.port]));
    expect(await statuses(gateway, 40)).toEqual(Array(40).fill(200));
    expect(words(gateway)).toHaveLength(2);
  });

  test('is no matter of what clients do', async () => {
    const [a, b] = [await startSwitched('a'), await startSwitched('b')];
    for (const one of [a, b]) one.mood = 'hung';
    const gateway = await startTestGateway(yaml([a.port, b.port], 'bodyMax: 1KiB'));
    for (let i = 0; i < 8; i++) {
      const client = await gateway.connect();
      await client.send(request('GET', '/db/'));
      await until('it is asked', () => a.exchanges + b.exchanges > i);
      client.destroy();
    }
    for (let i = 0; i < 8; i++)
      await gateway.exchange(request('POST', '/db/', ['Content-Length: 2000', 'Expect: 100-continue']));
    await until('all are over', () => gateway.log.exchanges().length === 16);
    expect(words(gateway)).toEqual([]);
  });
});
