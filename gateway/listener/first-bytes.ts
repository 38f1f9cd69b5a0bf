import type { Socket } from 'node:net';

/** Waits for what a client sends first. One that sends nothing in time, or leaves, is closed, and `take` is not called. */
export function firstBytes(socket: Socket, take: (bytes: Buffer) => void): void {
  const leave = () => void socket.destroy();
  socket
    .setTimeout(FIRST_BYTES_TIMEOUT_MS, leave)
    .once('end', leave)
    .on('error', leave)
    .once('data', (bytes: Buffer) => {
      socket.off('end', leave).off('error', leave).setTimeout(0, leave);
      take(bytes);
    });
}

/** As long as a head may take. */
const FIRST_BYTES_TIMEOUT_MS = 10_000;
