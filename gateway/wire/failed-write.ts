import type { Socket } from 'node:net';

/**
 * A service may answer in the middle of an upload and close its connection (RFC 9112 §9.6). A write that meets the closed connection fails,
 * and Node would destroy the socket together with an answer that waits there to be read. Such a socket is destroyed once that answer has been
 * read. It is writable no more.
 *
 * @param socket one with `onread`: streams without it read nothing any more after an error.
 */
export function readOnAfterFailedWrite(socket: Socket): void {
  const destroy = socket.destroy;
  socket.destroy = (cause?: NodeJS.ErrnoException) => {
    if (cause?.syscall !== 'write') return destroy.call(socket, cause);
    whenRead(socket, () => destroy.call(socket, cause));
    return socket;
  };
}

/** The kernel has got all that a dead connection will ever bring: what one poll does not read never came. */
function whenRead(socket: Socket, done: () => void): void {
  if (socket.isPaused()) return void socket.once('resume', () => whenRead(socket, done));
  const { bytesRead } = socket;
  afterNextPoll(() => {
    if (socket.destroyed) return;
    if (socket.isPaused() || socket.bytesRead > bytesRead) whenRead(socket, done);
    else done();
  });
}

/** The first of the two runs before that poll. */
function afterNextPoll(callback: () => void): void {
  setImmediate(setImmediate, callback);
}
