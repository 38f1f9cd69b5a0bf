import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../proof/testing/poll.ts';
import { connect, get } from '../proof/testing/raw-client.ts';
import { takeConnections, takeReader } from './node-listeners.ts';

/** A port whose connections Node's server is given, and what it has read of them. */
async function stage() {
  const urls: string[] = [];
  const bodies: string[] = [];
  const server = http.createServer((request, response) => {
    urls.push(request.url!);
    request.on('data', (piece) => bodies.push(String(piece)));
    response.end('answer');
  });
  const before = server.listenerCount('connection');
  const toNode = takeConnections(server);
  const taken = Promise.withResolvers<Socket>();
  const port = net.createServer({ allowHalfOpen: true }, (socket) => {
    toNode(socket);
    taken.resolve(socket);
  });
  await new Promise<void>((resolve) => port.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void port.close());
  const client = await connect((port.address() as AddressInfo).port);
  return { server, before, client, urls, bodies, socket: await taken.promise };
}

// What the general lane is built upon, and Node does not promise.
test('one listener of the server, two of the socket, are all of how Node reads a connection', async () => {
  const { server, before, client, urls, socket } = await stage();
  expect([before, server.listenerCount('connection')]).toEqual([1, 0]);
  const counts = () => [socket.listenerCount('data'), socket.listenerCount('end')];
  const [data, end] = counts();
  const reader = takeReader(socket);
  expect(counts()).toEqual([data! - 1, end! - 1]);
  // By nothing else, such as its own hold of the handle, do bytes come to Node.
  let received = '';
  socket.on('data', (bytes) => {
    received += bytes;
  });
  await client.send(get('/not-given'));
  await until('it has come past Node', () => received === get('/not-given'));
  expect(urls).toEqual([]);
  reader.bytes(Buffer.from(get('/given')));
  expect(urls).toEqual(['/given']);
  expect((await client.answer()).text).toBe('answer');
  // And the end of the client's side is what Node answers by its own.
  reader.end();
  expect(await client.ending()).toBe('fin');
});

test('bytes of a body that are only counted are not copied, and its end is found', async () => {
  const { client, urls, bodies, socket } = await stage();
  const reader = takeReader(socket);
  const head = (url: string) => Buffer.from(`PUT ${url} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n`);
  reader.bytes(head('/counted'));
  reader.count(Buffer.from('no'));
  reader.count(Buffer.from('ne'));
  reader.bytes(head('/read'));
  reader.bytes(Buffer.from('read'));
  await client.answer();
  await client.answer();
  expect([urls, bodies]).toEqual([['/counted', '/read'], ['read']]);
});
