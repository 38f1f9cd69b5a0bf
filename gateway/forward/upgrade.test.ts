import { describe, expect, onTestFinished, test } from 'vitest';
import type { Fields } from '../exchange/contract.ts';
import { type ExchangeRecord, newExchangeRecord } from '../exchange/record.ts';
import { isHopByHopAnswer } from '../fields/connection.ts';
import type { TimeoutsConfig } from '../model/config.ts';
import { startDeafPort } from '../proof/testing/deaf-port.ts';
import { freePort } from '../proof/testing/free-port.ts';
import { quietMemory } from '../proof/testing/quiet-memory.ts';
import type { RawClient } from '../proof/testing/raw-client.ts';
import { type ServiceConnection, startService } from '../proof/testing/service.ts';
import { socketPair } from '../proof/testing/socket-pair.ts';
import { anyClient, upstreamTo } from '../proof/testing/upstream.ts';
import { agreement } from '../proof/testing/websocket.ts';
import type { Endpoint } from '../upstream/endpoint.ts';
import { Holds } from '../upstream/hold.ts';
import { Tunnel } from './upgrade.ts';

const TIMEOUTS: TimeoutsConfig = { connectMs: 5_000, responseMs: 5_000, idleMs: 5_000, tunnelIdleMs: 5_000 };

interface Opened {
  readonly client: RawClient;
  readonly near: { readonly destroyed: boolean; once(event: 'close', listener: () => void): unknown };
  readonly tunnel: Tunnel;
  readonly record: ExchangeRecord;
  /** `opened`, `closed`, `failed code`, in order. */
  readonly told: string[];
  /** Resolves with the last of them. */
  readonly over: Promise<string>;
}

/** A client that has sent its handshake, and the tunnel that is to come of it. */
async function open(ports: number[], timeouts: Partial<TimeoutsConfig> = {}, head = ''): Promise<Opened> {
  const { near, far } = await socketPair();
  const record = newExchangeRecord('id', 'GET', '/', 'HTTP/1.1', '127.0.0.1');
  const told: string[] = [];
  const over = Promise.withResolvers<string>();
  const last = (what: string) => {
    told.push(what);
    over.resolve(what);
  };
  const plan = {
    upstream: upstreamTo(ports),
    choice: anyClient,
    stickyCookie: null,
    pace: null,
    method: 'GET',
    target: '/chat',
    timeouts: { ...TIMEOUTS, ...timeouts },
    retries: { attempts: 3, budget: 0.2, perTryMs: null },
    memory: quietMemory(),
    holds: new Holds(() => []),
    holdMs: () => 0,
    requestFields: () => ['Host', 'a', 'Connection', 'Upgrade', 'Upgrade', 'websocket'],
    answerFields: (_endpoint: Endpoint, fields: Fields) => endToEnd(fields),
    informationalFields: (_endpoint: Endpoint, fields: Fields) => endToEnd(fields),
  };
  const tunnel = new Tunnel(near, Buffer.from(head), plan, record, {
    failed: (error) => last(`failed ${error.code}`),
    opened: () => told.push('opened'),
    closed: () => last('closed'),
  });
  onTestFinished(() => tunnel.close());
  tunnel.start();
  return { client: far, near, tunnel, record, told, over: over.promise };
}

function endToEnd(fields: Fields): string[] {
  return fields.filter((_, at) => !isHopByHopAnswer(fields[at - (at % 2)]!.toLowerCase()));
}

async function startSilentService(): Promise<{ port: number; handshake: () => Promise<ServiceConnection> }> {
  const service = await startService({ halfOpen: true });
  const handshake = async () => {
    const connection = await service.connection();
    await connection.head();
    return connection;
  };
  return { port: service.port, handshake };
}

describe('a handshake that the service agrees to', () => {
  test('opens the tunnel, with what either side had sent already in front', async () => {
    const { port, handshake } = await startSilentService();
    const { client, told, record, over, tunnel } = await open([port], {}, 'early ');
    await client.send('bird');
    const service = await handshake();
    await service.send(`${agreement('X-A: 1')}hello`);
    const head = await client.head();
    expect([head.status, head.value('x-a'), head.value('upgrade')]).toEqual([101, '1', 'websocket']);
    expect(await client.until('hello')).toBe('hello');
    expect(await service.until('early bird')).toBe('early bird');
    expect(told).toEqual(['opened']);
    tunnel.close();
    expect(await over).toBe('closed');
    expect([await client.ending(), await service.ending()]).toEqual(['fin', 'fin']);
    expect(record).toMatchObject({ status: 101, tunnel: true, bytesIn: 10, bytesOut: 5, errorCode: null });
  });

  test('goes to the next endpoint where the first refuses', async () => {
    const { port, handshake } = await startSilentService();
    const { client, record } = await open([await freePort(), port]);
    await (await handshake()).send(agreement());
    expect((await client.head()).status).toBe(101);
    expect(record).toMatchObject({ attempts: 2, endpoint: `127.0.0.1:${port}` });
  });

  test('is over when nothing moves in the tunnel, and the record says so', async () => {
    const { port, handshake } = await startSilentService();
    const { client, over, record } = await open([port], { tunnelIdleMs: 50 });
    const service = await handshake();
    await service.send(agreement());
    await client.head();
    expect(await over).toBe('closed');
    expect([await client.ending(), await service.ending()]).toEqual(['fin', 'fin']);
    expect(record).toMatchObject({ status: 101, errorCode: 'idle_timeout' });
  });

  // Each client that had crashed counted for `concurrent` for an hour.
  test('to a WebSocket does not outlive its client, and to another protocol does, before a service that stays', async () => {
    const { port, handshake } = await startSilentService();
    const half = async (protocol: string) => {
      const { client, over, told } = await open([port], { idleMs: 50, tunnelIdleMs: 60_000 });
      const service = await handshake();
      await service.send(agreement().replace('websocket', protocol));
      await client.head();
      client.fin();
      return { client, service, over, told };
    };
    const raw = await half('tcp');
    expect(await (await half('WebSocket')).over).toBe('closed');
    await raw.service.send('done');
    expect(await raw.client.until('done')).toBe('done');
    expect(raw.told).toEqual(['opened']);
  });
});

