import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/**
 * Bounds the connections of the admin listener. At the bound a new connection takes the place of the one that has been without a whole request
 * for longest: a probe sends its request at once, so connections with half of one can't lock it out.
 */
export class AdminConnections {
  readonly #max: number;
  /** Without a whole request: the one that has waited longest first. */
  readonly #waiting = new Set<Socket>();
  /** With an answer on its way: the oldest first. */
  readonly #answering = new Set<Socket>();

  constructor(app: FastifyInstance, max = ADMIN_CONNECTIONS_MAX) {
    this.#max = max;
    app.server.on('connection', (socket: Socket) => this.#opened(socket));
    // The body, too, has arrived by then.
    app.addHook('preValidation', async ({ raw }) => this.#move(raw.socket, this.#waiting, this.#answering));
    app.addHook('onResponse', async ({ raw }) => this.#move(raw.socket, this.#answering, this.#waiting));
  }

  #opened(socket: Socket): void {
    if (this.#waiting.size + this.#answering.size >= this.#max) this.#evict();
    this.#waiting.add(socket);
    socket.once('close', () => {
      this.#waiting.delete(socket);
      this.#answering.delete(socket);
    });
  }

  /** A connection whose answer is under way gives its place up last. */
  #evict(): void {
    const [oldest] = this.#waiting.size > 0 ? this.#waiting : this.#answering;
    this.#waiting.delete(oldest!);
    this.#answering.delete(oldest!);
    oldest!.destroy();
  }

  #move(socket: Socket, from: Set<Socket>, to: Set<Socket>): void {
    if (from.delete(socket)) to.add(socket);
  }
}

/** They come out of the descriptors that the process keeps for itself (overload/descriptors.ts). */
const ADMIN_CONNECTIONS_MAX = 32;
