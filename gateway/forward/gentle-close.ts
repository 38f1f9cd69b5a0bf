import type { Duplex } from 'node:stream';

/**
 * Ends a connection on which the last bytes of an answer have just been written. What the client still sends is read for a while and
 * dropped: a connection that is closed over unread bytes sends a reset, which overtakes the answer.
 */
export function closeGently(socket: Duplex): void {
  socket.on('error', () => {});
  socket.end();
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
  socket.once('end', () => socket.destroy());
}

const LINGER_MS = 2_000;
