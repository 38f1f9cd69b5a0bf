import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server } from 'node:net';

/** Raw TCP: every byte comes back. */
export function echoServer(): Server {
  return createServer((socket) => socket.on('error', () => {}).pipe(socket));
}

/** UDP: `flood N` is answered by N datagrams, `late MS` after that time, everything else by itself. */
export function datagramServer(): UdpSocket {
  const socket = createSocket('udp4');
  // ICMP may report that a client has gone.
  socket.on('error', () => {});
  return socket.on('message', (data, from) => answerDatagram(socket, data, from));
}

function answerDatagram(socket: UdpSocket, data: Buffer, { port, address }: RemoteInfo): void {
  const [word, number] = data.toString('latin1').split(' ');
  if (word === 'flood') return flood(socket, Number(number), port, address);
  setTimeout(() => socket.send(data, port, address), word === 'late' ? Number(number) : 0);
}

/** In bursts, because bytes that exceed the socket's buffer in one turn would never leave. */
function flood(socket: UdpSocket, left: number, port: number, address: string): void {
  const burst = Math.min(left, 100);
  for (let sent = 0; sent < burst; sent++) socket.send(Buffer.alloc(512, 'x'), port, address);
  if (left > burst) setImmediate(() => flood(socket, left - burst, port, address));
}
