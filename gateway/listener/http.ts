import { type AddressInfo, Server, type Socket } from 'node:net';
import type { ClientExchange } from '../exchange/client-exchange.ts';
import type { GatewayError } from '../exchange/error-catalog.ts';
import type { Clock } from '../exchange/timer-wheel.ts';
import { Turns } from '../wire/turns.ts';
import { WireLane, type WireLaneOwner } from '../wire/wire-lane.ts';
import { GeneralLane, type GeneralLaneHandler, tooManyConnections } from './general-lane.ts';
import { ListenError } from './listen-error.ts';

/** How many connections of clients there may be at once. */
export interface ConnectionBounds {
  /** `maxConnections`, or fewer where the process may not open as many files. */
  readonly served: number;
  /** Beyond those: whose first request is waited for, to be answered with 503. */
  readonly turnedAway: number;
}

/** What the listener hands on. */
export interface HttpListenerHandler extends GeneralLaneHandler {
  /** By which connections are timed, as exchanges are. */
  readonly clock: Clock;
  /**
   * A request that the wire lane has read.
   * @returns whether it is carried there; if not, nothing has become of it, and it comes back by `request` or `upgrade`.
   */
  carries(exchange: ClientExchange): boolean;
}

/**
 * The port of the gateway. One server for the life of the process: reloads change what is behind it, never it. Each connection begins in
 * the wire lane, and goes to Node's own parser, the general lane, with the first request that the wire lane does not take.
 */
export class HttpListener implements WireLaneOwner {
  readonly #handler: HttpListenerHandler;
  readonly #wire: WireLane;
  readonly #general: GeneralLane;
  readonly #server: Server;
  bounds: ConnectionBounds = { served: Number.POSITIVE_INFINITY, turnedAway: 0 };
  #connections = 0;
  #address: AddressInfo | null = null;
  #onEmptied: () => void = () => {};
  draining = false;

  constructor(handler: HttpListenerHandler) {
    this.#handler = handler;
    const turns = new Turns();
    this.#wire = new WireLane(this, handler.clock, turns);
    this.#general = new GeneralLane(handler, this, turns);
    this.#server = this.#general.server;
    this.#server.on('connection', (socket: Socket) => this.#connected(socket));
  }

  /** @throws ListenError */
  async listen(host: string, port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const failed = (cause: NodeJS.ErrnoException) => reject(new ListenError(host, port, cause));
      this.#server.once('error', failed).listen({ host, port, backlog: 4096 }, () => {
        // An error of a listening server (EMFILE while accepting) is no reason to end.
        this.#server.off('error', failed).on('error', () => {});
        this.#address = this.#server.address() as AddressInfo;
        resolve();
      });
    });
  }

  /** Known once it listens, and still when it has stopped. */
  get address(): { host: string; port: number } {
    const { address, port } = this.#address!;
    return { host: address, port };
  }

  get connections(): number {
    return this.#connections;
  }

  #connected(accepted: Socket): void {
    const { served, turnedAway } = this.bounds;
    const welcome = ++this.#connections <= served;
    const socket = welcome ? this.#wire.adopt(accepted) : accepted;
    socket.once('close', () => {
      if (--this.#connections === 0) this.#onEmptied();
    });
    // Asked for now, because of a connection that was reset the system forgets whose it was, and its requests would have no address.
    if (socket.remoteAddress === undefined) return void socket.destroy();
    if (welcome) return this.#wire.accept(socket);
    if (this.#connections <= served + turnedAway) return this.#general.turnAway(socket);
    // No descriptor may be spent on waiting for the request: most clients find the answer to it all the same.
    this.#handler.refused(tooManyConnections(), socket, false);
    socket.destroy();
  }

  carries(exchange: ClientExchange): boolean {
    return this.#handler.carries(exchange);
  }

  refused(error: GatewayError, socket: Socket, toHead: boolean): void {
    this.#handler.refused(error, socket, toHead);
  }

  handOver(socket: Socket, unread: readonly Buffer[]): void {
    this.#general.takeOver(socket, unread);
  }

  /**
   * Stops accepting; connections are closed when the request under way is answered.
   * @param idle those without one are closed at once, or may ask once more.
   */
  stopAccepting(idle: 'close' | 'leave'): void {
    this.draining = true;
    // Node's own close of an HTTP server would close idle connections in any case.
    Server.prototype.close.call(this.#server);
    if (idle === 'close') this.closeIdle();
  }

  closeIdle(): void {
    this.#general.closeIdle();
    this.#wire.closeIdle();
  }

  /** Resolves when no connection is left, or when the time is up. */
  emptied(withinMs: number): Promise<void> {
    if (this.#connections === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#onEmptied = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Ends what is left. */
  destroy(): void {
    this.#server.close();
    this.#general.destroy();
    this.#wire.destroy();
  }
}
