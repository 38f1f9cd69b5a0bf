import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';

/**
 * Makes the close of a connection a lingering one, if an upload is still under way by then. A socket that is closed while bytes
 * lie unread sends a reset, and the reset makes the client's system throw away the answer that it had received but not read. So our
 * side ends first, and what still arrives is dropped until the client ends too, or the time is up.
 */
export function lingerOnClose(socket: Socket, request: IncomingMessage): void {
  socket.destroySoon = () => {
    if (request.complete || socket.destroyed) return Socket.prototype.destroySoon.call(socket);
    socket.end();
    request.removeAllListeners('data').resume();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(timer));
    request.once('end', () => socket.destroy());
  };
}

/** The upload that it might have lingered for is over. */
export function stopLingering(socket: Socket): void {
  if (Object.hasOwn(socket, 'destroySoon')) Reflect.deleteProperty(socket, 'destroySoon');
}

const LINGER_MS = 5_000;
