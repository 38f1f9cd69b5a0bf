import type http from 'node:http';
import type { Socket } from 'node:net';

/**
 * How Node's HTTP server reads its connections. Node has no name for it: it puts a listener for `connection` on its server, and that one puts
 * listeners for `data` and `end` on the socket. They are public by `listeners`; that there are these, and no others, is not. Where there
 * are none a start fails with the first message that the general lane is to have.
 */
export interface NodeReader {
  readonly bytes: (bytes: Buffer) => void;
  readonly end: () => void;
}

/** From now on the server is given its connections by what this returns, and by nothing else. */
export function takeConnections(server: http.Server): (socket: Socket) => void {
  const listener = lastListener(server, 'connection');
  server.removeAllListeners('connection');
  return listener.bind(server);
}

/** From now on Node reads of the socket what it is given by this. @param socket one that Node's server has just taken */
export function takeReader(socket: Socket): NodeReader {
  // Behind those that the socket has of itself.
  const bytes = lastListener(socket, 'data');
  const end = lastListener(socket, 'end');
  const ignore = () => {};
  // A listener beside Node's makes its parser give up reading from the handle by itself.
  socket.on('data', ignore).off('data', ignore).off('data', bytes).off('end', end);
  return { bytes, end };
}

function lastListener(of: NodeJS.EventEmitter, event: string): (...given: unknown[]) => void {
  const listener = of.listeners(event).at(-1);
  if (!listener) throw new Error(`this version of Node has no listener for '${event}' where one is expected`);
  return listener as (...given: unknown[]) => void;
}
