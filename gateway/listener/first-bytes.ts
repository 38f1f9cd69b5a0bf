import type { Socket } from 'node:net';

/** Waits for a client's next bytes. A client that sends none in time, or leaves, is closed, and `take` is not called. */
export function firstBytes(
  socket: Socket,
  take: (bytes: Buffer) => void,
  withinMs = FIRST_BYTES_TIMEOUT_MS,
): void {
  const leave = () => void socket.destroy();
  socket
    .setTimeout(withinMs, leave)
    .once('end', leave)
    .on('error', leave)
    .once('data', (bytes: Buffer) => {
      socket.off('end', leave).off('error', leave).setTimeout(0, leave);
      take(bytes);
    });
}

/** As long as a head may take. */
export const FIRST_BYTES_TIMEOUT_MS = 10_000;
