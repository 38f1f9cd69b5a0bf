import { constants, createDeflateRaw, type DeflateRaw } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { MessageList, MessageSummary } from '../../model/exchanges.ts';
import { startTestGateway, type TestGateway } from '../testing/gateway.ts';
import { until } from '../testing/poll.ts';
import { connect, get, type RawClient } from '../testing/raw-client.ts';
import { laneKinds } from '../testing/route-kinds.ts';
import { chunk, type ServiceConnection, startService } from '../testing/service.ts';
import { agreement, handshake } from '../testing/websocket.ts';

const MASK = Buffer.from([1, 2, 3, 4]);

/** A frame as a client sends it where `mask` is said, else as a service does. */
function frame(opcode: number, payload: string | Buffer, { mask = true, fin = true, rsv = 0 } = {}): Buffer {
  const bytes = Buffer.from(payload as string);
  const length = bytes.length < 126 ? [bytes.length] : [126, bytes.length >> 8, bytes.length & 0xff];
  const head = Buffer.from([(fin ? 0x80 : 0) | rsv | opcode, ...length]);
  if (!mask) return Buffer.concat([head, bytes]);
  head[1]! |= 0x80;
  return Buffer.concat([head, MASK, bytes.map((byte, i) => byte ^ MASK[i & 3]!)]);
}

async function stage(extra = 'inspect: true', mode: 'development' | 'production' = 'development') {
  const service = await startService();
  const yaml = `admin: 3900\nroutes: { /chat: { to: ${service.port}, ${extra} } }\n`;
  const gateway = await startTestGateway(yaml, { mode });
  const open = async (...extensions: string[]) => {
    const client = await gateway.connect();
    await client.send(handshake('/chat/room?token=t', 'Host: localhost'));
    const connection = await service.connectionThatSays('GET /room');
    await connection.send(agreement(...extensions));
    await client.head();
    return { client, connection };
  };
  return { service, gateway, open };
}

/** Sends it, and sees it come out on the other side as it went in. */
async function pass(from: RawClient | ServiceConnection, to: RawClient | ServiceConnection, bytes: Buffer) {
  await from.send(bytes);
  expect((await to.bytes(bytes.length)).equals(bytes)).toBe(true);
}

async function messages(gateway: TestGateway, query = ''): Promise<readonly MessageSummary[]> {
  const { text } = await gateway.admin('GET', `/messages${query}`);
  return (JSON.parse(text) as MessageList).messages.toReversed();
}

/** The oldest first, when there are so many. */
async function whenSeen(gateway: TestGateway, count: number): Promise<readonly MessageSummary[]> {
  let seen: readonly MessageSummary[] = [];
  await until(`${count} messages are seen`, async () => {
    seen = await messages(gateway);
    return seen.length >= count;
  });
  return seen;
}

const brief = ({ towards, kind, text, bytes }: MessageSummary) => [towards, kind, text, bytes];

