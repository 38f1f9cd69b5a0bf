import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { IdentitySource } from '../../exchange/identity.ts';
import { LongLivedExchanges } from '../../exchange/long-lived.ts';
import type { ExchangeRecord } from '../../exchange/record.ts';
import type { Port, StreamConfig } from '../../model/config.ts';
import { openDatagrams } from '../../proof/testing/datagram.ts';
import { localAddress } from '../../proof/testing/endpoint-address.ts';
import { freeDatagramPort } from '../../proof/testing/free-port.ts';
import { gatewayDatagramPorts } from '../../proof/testing/gateway.ts';
import { Logbook } from '../../proof/testing/logbook.ts';
import { until } from '../../proof/testing/poll.ts';
import { quietMemory } from '../../proof/testing/quiet-memory.ts';
import { connect } from '../../proof/testing/raw-client.ts';
import { type ScriptedService, startService } from '../../proof/testing/service.ts';
import { upstreamConfig } from '../../proof/testing/upstream-config.ts';
import { UpstreamRegistry } from '../../upstream/registry.ts';
import { ListenError } from '../listen-error.ts';
import { streamSignature } from './stream.ts';
import { Streams } from './streams.ts';

function config(
  protocol: 'tcp' | 'udp',
  port: number,
  to: number,
  overrides: Partial<StreamConfig> = {},
): StreamConfig {
  return {
    id: `${protocol} ${port}`,
    source: { line: 1, column: 1 },
    protocol,
    listen: { host: '127.0.0.1', port: port as Port },
    upstream: upstreamConfig([localAddress(to)]),
    connectTimeoutMs: 1_000,
    idleTimeoutMs: 60_000,
    maxConnections: 10,
    proxyProtocol: { accept: false, send: null },
    ...overrides,
  };
}

/** Streams without a gateway around them, and everything that they share with one. */
function stage() {
  const log = new Logbook();
  const records: ExchangeRecord[] = [];
  const longLived = new LongLivedExchanges();
  let inFlight = 0;
  const count = { begin: () => void inFlight++, end: () => void inFlight-- };
  const context = {
    identity: new IdentitySource(),
    longLived,
    memory: quietMemory(),
    inFlight: count,
    log: (record: ExchangeRecord) => records.push(record),
  };
  const streams = new Streams(new UpstreamRegistry(), context, pino({}, log));
  onTestFinished(() => streams.destroy());
  return { streams, log, records, longLived, inFlight: () => inFlight };
}

async function taken(): Promise<{ port: number; holder: Server }> {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  onTestFinished(() => void holder.close());
  return { port: (holder.address() as { port: number }).port, holder };
}

async function reaches(port: number, service: ScriptedService): Promise<boolean> {
  const client = await connect(port).catch(() => null);
  if (client === null) return false;
  await client.send('hello');
  await service.connectionThatSays('hello');
  client.destroy();
  return true;
}

describe('streams at the start', () => {
  test('open every port', async () => {
    const { streams } = stage();
    const service = await startService();
    const ports = [await freeDatagramPort(), await freeDatagramPort()] as const;
    await streams.open([config('tcp', ports[0], service.port), config('udp', ports[1], service.port)]);
    expect(await reaches(ports[0], service)).toBe(true);
    expect(gatewayDatagramPorts()).toEqual([ports[1]]);
  });

  test.each(['tcp', 'udp'] as const)('fail with a ListenError that names the %s stream', async (protocol) => {
    const { streams } = stage();
    const port = protocol === 'tcp' ? (await taken()).port : (await openDatagrams()).port;
    const error = await streams.open([config(protocol, port, 1)]).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ListenError);
    expect(error).toMatchObject({
      message: `can't listen on 127.0.0.1:${port} (the stream ${protocol} ${port}): the port is taken`,
      port,
      reason: 'EADDRINUSE',
      use: { id: `${protocol} ${port}`, protocol },
    });
  });
});

