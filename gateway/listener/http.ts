import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Logger } from 'pino';
import type { Challenges } from '../acme/challenges.ts';
import type { ClientExchange } from '../exchange/client-exchange.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import type { Peer } from '../exchange/peer.ts';
import type { Clock } from '../exchange/timer-wheel.ts';
import { TransientSet } from '../exchange/transient.ts';
import type { TlsSettings } from '../tls/settings.ts';
import type { TicketKeys } from '../tls/ticket-keys.ts';
import { Turns } from '../wire/turns.ts';
import { WireLane, type WireLaneOwner } from '../wire/wire-lane.ts';
import { ChallengeDoor } from './challenge-door.ts';
import { firstBytes } from './first-bytes.ts';
import { GeneralLane, type GeneralLaneHandler, tooManyConnections } from './general-lane.ts';
import { H2Closings } from './h2/h2-closings.ts';
import { H2Lane, type H2LaneOwner } from './h2/h2-lane.ts';
import { memoryConnection } from './h2/memory-connection.ts';
import { ListenError } from './listen-error.ts';
import { stopListening } from './node-listeners.ts';
import { TLS_HANDSHAKE, TlsDoor } from './tls-door.ts';

/** How many connections of clients there may be at once. */
export interface ConnectionBounds {
  /** `maxConnections`, or fewer where the process may not open as many files. */
  readonly served: number;
  /** Beyond those: whose first request is waited for, to be answered with 503. */
  readonly turnedAway: number;
}

/** Receives the requests of the listener. */
export interface HttpListenerHandler extends GeneralLaneHandler {
  /** By which connections are timed, as exchanges are. */
  readonly clock: Clock;
  /**
   * A request that the wire lane has read.
   * @returns whether it is carried there; if not, nothing has become of it, and it comes back by `request` or `upgrade`.
   */
  carries(exchange: ClientExchange): boolean;
}

/** Another port that is open already, in place of the one of now. */
export interface PortMove {
  /** The port of before is closed; its connections end with their next answers. @returns `false`: a stop came first, and the next port is closed too. */
  commit(): boolean;
  cancel(): void;
}

/**
 * The port of the gateway. It lives as long as the process: reloads change the configuration behind it, or move it to another number. The
 * wire lane reads each connection; a request that it does not carry goes to Node's parser, the general lane, which gives the connection
 * back.
 */
export class HttpListener implements WireLaneOwner, H2LaneOwner {
  readonly #handler: HttpListenerHandler;
  readonly #wire: WireLane;
  readonly #general: GeneralLane;
  readonly #h2: H2Lane;
  readonly h2Closings: H2Closings;
  readonly #server: Server;
  readonly #door: TlsDoor;
  /** Beside it, for authorities that give us certificates. */
  readonly #challengeDoor: ChallengeDoor;
  /** Of the port that the gateway has moved to; `null`: it is where it began. */
  #movedTo: Server | null = null;
  /** Of a port of its own for TLS. */
  #secureServer: Server | null = null;
  /** Connections whose first bytes, or whose handshake, is still to come. */
  readonly #entering = new TransientSet<Socket>();
  bounds: ConnectionBounds = { served: Number.POSITIVE_INFINITY, turnedAway: 0 };
  #connections = 0;
  #address: AddressInfo | null = null;
  #onEmptied: () => void = () => {};
  draining = false;

  constructor(
    handler: HttpListenerHandler,
    challenges: Challenges,
    tickets: TicketKeys,
    log: Pick<Logger, 'warn'>,
  ) {
    this.#handler = handler;
    this.h2Closings = new H2Closings(log);
    this.#challengeDoor = new ChallengeDoor(challenges);
    const turns = new Turns();
    this.#wire = new WireLane(this, handler, turns);
    this.#general = new GeneralLane(handler, this, (socket, behind) => this.#wire.takeBack(socket, behind));
    this.#h2 = new H2Lane(this, turns);
    this.#server = this.#general.server;
    this.#server.on('connection', (socket: Socket) => this.#connected(socket));
    this.#door = new TlsDoor(
      (socket) => (socket.alpnProtocol === 'h2' ? this.#h2.accept(socket) : this.#wire.accept(socket)),
      tickets,
    );
  }

