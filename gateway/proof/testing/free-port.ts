import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type ListenOptions, type Server } from 'node:net';
import { succeeds } from './poll.ts';

/** Below the ephemeral ports (from 32768 on Linux), so that a bind to port 0 never gets one of these. */
const LOWEST = 10_000;
const HIGHEST = 32_000;

/** For each process: the oldest claim is released for the next, because hundreds of test files share a process, and all processes share the range. */
const CLAIMS_MAX = 1_000;
const claims: Server[] = [];

/**
 * Ports without a listener. No other test of this machine gets them before this process has claimed a thousand others: a gateway of another
 * test may still ask a port whose service has ended, and would reach the next owner of that number.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = randomInt(LOWEST, HIGHEST);
    if (!ports.includes(port) && (await claim(port)) && (await isFree(port))) ports.push(port);
  }
  return ports;
}

/** Linux only: an abstract socket name (unix(7)) is a lock that ends with its process in any case. */
async function claim(port: number): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const server = await opened({ path: `\0portway-test-port-${port}` });
  if (server === null) return false;
  claims.push(server);
  if (claims.length > CLAIMS_MAX) claims.shift()!.close();
  return true;
}

async function isFree(port: number): Promise<boolean> {
  const server = await opened({ port, host: '127.0.0.1' });
  if (server) await once(server.close(), 'close');
  return server !== null;
}

async function opened(where: ListenOptions): Promise<Server | null> {
  const server = createServer().unref();
  return new Promise((resolve) => {
    server.once('error', () => resolve(null)).listen(where, () => resolve(server));
  });
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port as number;
}

/** Listens on a port that the system chooses. @returns the port */
export async function listening(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

/** A number whose TCP and UDP ports were both free a moment ago. */
export async function freeDatagramPort(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (await canBind(port)) return port;
  }
}

async function canBind(port: number): Promise<boolean> {
  const socket = createSocket('udp4').bind({ port, address: '127.0.0.1', exclusive: true });
  const bound = await succeeds(once(socket, 'listening'));
  socket.close();
  return bound;
}
