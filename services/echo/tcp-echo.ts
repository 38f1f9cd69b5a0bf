import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as after } from 'node:timers/promises';
import type { Logger } from '../kit/log.ts';
import type { Service } from '../kit/service.ts';

export interface TcpEchoLimits {
  readonly maxConnections: number;
  /** Silence in both directions after which a connection is ended. */
  readonly idleMs: number;
}

/**
 * Sends every byte back in its order, no faster than it is read (RFC 862). A client that ends its side gets what is
 * still under way, and then the end of ours.
 */
export function createTcpEcho(log: Logger, limits: TcpEchoLimits): Service {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    void echo(socket, log, limits.idleMs);
  });
  server.maxConnections = limits.maxConnections;
  server.on('drop', (dropped) => log.warn({ remote: dropped?.remoteAddress }, 'too many connections'));
  return {
    async listen(host, port) {
      server.listen({ host, port });
      await once(server, 'listening');
      const address = server.address();
      return typeof address === 'object' && address ? address.port : port;
    },
    async drain(deadlineMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // What has been read goes out before the end; a client that keeps its side open after that is cut at the deadline.
      for (const socket of sockets) socket.end();
      await Promise.race([closed, after(deadlineMs, undefined, { ref: false })]);
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function echo(socket: Socket, log: Logger, idleMs: number): Promise<void> {
  const began = performance.now();
  const remote = `${socket.remoteAddress}:${socket.remotePort}`;
  socket.setTimeout(idleMs, () => socket.destroy(new Error(`silent for ${idleMs} ms`)));
  const failure = await pipeline(socket, socket).then(
    () => null,
    (error: Error) => error.message,
  );
  const ms = Math.round(performance.now() - began);
  // A client that says nothing only looked whether the port is open, as supervisors and health checks do.
  log[socket.bytesRead === 0 && failure === null ? 'debug' : 'info'](
    { remote, bytes: socket.bytesRead, ms, ...(failure === null ? {} : { failure }) },
    'connection closed',
  );
}
