import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { sharedMemory } from '../exchange/borrowed-bytes.ts';
import type { BodySink } from '../exchange/contract.ts';
import { until } from '../proof/testing/poll.ts';
import { connect, get, request } from '../proof/testing/raw-client.ts';
import { type Behind, MessageGate } from './message-gate.ts';
import type { BodyFlow } from './node-body.ts';

/** A server of Node's whose connections have gates. It keeps its answers back until they are asked for. Bodies of /past pass its parser by, those of /past/held piece by piece. */
async function gatedServer(unread: readonly Buffer[] = []) {
  const parsed: string[] = [];
  const bodies: Buffer[] = [];
  const past = { text: '', pieces: 0, ended: false, flow: null as BodyFlow | null };
  const answers: http.ServerResponse[] = [];
  const sockets: Socket[] = [];
  const behind: Behind[] = [];
  const gates = new Map<Socket, MessageGate>();
  const pastSink = (held: boolean): BodySink => ({
    data(piece) {
      past.pieces++;
      past.text += piece;
      if (held) past.flow!.pause();
    },
    end() {
      past.ended = true;
    },
    fail() {},
  });
  const server = http.createServer({ maxHeaderSize: 16 * 1024 }, (incoming, response) => {
    const gate = gates.get(incoming.socket)!;
    gate.begun(incoming);
    parsed.push(incoming.url!);
    answers.push(response);
    if (incoming.url!.startsWith('/past')) past.flow = gate.pass(pastSink(incoming.url === '/past/held'));
    else incoming.on('data', (piece: Buffer) => bodies.push(piece));
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
  const { port } = server.address() as AddressInfo;
  const client = await connect(port);
  const answerNext = async () => {
    await until('a request', () => answers.length > 0);
    answers.shift()!.end('answer');
    expect((await client.answer()).text).toBe('answer');
    await until('the message is over', () => behind.length > 0);
    return Buffer.concat(behind.shift()!.unread).toString('latin1');
  };
  return { port, client, parsed, bodies, past, sockets, gates, answerNext };
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
  ['whose body passed by', request('PUT', '/past', [], get('/none')), get('/b')],
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
  expect(parsed).toEqual([/\S+ (\S+)/.exec(first)![1]]);
});

test('a body may pass by, and its request sees nothing of it', async () => {
  const { client, bodies, past, answerNext } = await gatedServer();
  await client.send(request('PUT', '/past', [], 'x'.repeat(100_000)) + get('/b'));
  expect(await answerNext()).toBe(get('/b'));
  expect([past.text, past.ended, bodies]).toEqual(['x'.repeat(100_000), true, []]);
});

test('a body that passes by is read no faster than it is taken', async () => {
  const { client, past, sockets, answerNext } = await gatedServer();
  const text = 'x'.repeat(2_000_000);
  const sent = client.send(request('PUT', '/past/held', [], text));
  while (past.text.length < text.length) {
    const { pieces } = past;
    await until('another piece', () => past.pieces > pieces || (pieces > 0 && sockets[0]!.isPaused()));
    const seen = past.pieces;
    await setImmediate();
    expect([past.pieces, sockets[0]!.isPaused()]).toEqual([seen, true]);
    past.flow!.resume();
  }
  await sent;
  expect(await answerNext()).toBe('');
  expect([past.text === text, past.ended]).toEqual([true, true]);
});

test('pieces of a body that came before their turn are taken one by one', async () => {
  const pieces = ['PUT /past/held HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n', 'ab', 'cd', 'ef'];
  const { past, sockets, answerNext } = await gatedServer(pieces.map((piece) => Buffer.from(piece)));
  await until('the first one', () => past.pieces > 0);
  const seen = () => [past.text, past.ended, sockets[0]!.isPaused()];
  expect(seen()).toEqual(['ab', false, true]);
  past.flow!.resume();
  expect(seen()).toEqual(['abcd', false, true]);
  past.flow!.resume();
  expect(seen()).toEqual(['abcdef', true, true]);
  past.flow!.resume();
  expect(await answerNext()).toBe('');
});

test('what is answered before it is taken is read to its end, for nobody', async () => {
  const { client, past, sockets, answerNext } = await gatedServer();
  const sent = client.send(request('PUT', '/past/held', [], 'x'.repeat(300_000)) + get('/b'));
  await until('a piece', () => past.pieces > 0 && sockets[0]!.isPaused());
  const seen = past.text.length;
  const behind = await answerNext();
  await sent;
  expect([behind, past.text.length, past.ended]).toEqual([get('/b'), seen, false]);
});

test('a client that leaves while its body passes by takes nothing from the next one', async () => {
  const { port, client, bodies, past, sockets } = await gatedServer();
  await client.send('PUT /past HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc');
  await until('its piece', () => past.text === 'abc');
  client.destroy();
  await until('it has gone', () => sockets[0]!.destroyed);
  // Node gives its parser to the next connection.
  const next = await connect(port);
  await next.send(request('PUT', '/a', [], 'whole'));
  await until('the body', () => String(Buffer.concat(bodies)) === 'whole');
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