  /** From now on handshakes are done with these; `null`: none are. Connections whose clients would be judged otherwise now end with their next answers. */
  useTls(settings: TlsSettings | null): void {
    if (!this.#door.use(settings)) return;
    this.#wire.dismissal()();
    this.#h2.dismissal()();
  }

  /** @param descriptor of a port that is open already (inherited-ports.ts). @throws ListenError */
  async listen(host: string, port: number, descriptor: number | null = null): Promise<void> {
    await listening(this.#server, host, port, descriptor);
    this.#address = this.#server.address() as AddressInfo;
  }

  /** Opens the next port beside the one of now. Both take connections until the move is made. @throws ListenError */
  async prepareMove(host: string, port: number): Promise<PortMove> {
    const next = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#connected(socket));
    await listening(next, host, port);
    // Connections of the next port may come before the move is made, and stay.
    const dismissals = [this.#wire.dismissal(), this.#h2.dismissal()];
    const cancel = () => void next.close();
    const commit = () => {
      if (this.draining) {
        cancel();
        return false;
      }
      this.#closePort();
      this.#movedTo = next;
      this.#address = next.address() as AddressInfo;
      for (const dismiss of dismissals) dismiss();
      return true;
    };
    return { commit, cancel };
  }

  #closePort(): void {
    if (this.#movedTo === null) stopListening(this.#general.server);
    else this.#movedTo.close();
  }

  /** Opens a port for TLS alone. @param descriptor as of `listen`. @throws ListenError */
  async listenTls(host: string, port: number, descriptor: number | null = null): Promise<void> {
    this.#secureServer = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#connections++;
      this.#enter(socket, 'tls');
    });
    await listening(this.#secureServer, host, port, descriptor);
  }

  /** Known once it listens, and still when it has stopped. */
  get address(): { host: string; port: number } {
    const { address, port } = this.#address!;
    return { host: address, port };
  }

  get connections(): number {
    return this.#connections;
  }

  get http2Connections(): number {
    return this.#h2.connections;
  }

  /** Since the process began. */
  get handshakeFailures(): number {
    return this.#door.failures;
  }

  #connected(accepted: Socket): void {
    this.#connections++;
    if (this.#door.open) this.#enter(accepted, 'either');
    else this.#admit(accepted, null);
  }

  readonly #left = (): void => {
    if (--this.#connections === 0) this.#onEmptied();
  };

  /** A connection that may begin with a handshake. @param speaks `tls`: it must. */
  #enter(accepted: Socket, speaks: 'tls' | 'either'): void {
    this.#entering.add(accepted);
    accepted.once('close', this.#left).once('close', () => this.#entering.delete(accepted));
    firstBytes(accepted, (bytes) => {
      if (bytes[0] === TLS_HANDSHAKE && this.#door.open)
        return this.#challengeDoor.look(accepted, bytes, (hello, isValidation) =>
          this.#shakeHands(accepted, hello, isValidation ? this.#challengeDoor : this.#door),
        );
      this.#entering.delete(accepted);
      if (speaks === 'tls') return this.#handler.refused(notTls(), accepted);
      accepted.off('close', this.#left);
      this.#admit(accepted, bytes);
    });
  }

  #shakeHands(accepted: Socket, bytes: Buffer, door: TlsDoor | ChallengeDoor): void {
    if (this.#connections > this.bounds.served) {
      // An answer would need a handshake, which costs more than the exchange.
      this.#handler.refused(tooManyConnections(), accepted, false);
      return void accepted.destroy();
    }
    accepted.pause();
    accepted.unshift(bytes);
    process.nextTick(() => door.enter(accepted));
  }

  /** A connection that speaks HTTP. @param received bytes that were read of it already */
  #admit(accepted: Socket, received: Buffer | null): void {
    const { served, turnedAway } = this.bounds;
    const welcome = this.#connections <= served;
    if (received) accepted.pause();
    const socket = welcome ? this.#wire.adopt(accepted) : accepted;
    socket.once('close', this.#left);
    // Asked for now, because of a connection that was reset the system forgets whose it was, and its requests would have no address.
    if (socket.remoteAddress === undefined) return void socket.destroy();
    if (welcome) {
      socket.resume();
      return this.#wire.accept(socket, received);
    }
    if (received) socket.unshift(received);
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

  connectGeneral(peer: Peer): Duplex {
    const [near, far] = memoryConnection(peer);
    this.#general.accept(near as Socket);
    return far;
  }

  handOver(socket: Socket, unread: readonly Buffer[], ended: boolean): void {
    this.#general.takeOver(socket, unread, ended);
  }

  speaksHttp2(socket: Socket, unread: readonly Buffer[]): void {
    // Over TLS it is agreed upon by ALPN alone (RFC 9113 §3.2).
    if (!(socket instanceof TLSSocket)) this.#h2.accept(socket, unread);
    else this.refused(new GatewayError('version_refused', 'HTTP/2 without ALPN'), socket, false);
  }

  /** Stops accepting; connections are closed when the request under way is answered, and those without one may ask once more. */
  stopAccepting(): void {
    this.draining = true;
    this.#wire.draining = true;
    this.#closePort();
    this.#secureServer?.close();
  }

  closeIdle(): void {
    this.#wire.closeIdle();
    this.#h2.close();
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

  /** Force-closes the rest. */
  destroy(): void {
    this.#server.close();
    this.#movedTo?.close();
    this.#secureServer?.close();
    for (const socket of this.#entering) socket.destroy();
    this.#general.destroy();
    this.#wire.destroy();
    this.#h2.destroy();
  }
}

function listening(
  server: Server,
  host: string,
  port: number,
  descriptor: number | null = null,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException) => reject(new ListenError(host, port, cause));
    const where = descriptor === null ? { host, port } : { fd: descriptor };
    server.once('error', failed).listen({ ...where, backlog: 4096 }, () => {
      // An error of a listening server (EMFILE while accepting) is no reason to end.
      server.off('error', failed).on('error', () => {});
      resolve();
    });
  });
}

function notTls(): GatewayError {
  return new GatewayError('tls_expected', 'plain HTTP on a port that speaks TLS');
}
