import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import { expect, onTestFinished, test, vi } from 'vitest';
import { selfSigned } from '../tls/authority.ts';
import { newTicketSeed, TicketKeys } from '../tls/ticket-keys.ts';
import { TlsDoor } from './tls-door.ts';

test('Node takes a long first record in pieces that fit its smallest block', async () => {
  const secured = vi.fn((socket: Socket) => void socket.on('error', () => {}).end('done'));
  const door = new TlsDoor(secured, new TicketKeys(newTicketSeed()));
  const pair = { ...selfSigned('a.test', ['a.test'], 1), names: ['a.test'], notAfter: 0 };
  door.use({ pairs: [pair], authority: null, minVersion: 'TLSv1.2', clients: null });
  const server = net.createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const client = tls.connect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    // Makes the record long, whatever groups this Node offers.
    ALPNProtocols: ['http/1.1', ...Array.from({ length: 100 }, (_, index) => `a-long-protocol-${index}`)],
  });
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  const [socket] = (await accepted) as [Socket];
  const [hello] = (await once(socket.resume(), 'data')) as [Buffer];
  socket.pause().unshift(hello);
  door.enter(socket);
  const read = vi.spyOn(socket, 'read');
  expect(String((await once(client, 'data'))[0])).toBe('done');
  const pieces = read.mock.results.map(({ value }) => (value as Buffer | null)?.length ?? 0);
  expect(pieces.reduce((sum, length) => sum + length)).toBe(hello.length);
  expect(hello.length).toBeGreaterThan(1024);
  expect(Math.max(...pieces)).toBeLessThan(1024);
});