describe('messages of a WebSocket', () => {
  test('are told as they pass, secrets masked, and no byte of them is another', async () => {
    const { gateway, open } = await stage();
    const { client, connection } = await open();
    await pass(client, connection, frame(1, '{"say":"hello","password":"p"}'));
    await pass(connection, client, frame(1, 'welcome', { mask: false }));
    const [one, two] = [frame(1, 'one ', { fin: false }), frame(0, 'two', { fin: false })];
    const parts = Buffer.concat([one, frame(9, 'p'), two, frame(0, '!')]);
    for (const byte of parts) await client.send(Buffer.from([byte]));
    expect((await connection.bytes(parts.length)).equals(parts)).toBe(true);
    await pass(connection, client, frame(2, 'x'.repeat(5_000), { mask: false }));
    await pass(client, connection, frame(8, Buffer.from([3, 0xe8, ...Buffer.from('bye')])));
    const seen = await whenSeen(gateway, 6);
    expect(JSON.parse(seen[0]!.text)).toEqual({ say: 'hello', password: '(not shown)' });
    expect(seen.slice(1).map(brief)).toEqual([
      ['client', 'text', 'welcome', 7],
      ['service', 'ping', '', 1],
      ['service', 'text', 'one two!', 8],
      ['client', 'binary', '', 5_000],
      ['service', 'close', '1000 bye', 5],
    ]);
    expect(seen[4]).toMatchObject({ truncated: true, hex: '78'.repeat(64) });
    expect(seen[0]).toMatchObject({ route: '/chat', target: '/chat/room?token=(not shown)' });
    expect((await messages(gateway, '?text=WELCOME')).map(brief)).toHaveLength(1);
    expect(await messages(gateway, '?text=hunter')).toEqual([]);
    expect(await messages(gateway, `?request=${seen[0]!.requestId}&limit=2`)).toHaveLength(2);
  });

  test('hide the secrets of JSON behind what a protocol puts before it', async () => {
    const { gateway, open } = await stage();
    const { client, connection } = await open();
    await pass(client, connection, frame(1, '42["login",{"user":"u","password":"hunter2"}]'));
    const [seen] = await whenSeen(gateway, 1);
    expect(seen?.text).toBe('42["login",{"user":"u","password":"(not shown)"}]');
  });

  test.each([
    ['with', 'permessage-deflate', false],
    ['without', 'permessage-deflate; server_no_context_takeover; client_no_context_takeover', true],
  ])('are inflated %s context of those before', async (_with, extension, anew) => {
    const { gateway, open } = await stage();
    const { client, connection } = await open(`Sec-WebSocket-Extensions: ${extension}`);
    let deflate = createDeflateRaw();
    for (let at = 0; at < 3; at++) {
      if (anew) deflate = createDeflateRaw();
      const text = await deflated(deflate, `{"n":${at},"said":"the same"}`);
      await pass(client, connection, frame(1, text, { rsv: 0x40 }));
    }
    await pass(client, connection, frame(1, 'plain'));
    const seen = await whenSeen(gateway, 4);
    const told = seen.slice(0, 3).map(({ text }) => JSON.parse(text));
    expect(told).toEqual([0, 1, 2].map((n) => ({ n, said: 'the same' })));
    expect(seen[3]?.text).toBe('plain');
  });

  test('that would inflate to more than a megabyte are not, nor what builds on them', async () => {
    const { gateway, open } = await stage();
    const { client, connection } = await open('Sec-WebSocket-Extensions: permessage-deflate');
    const deflate = createDeflateRaw();
    await pass(client, connection, frame(1, await deflated(deflate, 'x'.repeat(20_000_000)), { rsv: 0x40 }));
    await pass(client, connection, frame(1, await deflated(deflate, 'x'), { rsv: 0x40 }));
    const seen = await whenSeen(gateway, 2);
    expect(seen.map(({ kind }) => kind)).toEqual(['undecodable', 'undecodable']);
  });

  const huge = Buffer.from([0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
  test.each([
    ['an opcode that is none', frame(3, 'x'), 'opcode 3'],
    ['bits of no extension', frame(1, 'x', { rsv: 0x40 }), 'not agreed upon'],
    ['no mask', frame(1, 'x', { mask: false }), 'unmasked'],
    ['a ping of 126 bytes', frame(9, 'x'.repeat(126)), 'control frame'],
    ['a ping in parts', frame(9, 'x', { fin: false }), 'control frame'],
    ['a part of nothing', frame(0, 'x'), 'part of a message'],
    [
      'a message within one',
      Buffer.concat([frame(1, 'x', { fin: false }), frame(1, 'y')]),
      'part of a message',
    ],
    ['2^64 bytes', Buffer.concat([huge, MASK]), 'more bytes'],
  ])('%s ends the reading, and nothing else', async (_what, bytes, reason) => {
    const { gateway, open } = await stage();
    const { client, connection } = await open();
    await pass(client, connection, bytes);
    await pass(client, connection, frame(1, 'more'));
    await pass(connection, client, frame(1, 'back', { mask: false }));
    const seen = await whenSeen(gateway, 2);
    expect(seen.map(({ kind }) => kind)).toEqual(['undecodable', 'text']);
    expect(seen[0]?.text).toContain(reason);
  });

  test('are looked into where that was asked for, and nowhere else', async () => {
    const { gateway, open } = await stage('escape: off', 'production');
    const before = await open();
    await pass(before.client, before.connection, frame(1, 'before'));
    await gateway.admin('POST', '/capture?for=1m');
    const { client, connection } = await open();
    await pass(before.client, before.connection, frame(1, 'still before'));
    await pass(client, connection, frame(1, 'asked for'));
    expect((await whenSeen(gateway, 1)).map(({ text }) => text)).toEqual(['asked for']);
    for (const route of ['', '&route=/chat', '&route=/other']) {
      const list = await gateway.admin('GET', `/messages?limit=1${route}`);
      expect(JSON.parse(list.text).unread, route).toBe(route === '&route=/other' ? 0 : 1);
    }
  });
});

async function deflated(deflate: DeflateRaw, text: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const take = (bytes: Buffer) => void chunks.push(bytes);
  deflate.on('data', take);
  deflate.write(text);
  const flushed = Promise.withResolvers<void>();
  deflate.flush(constants.Z_SYNC_FLUSH, () => flushed.resolve());
  await flushed.promise;
  deflate.off('data', take);
  // RFC 7692 §7.2.1: without the four bytes of an empty block.
  return Buffer.concat(chunks).subarray(0, -4);
}

// An extension's answer is its own: it is not looked into.
const kinds = laneKinds.filter(({ kind }) => kind !== 'a route extended in code');

describe.each(kinds)('events on $kind', ({ routes, files }) => {
  test('are told as they pass, however they are cut, and stream to who looks', async () => {
    const service = await startService();
    const gateway = await startTestGateway(`admin: 3900\n${routes('/db', service.port, 'inspect: true')}`, {
      mode: 'development',
      files,
    });
    const watcher = await connect(gateway.adminPort);
    await watcher.send(get('/events?messages=true&route=/db', 'Host: localhost'));
    await watcher.until('event: status');
    const client = await gateway.connect();
    await client.send(get('/db/events', 'Host: localhost'));
    const connection = await service.connectionThatSays('GET /events');
    await connection.send(
      'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const text =
      ': hi\r\n\r\nevent: tick\r\ndata: {"n":1,\r\ndata: "token":"t"}\r\n\r\n\ndata: a\n\ndata: é\r\r';
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += 3)
      await connection.send(chunk(bytes.toString('latin1', at, at + 3)));
    await client.head();
    const seen = await whenSeen(gateway, 3);
    expect(JSON.parse(seen[0]!.text)).toEqual({ n: 1, token: '(not shown)' });
    expect(seen.map(({ event, kind }) => [event, kind])).toEqual([
      ['tick', 'event'],
      [null, 'event'],
      [null, 'event'],
    ]);
    expect(seen.slice(1).map((one) => one.text)).toEqual(['a', 'é']);
    const told = await watcher.until('"text":"a"');
    expect(told).toContain('event: message');
    client.destroy();
    watcher.destroy();
  });
});
