import net, { type Socket } from 'node:net';
import { TransientSet } from '../exchange/transient.ts';
import { ReadBuffer } from '../wire/read-buffer.ts';
import { SocketMemory } from '../wire/socket-memory.ts';
import { ListenError } from './listen-error.ts';

/** A port for raw TCP. The handler of its connections can change while it listens. */
export class TcpListener {
  readonly #server: net.Server;
  readonly #memory = new SocketMemory();
  readonly #sockets = new TransientSet<Socket>();

  /** @param accept gets each connection paused: nothing has been read from it. */
  constructor(accept: (socket: Socket) => void) {
    this.#server = net.createServer(OPTIONS, (accepted) => {
      const socket = new ReadBuffer(this.#memory).adopt(accepted).pause();
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      // Its forwarding listens later; until then an error must not end the process.
      socket.on('error', () => {});
      accept(socket);
    });
  }

  /** Also resolves if it is destroyed meanwhile. @throws ListenError naming the stream `id` */
  async listen(host: string, port: number, id: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const failed = (cause: NodeJS.ErrnoException) =>
        reject(new ListenError(host, port, cause, { id, protocol: 'tcp' }));
      // A server that is closed during its name lookup emits nothing else.
      this.#server.once('close', resolve);
      this.#server.once('error', failed).listen({ host, port, backlog: 4096 }, () => {
        // An error of a listening server (EMFILE while accepting) is no reason to end.
        this.#server.off('error', failed).on('error', () => {});
        resolve();
      });
    });
  }

  /** Those that have been accepted and are not closed. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** The port is free again at once. @param emptied called when the last connection has gone. */
  stopAccepting(emptied: () => void = () => {}): void {
    this.#server.close(emptied);
  }

  /** Resets the rest, so that nobody takes it for an orderly end. */
  destroy(): void {
    this.#server.close();
    for (const socket of this.#sockets) {
      // A side that has ended only waits for the other, and the system can't reset it any more.
      if (socket.writableEnded) socket.destroy();
      else socket.resetAndDestroy();
    }
  }
}

const OPTIONS: net.ServerOpts = {
  // Each direction of a stream ends on its own.
  allowHalfOpen: true,
  pauseOnConnect: true,
  noDelay: true,
  // A client whose cable was cut is noticed, however long the idle time.
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
};
