import { once } from 'node:events';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { gatewaySockets, startTestGateway } from '../testing/gateway.ts';
import { connectH2, exchangeH2 } from '../testing/h2-client.ts';
import { connectFrames, FLAG, frame, framesOf, H2_WAYS, TYPE, uint32 } from '../testing/h2-frames.ts';
import { scrape } from '../testing/metrics-text.ts';
import { until } from '../testing/poll.ts';
import type { RawClient } from '../testing/raw-client.ts';
import { SHOP_TLS } from '../testing/self-signed.ts';
import { ok, startService } from '../testing/service.ts';

const { yaml: TLS, files: FILES } = SHOP_TLS;

/** GET and POST https://a/db, by the static table. */
const GET = '828744032f6462410161';
const POST = '838744032f6462410161';

/** @param index how many of them came before */
type Unit = (index: number) => Buffer;

const same =
  (bytes: Buffer): Unit =>
  () =>
    bytes;
const each =
  (make: (stream: number) => Buffer[]): Unit =>
  (index) =>
    Buffer.concat(make(2 * index + 3));

const OPEN = frame(TYPE.headers, FLAG.endHeaders, 1, POST);
const RESET = [frame(TYPE.headers, FLAG.endHeaders, 1, POST), frame(TYPE.resetStream, 0, 1, uint32(8))];
const NOTHING = Buffer.alloc(0);

/** What is sent without an end, and what before it. */
const FLOODS: readonly (readonly [string, Buffer, Unit])[] = [
  ['PING', NOTHING, same(frame(TYPE.ping, 0, 0, Buffer.alloc(8)))],
  ['answers to PING', NOTHING, same(frame(TYPE.ping, FLAG.ack, 0, Buffer.alloc(8)))],
  ['SETTINGS', NOTHING, same(frame(TYPE.settings, 0, 0))],
  ['SETTINGS with thirty of them', NOTHING, same(frame(TYPE.settings, 0, 0, '000400010000'.repeat(30)))],
  ['answers to SETTINGS', NOTHING, same(frame(TYPE.settings, FLAG.ack, 0))],
  ['WINDOW_UPDATE of the connection', NOTHING, same(frame(TYPE.windowUpdate, 0, 0, uint32(1)))],
  ['WINDOW_UPDATE of a stream', OPEN, same(frame(TYPE.windowUpdate, 0, 1, uint32(1)))],
  ['empty DATA', OPEN, same(frame(TYPE.data, 0, 1))],
  ['DATA of padding', OPEN, same(frame(TYPE.data, FLAG.padded, 1, '00'))],
  ['DATA behind a reset', Buffer.concat(RESET), same(frame(TYPE.data, 0, 1, '78'))],
  ['PRIORITY', NOTHING, same(frame(TYPE.priority, 0, 1001, '0000000010'))],
  ['PRIORITY of new streams', NOTHING, each((stream) => [frame(TYPE.priority, 0, stream, '0000000010')])],
  ['frames that nobody knows', NOTHING, same(frame(0xb0, 0, 0))],
  ['HEADERS without a field', NOTHING, each((stream) => [frame(TYPE.headers, FLAG.endHeaders, stream)])],
  ['CONTINUATION', frame(TYPE.headers, 0, 1, POST), same(frame(TYPE.continuation, 0, 1))],
  [
    'CONTINUATION with fields',
    frame(TYPE.headers, 0, 1, POST),
    same(frame(TYPE.continuation, 0, 1, '0001610162')),
  ],
  [
    'requests that are reset',
    NOTHING,
    each((stream) => [
      frame(TYPE.headers, FLAG.endHeaders | FLAG.endStream, stream, GET),
      frame(TYPE.resetStream, 0, stream, uint32(8)),
    ]),
  ],
  [
    'requests whose reset is made ours',
    NOTHING,
    each((stream) => [
      frame(TYPE.headers, FLAG.endHeaders | FLAG.endStream, stream, GET),
      frame(TYPE.windowUpdate, 0, stream, uint32(0x7fffffff)),
    ]),
  ],
  [
    'requests beyond all that may be open',
    NOTHING,
    each((stream) => [frame(TYPE.headers, FLAG.endHeaders, stream, POST)]),
  ],
  [
    'requests whose length is wrong',
    NOTHING,
    each((stream) => [frame(TYPE.headers, FLAG.endHeaders | FLAG.endStream, stream, `${GET}0f0d0178`)]),
  ],
  ['resets of one stream', Buffer.concat(RESET), same(frame(TYPE.resetStream, 0, 1, uint32(8)))],
  ['GOAWAY', NOTHING, same(frame(TYPE.goaway, 0, 0, Buffer.alloc(8)))],
];