describe('streams after a reload', () => {
  test('serve what is meant, and know it by its meaning', async () => {
    const { streams } = stage();
    const port = await freeDatagramPort();
    const before = config('tcp', port, 7001);
    const after = config('tcp', port, 7002);
    await streams.open([before]);
    await streams.reconcile([{ ...before, source: { line: 9, column: 1 } }]);
    expect(streams.serves(streamSignature(before))).toBe(true);
    expect((await streams.statuses([]))[0]?.line).toBe(9);
    await streams.reconcile([after]);
    expect([before, after].map((each) => streams.serves(streamSignature(each)))).toEqual([false, true]);
    await streams.reconcile([]);
    expect(streams.serves(streamSignature(after))).toBe(false);
  });

  test('have opened and closed their ports when it is over', async () => {
    const { streams } = stage();
    const service = await startService();
    const [old, fresh] = [await freeDatagramPort(), await freeDatagramPort()];
    await streams.open([config('tcp', old, service.port)]);
    await streams.reconcile([config('tcp', fresh, service.port)]);
    expect(await reaches(old, service)).toBe(false);
    expect(await reaches(fresh, service)).toBe(true);
  });

  test('take one change after the other', async () => {
    const { streams } = stage();
    const port = await freeDatagramPort();
    const changes = Array.from({ length: 20 }, (_, at) =>
      streams.reconcile(at % 2 === 0 ? [config('tcp', port, 7001), config('udp', port, 7001)] : []),
    );
    await Promise.all(changes);
    expect(await streams.statuses([])).toEqual([]);
    expect(gatewayDatagramPorts()).toEqual([]);
    await expect(connect(port)).rejects.toThrow('ECONNREFUSED');
  });

  // It was gone from what is handed over, and its port stayed open beside its successor's for the answers that were still to come.
  test('hand over the UDP ports of a reload that is under way', async () => {
    const { streams } = stage();
    const [client, service] = [await openDatagrams(), await openDatagrams()];
    const udp = [config('udp', await freeDatagramPort(), service.port)];
    await streams.open(udp);
    await client.send('a question', udp[0]!.listen.port);
    await service.next();
    const reloading = streams.reconcile(udp);
    await streams.handDatagramsOver();
    await reloading;
    expect(gatewayDatagramPorts()).toEqual([]);
  });

  test('say once that a port is taken, and once that it is open', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { streams, log } = stage();
    const service = await startService();
    const { port, holder } = await taken();
    const problem = async () => (await streams.statuses([]))[0]?.problem ?? null;
    await streams.reconcile([config('tcp', port, service.port)]);
    await streams.reconcile([config('tcp', port, service.port)]);
    expect(await problem()).toMatch(/the port is taken$/);
    // It is tried again, in vain: what is asked for after that comes behind it.
    vi.advanceTimersByTime(2_000);
    await streams.reconcile([config('tcp', port, service.port)]);
    expect(await problem()).toMatch(/the port is taken$/);
    holder.close();
    await until('it is open', async () => {
      vi.advanceTimersByTime(500);
      return (await problem()) === null;
    });
    expect(log.records.map(({ msg }) => msg)).toEqual([
      expect.stringContaining('the port is taken; it is tried again, the others serve'),
      'the port is open now',
    ]);
  });

  test('that could not be opened open with the configuration that they were given meanwhile', async () => {
    const { streams } = stage();
    const [before, after] = [await startService(), await startService()];
    const { port, holder } = await taken();
    await streams.reconcile([config('tcp', port, before.port)]);
    await streams.reconcile([config('tcp', port, after.port)]);
    holder.close();
    await until('it is open', async () => (await streams.statuses([]))[0]?.problem === null);
    expect(await reaches(port, after)).toBe(true);
  });
});

describe('streams that stop', () => {
  test('let go of their ports, and of what a reload had taken out before', async () => {
    const { streams, longLived, records, inFlight } = stage();
    const service = await startService();
    const [gone, left] = [await freeDatagramPort(), await freeDatagramPort()];
    await streams.open([config('tcp', gone, service.port), config('tcp', left, service.port)]);
    const clients = [await connect(gone), await connect(left)];
    for (const client of clients) await client.send('x');
    await until('both are connected', () => service.connections.length === 2);
    await streams.reconcile([config('tcp', left, service.port)]);
    expect([longLived.size, inFlight()]).toEqual([2, 2]);
    streams.destroy();
    for (const client of clients) expect(await client.ending()).toBe('reset');
    await until('all is over', () => inFlight() === 0);
    expect([longLived.size, records.length]).toEqual([0, 2]);
  });

  test.each([0, 1, 2, 3, 4])(
    'while a port is being opened do not leave it open (%i ticks later)',
    async (ticks) => {
      const { streams } = stage();
      const port = await freeDatagramPort();
      const opening = streams.reconcile([config('tcp', port, 7001), config('udp', port, 7001)]);
      for (let tick = 0; tick < ticks; tick++) await null;
      streams.destroy();
      await opening;
      await expect(connect(port)).rejects.toThrow('ECONNREFUSED');
      expect(gatewayDatagramPorts()).toEqual([]);
    },
  );

  test('take no more changes', async () => {
    const { streams } = stage();
    const port = await freeDatagramPort();
    streams.stopAccepting();
    await streams.reconcile([config('tcp', port, 7001)]);
    await expect(connect(port)).rejects.toThrow('ECONNREFUSED');
  });
});
