import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { GatewayError } from '../error/catalog.ts';
import { isReset } from '../error/rescue.ts';
import { HttpDownstream } from './http-downstream.ts';
import { ListenError } from './listen-error.ts';

/** What the listener hands on. */
export interface HttpListenerHandler {
  request(request: http.IncomingMessage, response: http.ServerResponse, downstream: HttpDownstream): void;
  upgrade(request: http.IncomingMessage, socket: Socket, head: Buffer): void;
  /** Something that never became a request: the error belongs into the socket, as an answer, and the connection is closed. */
  refused(error: GatewayError, socket: Socket): void;
}

/** The port of the gateway. One server for the life of the process: reloads change what is behind it, never it. */
export class HttpListener {
  readonly #server: http.Server;
  readonly #handler: HttpListenerHandler;
  readonly #current = new WeakMap<Socket, HttpDownstream>();
  readonly #tunnels = new Set<Socket>();
  readonly #turnedAway = new WeakSet<Socket>();
  maxConnections = Number.POSITIVE_INFINITY;
  #connections = 0;
  draining = false;

  constructor(handler: HttpListenerHandler) {
    this.#handler = handler;
    this.#server = http.createServer(SERVER_OPTIONS);
    this.#server.maxHeadersCount = 0;
    this.#server
      .on('connection', (socket: Socket) => this.#connected(socket))
      .on('request', (request, response) => this.#requested(request, response, false))
      .on('checkContinue', (request, response) => this.#requested(request, response, true))
      .on('checkExpectation', (request, response) => this.#unexpected(request, response))
      .on('upgrade', (request, socket: Socket, head) => this.#upgraded(request, socket, head))
      .on('connect', (_request, socket: Socket) =>
        handler.refused(new GatewayError('method_refused', 'CONNECT was asked for'), socket),
      )
      .on('clientError', (cause, socket) => this.#clientError(cause, socket as Socket));
  }

  /** @throws ListenError */
  async listen(host: string, port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const failed = (cause: NodeJS.ErrnoException) => reject(new ListenError(host, port, cause));
      this.#server.once('error', failed).listen({ host, port, backlog: 4096 }, () => {
        // An error of a listening server (EMFILE while accepting) is no reason to end.
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
    return this.#connections;
  }

  #connected(socket: Socket): void {
    this.#connections++;
    socket.once('close', () => this.#connections--);
    if (this.#connections > this.maxConnections) this.#turnedAway.add(socket);
    // Those who are turned away get an answer to their first request; a flood of them gets nothing.
    if (this.#connections > this.maxConnections + TURNED_AWAY_MAX) socket.destroy();
  }

  #requested(request: http.IncomingMessage, response: http.ServerResponse, expectsContinue: boolean): void {
    const { socket } = request;
    if (this.#turnedAway.has(socket)) {
      return this.#handler.refused(
        new GatewayError('too_many_connections', 'maxConnections is reached'),
        socket,
      );
    }
    if (expectsContinue && !isContinue(request.headers.expect)) return this.#unexpected(request, response);
    const downstream = new HttpDownstream(request, response, this, expectsContinue);
    this.#current.set(socket, downstream);
    response.once('close', () => {
      if (this.#current.get(socket) === downstream) this.#current.delete(socket);
    });
    this.#handler.request(request, response, downstream);
  }

  #unexpected(request: http.IncomingMessage, response: http.ServerResponse): void {
    // RFC 9110 §10.1.1. HTTP/1.0 did not know Expect, and ignores it.
    if (request.httpVersionMinor === 0) return this.#requested(request, response, false);
    this.#handler.refused(
      new GatewayError('expectation_failed', `Expect: ${request.headers.expect}`),
      request.socket,
    );
  }

  #upgraded(request: http.IncomingMessage, socket: Socket, head: Buffer): void {
    this.#tunnels.add(socket);
    socket.once('close', () => this.#tunnels.delete(socket));
    // Node takes its own listener off an upgraded socket: an error without one would end the process.
    socket.on('error', () => {});
    this.#handler.upgrade(request, socket, head);
  }

  #clientError(cause: NodeJS.ErrnoException, socket: Socket): void {
    const current = this.#current.get(socket);
    // The connection ended in the middle of a body: the client left, and there is nobody to answer.
    const left = isReset(cause) || (current !== undefined && cause.code === 'HPE_INVALID_EOF_STATE');
    if (left || !socket.writable) return void socket.destroy();
    if (current) current.fault(unreadable(cause));
    else this.#handler.refused(unreadable(cause), socket);
  }

  /** Stops accepting; connections without a request under way are closed, the others when theirs is answered. */
  stopAccepting(): void {
    this.draining = true;
    this.#server.close();
    this.#server.closeIdleConnections();
  }

  /** Ends what is left. */
  destroy(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    for (const socket of this.#tunnels) socket.destroy();
  }
}

const SERVER_OPTIONS: http.ServerOptions = {
  // Never lenient: what one parser repairs, the next one reads differently.
  insecureHTTPParser: false,
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  // Whole requests may take as long as they move: the forwarder watches bodies.
  requestTimeout: 0,
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 1_000,
  // Host is checked by the admission, which answers like every other error.
  requireHostHeader: false,
  shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === 'websocket',
};

/** Node looks for the word anywhere in the field. */
function isContinue(expect: string | undefined): boolean {
  return expect?.trim().toLowerCase() === '100-continue';
}

const TURNED_AWAY_MAX = 1_000;

/** What Node's parser says of bytes that are no request. */
function unreadable(cause: NodeJS.ErrnoException): GatewayError {
  if (cause.code === 'HPE_HEADER_OVERFLOW')
    return new GatewayError('head_too_large', 'a head of more than 16 KiB', { cause });
  if (cause.code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new GatewayError('head_timeout', 'no complete head within 10 s', { cause });
  return new GatewayError('bad_request', `${cause.message} (${cause.code ?? 'no code'})`, { cause });
}
