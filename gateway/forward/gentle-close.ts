import type { Duplex } from 'node:stream';

/**
 * Closes a connection after the last bytes of an answer. Bytes that the client still sends are read and dropped for a while: closing over
 * unread bytes sends a reset, which overtakes the answer.
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
