import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/**
 * Bounds the connections of the admin listener. At the bound a new connection takes the place of the one that has been without a whole request
 * for longest: a probe sends its request at once, so connections with half of one can't lock it out.
 */
export class AdminConnections {
  readonly #max: number;
  /**
   * Connections without a complete request or handshake, the longest waiting first. Keyed by remote address and port, which TLS and the
   * socket below it share.
   */
  readonly #waiting = new Map<string, Socket>();
  /** With an answer on its way: the oldest first. */
  readonly #answering = new Map<string, Socket>();

  constructor(app: FastifyInstance, max = ADMIN_CONNECTIONS_MAX) {
    this.#max = max;
    app.server.on('connection', (socket: Socket) => this.#opened(socket));
    // Fastify ends those that Node reads requests of, and waits for all.
    app.addHook('preClose', async () => {
      for (const socket of [...this.#waiting.values(), ...this.#answering.values()]) socket.destroy();
    });
    // The body, too, has arrived by then.
    app.addHook('preValidation', async ({ raw }) => this.#move(raw.socket, this.#waiting, this.#answering));
    app.addHook('onResponse', async ({ raw }) => this.#move(raw.socket, this.#answering, this.#waiting));
  }

  #opened(socket: Socket): void {
    if (this.#waiting.size + this.#answering.size >= this.#max) this.#evict();
    const end = endOf(socket);
    this.#waiting.set(end, socket);
    socket.once('close', () => {
      this.#waiting.delete(end);
      this.#answering.delete(end);
    });
  }

  /** A connection whose answer is under way gives its place up last. */
  #evict(): void {
    const [[end, oldest] = []] = this.#waiting.size > 0 ? this.#waiting : this.#answering;
    this.#waiting.delete(end!);
    this.#answering.delete(end!);
    oldest!.destroy();
  }

  #move(socket: Socket, from: Map<string, Socket>, to: Map<string, Socket>): void {
    const end = endOf(socket);
    const moved = from.get(end);
    if (moved === undefined) return;
    from.delete(end);
    to.set(end, moved);
  }
}

function endOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

/** They come out of the descriptors that the process keeps for itself (overload/descriptors.ts). */
const ADMIN_CONNECTIONS_MAX = 32;
