import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { ACME_TLS, Challenges } from '../acme/challenges.ts';
import { ChallengeDoor } from './challenge-door.ts';

test('a connection is closed behind its handshake, whatever its client does', async () => {
  const challenges = new Challenges();
  challenges.set([{ type: 'tls-alpn-01', name: 'a.test', token: 'token', answer: 'token.thumbprint' }]);
  const door = new ChallengeDoor(challenges);
  const server = net.createServer({ allowHalfOpen: true }, (socket) => door.enter(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, 'connection');
  // Stays open when the other side has ended.
  const raw = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => {
    raw.destroy();
    server.close();
  });
  const client = tls.connect({
    socket: raw,
    servername: 'a.test',
    ALPNProtocols: [ACME_TLS],
    rejectUnauthorized: false,
  });
  client.on('error', () => {});
  const [socket] = (await accepted) as [net.Socket];
  const closed = once(socket, 'close');
  await once(client, 'secureConnect');
  expect(client.alpnProtocol).toBe(ACME_TLS);
  await closed;
});

test('a first record that trickles in has the time of a head in all, not for each piece', async () => {
  const challenges = new Challenges();
  challenges.set([{ type: 'tls-alpn-01', name: 'a.test', token: 'token', answer: 'token.thumbprint' }]);
  const door = new ChallengeDoor(challenges, 300);
  const looked: Buffer[] = [];
  const server = net.createServer((socket) =>
    socket.once('data', (bytes: Buffer) => door.look(socket, bytes, (read) => looked.push(read))),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = net.connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
  const closed = new Promise((resolve) => client.on('close', resolve));
  const record = [0x16, 3, 1, 0, 200, 1, 1, 1, 1, 1, 1, 1];
  const trickle = setInterval(() => client.write(Buffer.from(record.splice(0, 1))), 200);
  onTestFinished(() => {
    clearInterval(trickle);
    client.destroy();
    server.close();
  });
  await closed;
  expect(looked).toEqual([]);
});
