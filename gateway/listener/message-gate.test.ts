import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { sharedMemory } from '../exchange/borrowed-bytes.ts';
import { until } from '../proof/testing/poll.ts';
import { connect, get, request } from '../proof/testing/raw-client.ts';
import { type Behind, MessageGate } from './message-gate.ts';

/** A server of Node's whose connections have gates. It keeps its answers back until they are asked for. */
async function gatedServer(unread: readonly Buffer[] = []) {
  const parsed: string[] = [];
  const bodies: Buffer[] = [];
  const answers: http.ServerResponse[] = [];
  const sockets: Socket[] = [];
  const behind: Behind[] = [];
  const gates = new Map<Socket, MessageGate>();
  const server = http.createServer({ maxHeaderSize: 16 * 1024 }, (incoming, response) => {
    const gate = gates.get(incoming.socket)!;
    gate.begun(incoming);
    parsed.push(incoming.url!);
    answers.push(response);
    incoming.on('data', (piece: Buffer) => bodies.push(piece));
    response.once('close', () => gate.answered());
  });
  server.on('connection', (socket) => {
    sockets.push(socket);
    const gate = new MessageGate(socket, (more) => behind.push(more));
    gates.set(socket, gate);
    gate.admit(unread, false);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const client = await connect((server.address() as AddressInfo).port);
  const answerNext = async () => {
    await until('a request', () => answers.length > 0);
    answers.shift()!.end('answer');
    expect((await client.answer()).text).toBe('answer');
    await until('the message is over', () => behind.length > 0);
    return Buffer.concat(behind.shift()!.unread).toString('latin1');
  };
  return { client, parsed, bodies, sockets, gates, answerNext };
}

test('what waits behind a request is not parsed, and its bytes are bounded', async () => {
  const { client, parsed, sockets } = await gatedServer();
  // Nobody reads on, so it is not waited for.
  client.send(get('/open') + get('/next', `X-Filling: ${'x'.repeat(15_000)}`).repeat(126)).catch(() => {});
  await until('no more is read', () => sockets[0]?.isPaused() === true);
  await setImmediate();
  expect(parsed).toEqual(['/open']);
});

test('no byte is left in memory that is read into again', async () => {
  const text = request('PUT', '/a', [], 'x'.repeat(20_000)) + get('/b');
  const memory = sharedMemory(text.length);
  memory.write(text);
  const { parsed, bodies, sockets, answerNext } = await gatedServer([memory]);
  await until('it is connected', () => sockets.length > 0);
  memory.fill('?');
  expect(await answerNext()).toBe(get('/b'));
  expect(parsed).toEqual(['/a']);
  // Node copies bodies itself.
  expect(String(Buffer.concat(bodies))).toBe('x'.repeat(20_000));
});

test.each([
  ['without a body', get('/a'), get('/b')],
  ['with a counted body that holds empty lines', request('PUT', '/a', [], 'x\r\n\r\ny'), get('/b')],
  ['with a body that looks like a request', request('PUT', '/a', [], get('/none')), get('/b')],
  [
    'with a body in chunks',
    request('PUT', '/a', ['Transfer-Encoding: chunked']).concat('3\r\nabc\r\n0\r\n\r\n'),
    get('/b'),
  ],
  [
    'with chunks that end like a message',
    request('PUT', '/a', ['Transfer-Encoding: chunked']).concat('6\r\n0\r\n\r\n\r\r\n0\r\nA: b\r\n\r\n'),
    `\r\n${get('/b')}`,
  ],
])('what stands behind a request comes out as it was sent: %s', async (_what, first, second) => {
  const { client, parsed, answerNext } = await gatedServer();
  await client.send(first + second);
  expect(await answerNext()).toBe(second);
  expect(parsed).toEqual(['/a']);
});

test('an empty line may come in two pieces', async () => {
  const { client, parsed, sockets, answerNext } = await gatedServer();
  const first = get('/a');
  await client.send(first.slice(0, -1));
  await until('the first piece is read', () => sockets[0]?.bytesRead === first.length - 1);
  await client.send(first.slice(-1) + get('/b'));
  await until('both are read', () => sockets[0]!.bytesRead > first.length);
  expect(await answerNext()).toBe(get('/b'));
  expect(parsed).toEqual(['/a']);
});

test('between its messages Node neither reads the socket nor times it', async () => {
  const { client, parsed, sockets, gates, answerNext } = await gatedServer();
  await client.send(get('/a'));
  await answerNext();
  const [socket] = sockets;
  expect([socket!.listenerCount('data'), socket!.timeout]).toEqual([0, 0]);
  gates.get(socket!)!.admit([Buffer.from(get('/c') + get('/d'))], false);
  expect(await answerNext()).toBe(get('/d'));
  expect(parsed).toEqual(['/a', '/c']);
});
