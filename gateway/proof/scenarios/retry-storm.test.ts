import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../testing/free-port.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { get, request } from '../testing/raw-client.ts';
import { ok, reply, startService } from '../testing/service.ts';
import { startSwitched } from '../testing/switched-service.ts';

const REQUESTS = 200;

/** So many requests over ten connections, one after the other on each. @returns their statuses. */
async function storm(gateway: TestGateway, message = get('/db/')): Promise<number[]> {
  const one = async () => {
    const found: number[] = [];
    for (let i = 0; i < REQUESTS / 10; i++) found.push((await gateway.exchange(message)).status);
    return found;
  };
  return (await Promise.all(Array.from({ length: 10 }, one))).flat();
}

/** A port that accepts connections and says what no TLS client understands, and how many came: what a service sees of attempts to connect. */
async function startSpeechless(): Promise<{ port: number; connections: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.on('error', () => {}).end('no\r\n');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}

describe('a storm is not multiplied', () => {
  test('of 503, by one request', async () => {
    const services = [(await startService()).answer(reply(503)), (await startService()).answer(reply(503))];
    const to = services.map(({ port }) => port).join(', ');
    const gateway = await startTestGateway(`routes:\n  /db: { to: [${to}] }\n`);
    expect(new Set(await storm(gateway))).toEqual(new Set([503]));
    expect(services[0]!.requests.length + services[1]!.requests.length).toBe(REQUESTS);
  });

  test.each([
    ['20%', 1.15, 1.2],
    ['5%', 1, 1.05],
    ['0%', 1, 1],
  ])('of connections that fail, with a budget of %s by more than %d to %d', async (budget, least, most) => {
    const ports = [await startSpeechless(), await startSpeechless(), await startSpeechless()];
    const to = ports.map(({ port }) => `"https://127.0.0.1:${port}"`).join(', ');
    const yaml = `routes:\n  /db: { to: [${to}], ejection: off, retries: { budget: ${budget} } }\n`;
    const gateway = await startTestGateway(yaml);
    expect(new Set(await storm(gateway))).toEqual(new Set([502]));
    const seen = ports.reduce((sum, { connections }) => sum + connections(), 0);
    expect(seen).toBeGreaterThanOrEqual(REQUESTS * least);
    expect(seen).toBeLessThanOrEqual(REQUESTS * most);
  });

  test('of kept connections that are reset at their second request, by more than a fifth', async () => {
    const services = await Promise.all([1, 2, 3].map(() => startService()));
    for (const service of services) {
      const answered = new Set<number>();
      service.answer(({ connection: index }, connection) => {
        if (!answered.has(index)) {
          answered.add(index);
          return ok();
        }
        connection.reset();
        return undefined;
      });
    }
    const to = services.map(({ port }) => port).join(', ');
    const gateway = await startTestGateway(`routes:\n  /db: { to: [${to}], ejection: off }\n`);
    expect(new Set(await storm(gateway))).toEqual(new Set([200, 502]));
    const seen = services.reduce((sum, { requests }) => sum + requests.length, 0);
    expect(seen).toBeGreaterThan(REQUESTS);
    // Ten retries are saved up while a route is quiet (record 0013).
    expect(seen).toBeLessThanOrEqual(REQUESTS * 1.2 + 10);
  });

  test('of services that hang, by more than a fifth', async () => {
    const services = [await startSwitched('a'), await startSwitched('b')];
    for (const service of services) service.mood = 'hung';
    const to = services.map(({ port }) => port).join(', ');
    const yaml = `routes:\n  /db: { to: [${to}], ejection: off, retries: { perTry: 20ms } }\n`;
    const gateway = await startTestGateway(yaml);
    expect(new Set(await storm(gateway))).toEqual(new Set([504]));
    // On a busy machine an attempt may be given up before its service has seen it.
    await until('each is logged', () => gateway.log.exchanges().length === REQUESTS);
    const made = gateway.log.exchanges().reduce((sum, { attempts }) => sum + Number(attempts), 0);
    expect(made).toBeGreaterThan(REQUESTS);
    expect(made).toBeLessThanOrEqual(REQUESTS * 1.2);
    expect(services[0]!.exchanges + services[1]!.exchanges).toBeLessThanOrEqual(made);
  });
});

// The quick service has as long as the slow one: long enough for a busy machine.
describe('an attempt that takes too long', () => {
  async function startSlowAndQuick(...keys: readonly string[]) {
    const [slow, quick] = [await startSwitched('slow'), await startSwitched('quick')];
    slow.mood = 'hung';
    const yaml = `routes:\n  /db: { to: [${slow.port}, ${quick.port}], ${keys.join(', ')} }\n`;
    const gateway = await startTestGateway(yaml);
    return { slow, quick, gateway };
  }

  test('is given up, and made again elsewhere', async () => {
    const { slow, quick, gateway } = await startSlowAndQuick('retries: { perTry: 500ms }');
    const answers = [await gateway.get('/db/'), await gateway.get('/db/')];
    expect(answers.map(({ text }) => text)).toEqual(['quick', 'quick']);
    expect([slow.exchanges, quick.exchanges]).toEqual([1, 2]);
  });

  test.each([
    ['POST', []],
    ['PUT', ['Content-Length: 2']],
  ])('is not made again for %s %j, which has the whole response timeout', async (method, fields) => {
    const { slow, quick, gateway } = await startSlowAndQuick(
      'retries: { perTry: 20ms }, timeouts: { response: 500ms }',
    );
    const message = request(method, '/db/', fields, fields.length > 0 ? 'ab' : '');
    const askedAt = performance.now();
    const statuses = [(await gateway.exchange(message)).status, (await gateway.exchange(message)).status];
    expect(statuses.sort()).toEqual([200, 504]);
    expect(performance.now() - askedAt).toBeGreaterThanOrEqual(499);
    expect([slow.exchanges, quick.exchanges]).toEqual([1, 1]);
  });

  test('is not made more often than `attempts` says', async () => {
    const { slow, gateway } = await startSlowAndQuick('retries: { perTry: 500ms, attempts: 1 }');
    const statuses = [(await gateway.get('/db/')).status, (await gateway.get('/db/')).status];
    expect([statuses.sort(), slow.exchanges]).toEqual([[200, 504], 1]);
  });
});

test('more endpoints than `attempts` are not all tried', async () => {
  const last = (await startService()).answer(ok());
  const to = [...(await freePorts(3)), last.port].join(', ');
  const yaml = `routes:\n  /db: { to: [${to}], ejection: off, retries: { attempts: 2 } }\n`;
  const gateway = await startTestGateway(yaml);
  const statuses: number[] = [];
  for (let i = 0; i < 4; i++) statuses.push((await gateway.get('/db/')).status);
  expect(gateway.log.exchanges().map(({ attempts }) => attempts)).toEqual(expect.arrayContaining([2]));
  expect(Math.max(...gateway.log.exchanges().map(({ attempts }) => Number(attempts)))).toBe(2);
  expect(statuses).toContain(502);
});
