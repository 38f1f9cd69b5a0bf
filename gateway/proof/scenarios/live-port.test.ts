import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { startGateway } from '../../gateway.ts';
import { freePorts } from '../testing/free-port.ts';
import { configurationFolder } from '../testing/gateway.ts';
import { connectH2, exchangeH2 } from '../testing/h2-client.ts';
import { Logbook } from '../testing/logbook.ts';
import { until } from '../testing/poll.ts';
import { connect, get } from '../testing/raw-client.ts';
import { ok, startService } from '../testing/service.ts';
import { openTunnel } from '../testing/websocket.ts';

interface Moving {
  readonly port: () => number;
  readonly log: Logbook;
  /** Puts another text into the file, and waits until it is validated. */
  readonly moveTo: (port: number, more?: string) => Promise<string | null>;
  readonly stop: () => Promise<boolean>;
  readonly rejected: () => string | null;
}

/** A gateway on the port that its file names. */
async function startOn(
  port: number,
  service: number,
  more = '',
  routes = '',
  files: Readonly<Record<string, string>> = {},
): Promise<Moving> {
  const yaml = (own: number, and: string) =>
    `port: ${own}\nadmin: false\noverload: off\nroutes: { /a: ${service}${routes} }\n${and}`;
  const folder = await configurationFolder(yaml(port, more), files);
  const configFile = join(folder, 'gateway.config.yaml');
  const log = new Logbook();
  const gateway = await startGateway({
    configFile,
    env: { XDG_DATA_HOME: folder, HOME: folder },
    mode: 'production',
    log: pino({ level: 'debug' }, log),
  });
  onTestFinished(async () => void (await gateway.close(0)));
  const moveTo = async (next: number, and = more) => {
    await writeFile(configFile, yaml(next, and));
    await gateway.reload();
    return gateway.configStatus().rejected;
  };
  const stop = () => gateway.close(0);
  const rejected = () => gateway.configStatus().rejected;
  return { port: () => gateway.address.port, log, moveTo, stop, rejected };
}

/** One on the first of two ports, before a service that says hello. @param holder what listens on the other */
async function startBeside(holder?: Server) {
  const service = (await startService()).answer(ok('hello'));
  const [first, second] = (await freePorts(2)) as [number, number];
  if (holder) await once(holder.listen(second, '127.0.0.1'), 'listening');
  return { first, second, gateway: await startOn(first, service.port) };
}

const asked = get('/a/');
const isRefused = (port: number) => expect(connect(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });

async function answers(port: number): Promise<number> {
  const client = await connect(port);
  const { status } = await client.exchange(asked);
  client.destroy();
  return status;
}

test('another port: in the file is moved to, there and back', async () => {
  const { first, second, gateway } = await startBeside();
  for (const [from, to] of [
    [first, second],
    [second, first],
    [first, second],
  ] as const) {
    expect(await answers(from)).toBe(200);
    expect(await gateway.moveTo(to)).toBeNull();
    expect(gateway.port()).toBe(to);
    expect(await answers(to)).toBe(200);
    await isRefused(from);
    await gateway.log.find('the move is told', ({ port, before }) => port === to && before === from);
  }
  expect(gateway.log.records.filter(({ msg }) => /next start/.test(String(msg)))).toEqual([]);
});

test('what is under way on the old port ends there, idle connections are closed, tunnels go on', async () => {
  const service = await startService();
  const gate = Promise.withResolvers<void>();
  service.answer(async ({ target }) => {
    if (target.endsWith('slow')) await gate.promise;
    return ok(target);
  });
  const [first, second] = (await freePorts(2)) as [number, number];
  const talk = await startService();
  const gateway = await startOn(first, service.port, '', `, /talk: ${talk.port}`);
  const client = await connect(first);
  const far = await openTunnel(client, talk, '/talk/');
  const [idle, busy, session] = [await connect(first), await connect(first), await connectH2(first, 'http')];
  await idle.exchange(asked);
  await busy.send(get('/a/slow'));
  const closed = once(session, 'close');
  const stream = exchangeH2(session, { ':path': '/a/slow', ':authority': 'localhost' });
  await until('three were asked', () => service.requests.length === 3);
  expect(await gateway.moveTo(second)).toBeNull();
  expect(await idle.quietEnding()).toBe('fin');
  gate.resolve();
  const answer = await busy.answer();
  expect([answer.status, answer.head.value('connection')]).toEqual([200, 'close']);
  expect((await stream).status).toBe(200);
  await closed;
  await far.send('still here');
  expect(String(await client.bytes(10))).toBe('still here');
  expect(await answers(second)).toBe(200);
});