/** Sends until the other side ends. */
async function flood(client: RawClient, unit: Unit): Promise<void> {
  let sent = 0;
  let index = 0;
  const { socket } = client;
  socket.resume();
  const closed = once(socket, 'close');
  while (!socket.destroyed && client.ended === null && sent < FLOOD_MAX_BYTES) {
    const units: Buffer[] = [];
    for (let bytes = 0; bytes < BATCH_BYTES; index++) bytes += units[units.push(unit(index)) - 1]!.length;
    const batch = Buffer.concat(units);
    sent += batch.length;
    await Promise.race([client.send(batch), closed]);
    if (sent % BETWEEN_LOOKS_BYTES < batch.length) vi.advanceTimersByTime(LOOK_MS);
  }
  await client.ending();
}

const BATCH_BYTES = 64 * 1024;
/** Frames that nobody is told of are seen by their bytes when the gateway looks, every few seconds: here after as many bytes, for they take the CPU until then. */
const BETWEEN_LOOKS_BYTES = 8 * 1024 * 1024;
const LOOK_MS = 5_000;
/** It is over long before. */
const FLOOD_MAX_BYTES = 2_000_000_000;
const GROWN_MAX_BYTES = 200_000_000;

describe.each(H2_WAYS)('over %s', (way) => {
  afterEach(() => void vi.useRealTimers());

  test.each(FLOODS)('a flood of %s ends its connection, and no other one', async (_what, first, unit) => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const service = (await startService()).answer(ok());
    const gateway = await startTestGateway(`${TLS}routes: { /db: ${service.port} }\n`, { files: FILES });
    const other = await connectH2(gateway.port, way === 'TLS' ? 'https' : 'http');
    const before = process.memoryUsage().rss;
    const attacker = await connectFrames(gateway.port, way);
    await attacker.send(first);
    let over = false;
    const flooding = flood(attacker, unit).finally(() => {
      over = true;
    });
    do expect((await exchangeH2(other, { ':path': '/db' })).status).toBe(200);
    while (!over);
    await flooding;
    expect(process.memoryUsage().rss - before).toBeLessThan(GROWN_MAX_BYTES);
    other.destroy();
    await until('no socket is left', () => gatewaySockets().length === 0);
  });
});

