import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../proof/testing/poll.ts';
import { connect, get, request } from '../proof/testing/raw-client.ts';
import { Turns } from '../wire/turns.ts';
import { MessageGate } from './message-gate.ts';

/** A server of Node's whose connections have gates. It keeps its answers back until they are asked for. */
async function gatedServer() {
  const parsed: string[] = [];
  const answers: http.ServerResponse[] = [];
  const sockets: Socket[] = [];
  const gates = new Map<Socket, MessageGate>();
  const server = http.createServer({ maxHeaderSize: 16 * 1024 }, (incoming, response) => {
    const gate = gates.get(incoming.socket)!;
    gate.begun(incoming);
    parsed.push(incoming.url!);
    answers.push(response);
    incoming.resume();
    response.once('close', () => gate.answered());
  });
  server.on('connection', (socket) => {
    sockets.push(socket);
    gates.set(socket, new MessageGate(socket, new Turns()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const client = await connect((server.address() as AddressInfo).port);
  const answerNext = async (text: string) => {
    await until('a request', () => answers.length > 0);
    answers.shift()!.end(text);
    return (await client.answer()).text;
  };
  return { client, parsed, sockets, answerNext };
}

test('what waits behind a request is not parsed', async () => {
  const { client, parsed, sockets } = await gatedServer();
  // Nobody reads on, so it is not waited for.
  client.send(get('/open') + get('/next', `X-Filling: ${'x'.repeat(15_000)}`).repeat(126)).catch(() => {});
  await until('no more is read', () => sockets[0]?.isPaused() === true);
  await setImmediate();
  expect(parsed).toEqual(['/open']);
});

test.each([
  ['without bodies', get('/a'), get('/b')],
  ['with a counted body that holds empty lines', request('PUT', '/a', [], 'x\r\n\r\ny'), get('/b')],
  ['with a body that looks like a request', request('PUT', '/a', [], get('/none')), get('/b')],
  [
    'with a body in chunks',
    request('PUT', '/a', ['Transfer-Encoding: chunked']).concat('3\r\nabc\r\n0\r\n\r\n'),
    get('/b'),
  ],
])('pipelined requests are parsed one after the other: %s', async (_what, first, second) => {
  const { client, parsed, answerNext } = await gatedServer();
  await client.send(first + second);
  expect(await answerNext('1')).toBe('1');
  expect(parsed[0]).toBe('/a');
  expect(await answerNext('2')).toBe('2');
  expect(parsed).toEqual(['/a', '/b']);
});

test('an empty line may come in two pieces', async () => {
  const { client, parsed, sockets, answerNext } = await gatedServer();
  const first = get('/a');
  await client.send(first.slice(0, -1));
  await until('the first piece is read', () => sockets[0]?.bytesRead === first.length - 1);
  await client.send(first.slice(-1) + get('/b'));
  await until('both are read', () => sockets[0]!.bytesRead > first.length);
  expect(parsed).toEqual(['/a']);
  expect([await answerNext('1'), await answerNext('2')]).toEqual(['1', '2']);
});
