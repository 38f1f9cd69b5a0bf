import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Below the ports that systems give out by themselves (32768 on Linux), so that nobody who asks for "any" gets one of ours meanwhile. */
const LOWEST = 10_000;
const HIGHEST = 32_000;

/** Ports that were free a moment ago, held at once so that they differ. */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  while (servers.length < count) {
    const server = await listening(randomInt(LOWEST, HIGHEST));
    if (server) servers.push(server);
  }
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  for (const server of servers) await once(server.close(), 'close');
  return ports;
}

async function listening(port: number): Promise<Server | null> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(null)).listen(port, '127.0.0.1', () => resolve(server));
  });
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port as number;
}

/** A number whose TCP and UDP ports were both free a moment ago: nothing listens there. */
export async function freeDatagramPort(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (await canBind(port)) return port;
  }
}

async function canBind(port: number): Promise<boolean> {
  const socket = createSocket('udp4').bind({ port, address: '127.0.0.1', exclusive: true });
  const bound = await once(socket, 'listening').then(
    () => true,
    () => false,
  );
  socket.close();
  return bound;
}