test('a port that is taken changes nothing, and says so; free again, it is moved to', async () => {
  const holder = createServer();
  const { first, second, gateway } = await startBeside(holder);
  const problem = await gateway.moveTo(second);
  expect(problem).toBe(
    `port: can't listen on 127.0.0.1:${second}: the port is taken; the gateway stays at ${first}: name another port, or free this one: it is tried for a minute, then at SIGHUP`,
  );
  expect([gateway.port(), await answers(first)]).toEqual([first, 200]);
  holder.close();
  await once(holder, 'close');
  expect(await gateway.moveTo(second)).toBeNull();
  expect(await answers(second)).toBe(200);
  await isRefused(first);
});

test('a port that is taken is moved to by itself, once it is free', async () => {
  const holder = createServer();
  const { first, second, gateway } = await startBeside(holder);
  expect(await gateway.moveTo(second)).toContain('the port is taken');
  holder.close();
  await until('it has moved', () => gateway.rejected() === null);
  expect([gateway.port(), await answers(second)]).toEqual([second, 200]);
  await isRefused(first);
});

test.each([
  ['before the port is opened', 'tls: { certificates: { cert: ./none.crt, key: ./none.key } }\n', 'PEM'],
  ['when it is open', 'auth: { basic: ./none.txt }\n', 'none.txt'],
])(
  'a configuration that is refused for something else leaves no port open (%s)',
  async (_when, more, why) => {
    const { first, second, gateway } = await startBeside();
    expect(await gateway.moveTo(second, more)).toContain(why);
    await isRefused(second);
    expect([gateway.port(), await answers(first)]).toEqual([first, 200]);
  },
);

test('beside a port of its own for TLS the next start has the other port', async () => {
  const service = (await startService()).answer(ok('hello'));
  const [first, second, secure] = (await freePorts(3)) as [number, number, number];
  const gateway = await startOn(first, service.port, `tls: { certificates: dev, port: ${secure} }\n`);
  expect(await gateway.moveTo(second)).toBeNull();
  expect([gateway.port(), await answers(first)]).toEqual([first, 200]);
  await gateway.log.find('it waits', ({ settings }) => String(settings) === 'port');
});

test('many changes at once end at the last, and leave no port behind', async () => {
  const service = (await startService()).answer(ok('hello'));
  const ports = await freePorts(6);
  const gateway = await startOn(ports[0]!, service.port);
  const last = ports[5]!;
  await Promise.all(ports.slice(1).map((port) => gateway.moveTo(port)));
  expect(await gateway.moveTo(last)).toBeNull();
  expect([gateway.port(), await answers(last)]).toEqual([last, 200]);
  for (const port of ports.slice(0, 5)) await isRefused(port);
});

test('a change that a stop overtakes leaves no port open, and tells of no move', async () => {
  const service = (await startService()).answer(ok('hello'));
  const [first, second] = (await freePorts(2)) as [number, number];
  const gate = Promise.withResolvers<void>();
  const loads: (() => Promise<void>)[] = [async () => {}, () => gate.promise];
  Reflect.set(globalThis, 'livePortLoad', () => loads.shift()?.());
  onTestFinished(() => void Reflect.deleteProperty(globalThis, 'livePortLoad'));
  const module = 'await globalThis.livePortLoad();\nexport default {};\n';
  const route = ', /b: { to: 1, extend: ./waits.mjs }';
  const gateway = await startOn(first, service.port, '', route, { 'waits.mjs': module });
  const moved = gateway.moveTo(second);
  await until('the module is loaded again', () => loads.length === 0);
  await gateway.stop();
  gate.resolve();
  await moved;
  for (const port of [first, second]) await isRefused(port);
  expect(gateway.log.records.filter(({ before }) => before !== undefined)).toEqual([]);
});
