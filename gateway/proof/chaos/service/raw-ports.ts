import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server } from 'node:net';
import { Wire } from '../../testing/wire.ts';
import { foreverMs } from './exchange.ts';

/**
 * Raw TCP: the first line says what to do. `echo`; `large N`: N bytes, as fast as they are taken; `reset`.
 */
export function rawTcpServer(): Server {
  return createServer((socket) => {
    const wire = new Wire(socket, 'a raw connection');
    serveRaw(wire).catch(() => wire.destroy());
  });
}

async function serveRaw(wire: Wire): Promise<void> {
  const [word, count] = (await wire.until('\n', foreverMs)).trim().split(' ');
  if (word === 'reset') return wire.reset();
  if (word === 'large') return pour(wire, Number(count));
  // What came together with the first line.
  wire.socket.write(wire.unread());
  wire.socket.on('error', () => {}).pipe(wire.socket);
}

async function pour(wire: Wire, bytes: number): Promise<void> {
  const piece = Buffer.alloc(64 * 1024, 'x');
  for (let sent = 0; sent < bytes && !wire.socket.destroyed; sent += piece.length) await wire.send(piece);
}

/** UDP: `flood N` is answered by N datagrams, `late MS` after that time, everything else by itself. */
export function datagramServer(): UdpSocket {
  const socket = createSocket('udp4');
  // ICMP may say that whoever asked has gone.
  socket.on('error', () => {});
  return socket.on('message', (data, from) => answerDatagram(socket, data, from));
}

function answerDatagram(socket: UdpSocket, data: Buffer, { port, address }: RemoteInfo): void {
  const [word, number] = data.toString('latin1').split(' ');
  if (word === 'flood') return flood(socket, Number(number), port, address);
  setTimeout(() => socket.send(data, port, address), word === 'late' ? Number(number) : 0);
}

/** In bursts, because what is sent in one turn beyond the socket's buffer would never leave. */
function flood(socket: UdpSocket, left: number, port: number, address: string): void {
  const burst = Math.min(left, 100);
  for (let sent = 0; sent < burst; sent++) socket.send(Buffer.alloc(512, 'x'), port, address);
  if (left > burst) setImmediate(() => flood(socket, left - burst, port, address));
}