describe('a handshake that the service refuses', () => {
  test('brings its status, fields and body, in clean form, and both connections end', async () => {
    const { port, handshake } = await startSilentService();
    const { client, over, record, near } = await open([port]);
    const gone = new Promise<void>((resolve) => near.once('close', resolve));
    const service = await handshake();
    await service.send(
      'HTTP/1.1 403 N\xf6\x01\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\n\r\n2\r\nno\r\n0\r\n\r\n',
    );
    const head = await client.head();
    const date = expect.stringMatching(/^Date: .* GMT$/);
    expect([head.startLine, head.lines]).toEqual([
      'HTTP/1.1 403 N\xf6?',
      ['X-A: 1', date, 'Connection: close'],
    ]);
    const { bytes, ending } = await client.rest();
    expect([String(bytes), ending]).toEqual(['no', 'fin']);
    expect(await over).toBe('closed');
    expect(record).toMatchObject({ status: 403, bytesOut: 2, errorCode: null });
    await service.ending();
    // Even though the client never ends its own side.
    await gone;
  });

  test.each([
    ['is reset', (service: ServiceConnection) => service.reset(), 'answer_truncated'],
    ['ends too early', (service: ServiceConnection) => service.fin(), 'answer_truncated'],
    ['stalls', () => {}, 'idle_timeout'],
  ])(
    'but breaks off in its answer, as when it %s: the client sees that it is incomplete',
    async (_what, act, code) => {
      const { port, handshake } = await startSilentService();
      const { client, over, record } = await open([port], { idleMs: 100 });
      const service = await handshake();
      await service.send('HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal');
      await client.until('hal');
      act(service);
      expect(await client.ending()).toBe('reset');
      expect(await over).toBe('closed');
      expect(record).toMatchObject({ status: 403, errorCode: code });
    },
  );

  test('is preceded by the 1xx answers that it sent, without length and hop-by-hop fields', async () => {
    const { port, handshake } = await startSilentService();
    const { client } = await open([port]);
    const service = await handshake();
    await service.send(
      'HTTP/1.1 103 Early\r\nLink: </a>\r\nContent-Length: 5\r\nKeep-Alive: timeout=5\r\n\r\n',
    );
    expect((await client.head()).lines).toEqual(['Link: </a>']);
    await service.send('HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n');
    expect((await client.head()).status).toBe(403);
  });
});

describe('a handshake that fails before any answer leaves the client to be answered', () => {
  test.each([
    ['a status of 99', 'HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n', 'bad_answer'],
    ['status 0', 'HTTP/1.1 000 No\r\nContent-Length: 0\r\n\r\n', 'bad_answer'],
    ['a 101 that names no protocol', 'HTTP/1.1 101 Go\r\n\r\n', 'bad_answer'],
    ['a flood of 1xx answers', 'HTTP/1.1 103 Early\r\n\r\n'.repeat(1_000), 'bad_answer'],
    ['garbage', '+PONG\r\n\r\n', 'bad_answer'],
  ])('%s', async (_what, bytes, code) => {
    const { port, handshake } = await startSilentService();
    const { client, over } = await open([port]);
    const service = await handshake();
    await service.send(bytes);
    expect(await over).toBe(`failed ${code}`);
    expect(client.unread().toString().replaceAll('HTTP/1.1 103 \r\n\r\n', '')).toBe('');
    await service.ending();
  });

  test.each([
    ['nobody listens', async () => freePort(), {}, 'connection_refused'],
    [
      'nobody answers in time',
      async () => (await startSilentService()).port,
      { responseMs: 50 },
      'response_timeout',
    ],
  ])('%s', async (_what, port, timeouts, code) => {
    const { over } = await open([await port()], timeouts);
    expect(await over).toBe(`failed ${code}`);
  });

  test('the gateway stops', async () => {
    const { port, handshake } = await startSilentService();
    const { tunnel, over } = await open([port]);
    const service = await handshake();
    tunnel.close();
    expect(await over).toBe('failed drained');
    await service.ending();
  });
});

describe('a client that leaves', () => {
  test('while we connect leaves nothing behind', async () => {
    const { client, over, record } = await open([await startDeafPort()]);
    client.destroy();
    expect(await over).toBe('closed');
    expect(record).toMatchObject({ status: 499, errorCode: 'client_left' });
  });

  test.each([
    ['while the service thinks', ''],
    ['while it is refused', 'HTTP/1.1 403 No\r\nContent-Length: 5\r\n\r\nha'],
    [
      'with half of the answer unread',
      `HTTP/1.1 403 No\r\nContent-Length: 9000000\r\n\r\n${'x'.repeat(4_000_000)}`,
    ],
  ])('%s ends the connection to the service', async (_what, bytes) => {
    const { port, handshake } = await startSilentService();
    const { client, over, told, record } = await open([port]);
    const service = await handshake();
    void service.send(bytes);
    if (bytes !== '') await client.head();
    client.destroy();
    await service.ending();
    expect(await over).toBe('closed');
    expect(told).toEqual(['closed']);
    expect(record.errorCode).toBe('client_left');
  });

  test('by ending its half before the tunnel is open has left', async () => {
    const { port, handshake } = await startSilentService();
    const { client, over } = await open([port]);
    const service = await handshake();
    client.fin();
    await service.ending();
    expect(await over).toBe('closed');
  });
});