describe.each(H2_WAYS)('a client over %s', (way) => {
  afterEach(() => void vi.useRealTimers());

  async function start(routes: string) {
    // Only what is looked at every few seconds: sockets and deadlines go on as they do.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    const gateway = await startTestGateway(TLS + routes, { files: FILES });
    return { gateway, client: await connectFrames(gateway.port, way) };
  }

  const ASK = frame(TYPE.headers, FLAG.endHeaders | FLAG.endStream, 1, GET);

  test('that is gone in the middle of an exchange is asked by PING, and let go of', async () => {
    const service = await startService();
    const { client } = await start(`routes: { /db: { to: ${service.port}, timeouts: { response: 10m } } }\n`);
    await client.send(ASK);
    const connection = await service.connection();
    await connection.head();
    await vi.advanceTimersByTimeAsync(60_000);
    await connection.rest();
    const sent = framesOf((await client.rest()).bytes);
    expect(sent.some(({ type, flags }) => type === TYPE.ping && flags === 0)).toBe(true);
  });

  test('that answers PING may wait as long as it likes', async () => {
    const service = await startService();
    const { client } = await start(`routes: { /db: { to: ${service.port}, timeouts: { response: 10m } } }\n`);
    await client.send(ASK);
    const connection = await service.connection();
    await connection.head();
    for (let round = 0; round < 3; round++) {
      await vi.advanceTimersByTimeAsync(35_000);
      await until('it is asked', () => pings(client.unread()) > round);
      await client.send(frame(TYPE.ping, FLAG.ack, 0, Buffer.alloc(8)));
      await vi.advanceTimersByTimeAsync(5_000);
    }
    await connection.send(ok());
    await until('it is answered', () => framesOf(client.unread()).some(({ type }) => type === TYPE.data));
  });

  // Node waits for such a client without an end.
  test.skipIf(way === 'TLS')('that has been told to leave and does not is closed', async () => {
    const { gateway, client } = await start('routes: { /db: 1 }\n');
    await client.send(ASK);
    await until('it is answered', () => framesOf(client.unread()).some(({ type }) => type === TYPE.data));
    client.socket.allowHalfOpen = true;
    const stopped = gateway.close(60_000);
    await until('it is told', () => framesOf(client.unread()).some(({ type }) => type === TYPE.goaway));
    await vi.advanceTimersByTimeAsync(20_000);
    await stopped;
    expect(gatewaySockets()).toHaveLength(0);
  });
});

test.each(H2_WAYS)('over %s, answers that nobody takes are held by their windows, and ended', async (way) => {
  const service = (await startService()).answer(ok('x'.repeat(1_000_000)));
  const routes = `routes: { /db: { to: ${service.port}, timeouts: { idle: 1s } } }\n`;
  const gateway = await startTestGateway(TLS + routes, { files: FILES });
  const before = process.memoryUsage().rss;
  // SETTINGS_INITIAL_WINDOW_SIZE is 0 (RFC 9113 §6.5.2).
  const client = await connectFrames(gateway.port, way, '000400000000');
  const streams = Array.from({ length: 100 }, (_, index) => 2 * index + 1);
  for (const stream of streams)
    await client.send(frame(TYPE.headers, FLAG.endHeaders | FLAG.endStream, stream, GET));
  await until('all of them were reset', () => {
    const frames = framesOf(client.unread());
    return frames.filter(({ type }) => type === TYPE.resetStream).length === streams.length;
  });
  expect(process.memoryUsage().rss - before).toBeLessThan(GROWN_MAX_BYTES);
});

test('connections that are closed for what their clients sent are counted, and told once a minute', async () => {
  const gateway = await startTestGateway('admin: 3900\nroutes: { /db: 1 }\n');
  const closed = async (error_type: string) =>
    (await scrape(gateway.adminPort)).sum('portway_http2_closings_total', { error_type });
  expect([await closed('flood'), await closed('protocol')]).toEqual([0, 0]);
  for (const bytes of [
    ...['aa', 'bb'].map((mark) => frame(TYPE.ping, 0, 0, mark.repeat(8)).toString('hex').repeat(3_000)),
    frame(TYPE.data, 0, 0, '78').toString('hex'),
  ]) {
    const client = await connectFrames(gateway.port, 'h2c');
    await client.send(Buffer.from(bytes, 'hex'));
    await client.ending();
  }
  const holds = async () => (await closed('flood')) === 2 && (await closed('protocol')) === 1;
  await until('all are counted', holds);
  const told = gateway.log.records.filter(({ msg }) => /HTTP\/2/.test(String(msg)));
  expect(told.map(({ client, why }) => [client, why])).toEqual([['127.0.0.1', 'flood']]);
});

function pings(bytes: Buffer): number {
  return framesOf(bytes).filter(({ type, flags }) => type === TYPE.ping && flags === 0).length;
}
