import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';

/**
 * Makes the close of a connection a lingering one, if an upload is still under way by then. Closing a socket with unread bytes sends a
 * reset, and a reset makes the client's system drop the answer that it has received but not read. So our side ends first, and bytes that
 * still arrive are dropped until the client ends, too, or the time is over.
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
