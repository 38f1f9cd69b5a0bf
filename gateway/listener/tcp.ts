import net, { type AddressInfo, type Socket } from 'node:net';
import { ListenError } from './listen-error.ts';

/** A port for raw TCP. What it does with connections can change while it listens. */
export class TcpListener {
  readonly #server: net.Server;
  readonly #sockets = new Set<Socket>();

  /** @param accept gets each connection paused: nothing has been read from it. */
  constructor(accept: (socket: Socket) => void) {
    // Each direction of a stream ends on its own.
    this.#server = net.createServer(
      { allowHalfOpen: true, pauseOnConnect: true, noDelay: true, keepAlive: true },
      (socket) => {
        this.#sockets.add(socket);
        socket.once('close', () => this.#sockets.delete(socket));
        // Whoever carries it listens too; until then an error must not end the process.
        socket.on('error', () => {});
        accept(socket);
      },
    );
  }

  /** @throws ListenError */
  async listen(host: string, port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const failed = (cause: NodeJS.ErrnoException) => reject(new ListenError(host, port, cause));
      this.#server.once('error', failed).listen({ host, port, backlog: 4096 }, () => {
        this.#server.off('error', failed).on('error', () => {});
        resolve();
      });
    });
  }

  get address(): { host: string; port: number } {
    const { address, port } = this.#server.address() as AddressInfo;
    return { host: address, port };
  }

  get connections(): number {
    return this.#sockets.size;
  }

  stopAccepting(): void {
    this.#server.close();
  }

  destroy(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
