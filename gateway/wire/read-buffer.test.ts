import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { ownBytes } from '../exchange/borrowed-bytes.ts';
import { until } from '../proof/testing/poll.ts';
import { ReadBuffer } from './read-buffer.ts';
import { SocketMemory } from './socket-memory.ts';

/** A server whose sockets are adopted, and a client of it. */
async function adopted() {
  const memory = new SocketMemory();
  const server = net.createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const client = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [accepted] = (await once(server, 'connection')) as [Socket];
  const readBuffer = new ReadBuffer(memory);
  const socket = readBuffer.adopt(accepted);
  onTestFinished(() => {
    client.destroy();
    socket.destroy();
  });
  return { memory, server, client, readBuffer, socket: socket.resume() };
}

test('what was read comes past the stream, out of memory that is read into again', async () => {
  const { client, readBuffer, memory } = await adopted();
  const kept: Buffer[] = [];
  const seen: string[] = [];
  readBuffer.divert((buffer, bytes) => {
    expect(buffer).toBe(memory.read);
    seen.push(buffer.toString('latin1', 0, bytes));
    kept.push(ownBytes(buffer.subarray(0, bytes)));
    return true;
  });
  for (const text of ['one', 'two!', 'three']) {
    client.write(text);
    await until(`${text} has come`, () => seen.at(-1) === text);
  }
  expect(kept.map(String)).toEqual(['one', 'two!', 'three']);
});

test('large messages keep the memory that they were read into', async () => {
  const { client, readBuffer } = await adopted();
  const sent = Buffer.alloc(4 * 1024 * 1024, 'abcdefg');
  const kept: Buffer[] = [];
  let received = 0;
  readBuffer.divert((buffer, bytes) => {
    kept.push(ownBytes(buffer.subarray(0, bytes)));
    received += bytes;
    return true;
  });
  client.write(sent);
  await until('all of it has come', () => received === sent.length);
  expect(Buffer.concat(kept).equals(sent)).toBe(true);
});

test('a large message is read into the same memory again and again, until somebody keeps it', async () => {
  const { client, readBuffer, memory } = await adopted();
  const { client: reader, socket: to } = await adopted();
  const sent = Buffer.from(Uint32Array.from({ length: 4 * 1024 * 1024 }, (_, at) => at).buffer);
  const used = new Set<ArrayBufferLike>();
  const arrived: Buffer[] = [];
  let received = 0;
  let waited = 0;
  readBuffer.divert((buffer, bytes) => {
    used.add(buffer.buffer);
    memory.write(to, '', buffer.subarray(0, bytes));
    if (to.writableLength > 0) waited++;
    received += bytes;
    return true;
  });
  client.write(sent);
  await until('all of it has come', () => received === sent.length);
  // Nobody has read until now.
  expect(waited).toBeGreaterThan(20);
  expect(used.size).toBeLessThan(waited + 4);
  reader.on('data', (bytes: Buffer) => arrived.push(bytes));
  await until(
    'all of it has gone',
    () => arrived.reduce((sum, { length }) => sum + length, 0) === sent.length,
  );
  expect(Buffer.concat(arrived).equals(sent)).toBe(true);
});

test('behind the end of a message the next one is read into shared memory, however full the last read was', async () => {
  const { client, readBuffer, memory } = await adopted();
  const full: boolean[] = [];
  const own: boolean[] = [];
  let received = 0;
  readBuffer.divert((buffer, bytes) => {
    full.push(bytes === buffer.length);
    own.push(buffer !== memory.read);
    received += bytes;
    // The first four full reads are one message.
    return full.filter(Boolean).length < 4;
  });
  const sent = Buffer.alloc(4 * 1024 * 1024);
  client.write(sent);
  await until('all of it has come', () => received === sent.length);
  const ends = full.findIndex((_, at) => full.slice(0, at + 1).filter(Boolean).length === 4);
  expect(own.slice(0, ends + 1)).toContain(true);
  expect(own.slice(ends + 1)).not.toContain(true);
});

test('small pieces in the middle of a large message do not keep the memory around them', async () => {
  const { client, readBuffer } = await adopted();
  const kept: Buffer[] = [];
  let received = 0;
  readBuffer.divert((buffer, bytes) => {
    kept.push(ownBytes(buffer.subarray(0, bytes)));
    received += bytes;
    return true;
  });
  const large = 4 * 1024 * 1024;
  client.write(Buffer.alloc(large));
  await until('it has come', () => received === large);
  const before = kept.length;
  for (let piece = 1; piece <= 50; piece++) {
    client.write('x');
    await until('the piece has come', () => received === large + piece);
  }
  const memory = new Set(kept.slice(before).map((piece) => piece.buffer));
  const bytes = [...memory].reduce((sum, { byteLength }) => sum + byteLength, 0);
  // Node cuts small buffers out of larger ones.
  expect(bytes).toBeLessThan(512 * 1024);
});

test('a taker that has enough for now is asked again when the socket is resumed', async () => {
  const { client, readBuffer, socket } = await adopted();
  let seen = '';
  readBuffer.divert((buffer, bytes) => {
    seen += buffer.toString('latin1', 0, bytes);
    socket.pause();
    return false;
  });
  client.write('one');
  await until('one has come', () => seen === 'one');
  client.write('two');
  await new Promise((resolve) => setImmediate(resolve));
  socket.resume();
  await until('two has come', () => seen === 'onetwo');
});

test('what nobody takes comes through the stream, as does all that follows a restore', async () => {
  const { client, readBuffer, socket } = await adopted();
  let streamed = '';
  socket.on('data', (chunk) => {
    streamed += chunk;
  });
  client.write('a');
  await until('a has come', () => streamed === 'a');
  let taken = '';
  readBuffer.divert((buffer, bytes) => {
    taken += buffer.toString('latin1', 0, bytes);
    return true;
  });
  client.write('b');
  await until('b was taken', () => taken === 'b');
  readBuffer.restore();
  client.end('c');
  await once(socket, 'end');
  expect([streamed, taken]).toEqual(['ac', 'b']);
});

test('the server counts the socket, and is told of its end', async () => {
  const { server, client, socket } = await adopted();
  const counted = () => new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
  expect(await counted()).toBe(1);
  client.end();
  socket.end();
  await once(socket, 'close');
  expect(await counted()).toBe(0);
  await new Promise((resolve) => server.close(resolve));
});
