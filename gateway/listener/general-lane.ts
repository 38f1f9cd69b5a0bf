import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { GatewayError } from '../exchange/error-catalog.ts';
import { http } from '../exchange/node-http.ts';
import { isReset } from '../exchange/rescue.ts';
import { asksByHead } from '../wire/request-line.ts';
import { CountedResponse } from './counted-response.ts';
import { type ConnectionPolicy, HttpDownstream } from './http-downstream.ts';
import { type Behind, MessageGate } from './message-gate.ts';
import { hasBody } from './node-body.ts';
import { takeConnections } from './node-listeners.ts';

/** Receives the requests of the general lane. */
export interface GeneralLaneHandler {
  /** @param refusal the error to answer with, whatever the request */
  request(
    request: IncomingMessage,
    response: ServerResponse,
    downstream: HttpDownstream,
    refusal: GatewayError | null,
  ): void;
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void;
  /** Something that never became a request: the error belongs into the socket, as an answer, and the connection is closed. */
  refused(error: GatewayError, socket: Socket, toHead?: boolean): void;
}

/** Goes on with a connection behind an answer. */
export type TakeBack = (socket: Socket, behind: Behind) => void;

/**
 * Requests read by Node's own parser: single messages that the wire lane does not carry, and clients that are turned away. After such a
 * message the connection returns to the wire lane, so that one reader checks every head.
 */
export class GeneralLane {
  /** Of the port: Node keeps the time of heads only in a server that listens. Its connections come here by `takeOver` and `turnAway` alone. */
  readonly server: Server<typeof http.IncomingMessage, typeof CountedResponse>;
  readonly #handler: GeneralLaneHandler;
  readonly #policy: ConnectionPolicy;
  /** Node's own handler of a new connection. */
  readonly #toNode: (socket: Socket) => void;
  readonly #gates = new WeakMap<Socket, MessageGate>();
  /** The request that is open on a connection. */
  readonly #open = new WeakMap<Socket, HttpDownstream>();
  readonly #takeBack: TakeBack;
  readonly #turnedAway = new WeakSet<Socket>();
  /** Requests that asked for an upgrade and are answered as plain ones. */
  readonly #notUpgraded = new WeakSet<IncomingMessage>();

  constructor(handler: GeneralLaneHandler, policy: ConnectionPolicy, takeBack: TakeBack) {
    this.#handler = handler;
    this.#policy = policy;
    this.#takeBack = takeBack;
    this.server = http.createServer({
      ...SERVER_OPTIONS,
      shouldUpgradeCallback: (request) => {
        const upgrades = this.#upgrades(request);
        if (!upgrades) this.#notUpgraded.add(request);
        return upgrades;
      },
    });
    this.server.maxHeadersCount = 0;
    this.#toNode = takeConnections(this.server);
    this.server
      .on('request', (request, response) => this.#requested(request, response, false))
      .on('checkContinue', (request, response) => this.#requested(request, response, true))
      .on('checkExpectation', (request, response) => this.#requested(request, response, true))
      .on('upgrade', (request, socket: Socket, head) => this.#upgraded(request, socket, head))
      .on('connect', (_request, socket: Socket) => this.#connectRefused(socket))
      .on('clientError', (cause, socket) => this.#clientError(cause, socket as Socket));
  }

  /** @param unread begins with a head, and is borrowed. @param ended whether the client has ended its side. */
  takeOver(socket: Socket, unread: readonly Buffer[], ended: boolean): void {
    const gate = this.#gates.get(socket) ?? this.#toGate(socket);
    gate.admit(unread, ended);
  }

  /** Its first request is answered with a refusal, and is its last one. */
  turnAway(socket: Socket): void {
    this.#turnedAway.add(socket);
    this.accept(socket);
  }

  /** A connection that the wire lane has never seen. */
  accept(socket: Socket): void {
    this.#toGate(socket).admit([], false);
  }

  #toGate(socket: Socket): MessageGate {
    this.#toNode(socket);
    const gate = new MessageGate(socket, (behind) => this.#takeBack(socket, behind));
    this.#gates.set(socket, gate);
    return gate;
  }

  #requested(request: IncomingMessage, response: CountedResponse, expects: boolean): void {
    const { socket } = request;
    const gate = this.#gates.get(socket)!;
    gate.begun(request);
    if (expects && !hasBody(request)) response.awaitsNoBody();
    const downstream = new HttpDownstream(request, response, this.#policy, expects, gate);
    // Node loses bytes that arrived together with such a request, so the next bytes may begin in the middle of a message.
    if (this.#notUpgraded.has(request)) downstream.closeAfterAnswer();
    this.#open.set(socket, downstream);
    response.once('close', () => {
      this.#open.delete(socket);
      gate.answered();
    });
    this.#handler.request(request, response, downstream, this.#refusal(request, downstream, expects));
  }

  /** Sent as an answer in its turn: written out of turn it would be taken for the answer to an earlier request. */
  #refusal(request: IncomingMessage, downstream: HttpDownstream, expects: boolean): GatewayError | null {
    if (this.#turnedAway.has(request.socket)) {
      downstream.closeAfterAnswer();
      return tooManyConnections();
    }
    // RFC 9110 §10.1.1. Node looks for the word anywhere in the field.
    const { expect } = request.headers;
    if (!expects || expect?.trim().toLowerCase() === '100-continue') return null;
    return new GatewayError('expectation_failed', `Expect: ${expect}`);
  }

  /** An `Upgrade` that we do not support is answered as a plain request (RFC 9110 §7.8). */
  #upgrades(request: IncomingMessage): boolean {
    const { headers, socket, httpVersionMinor } = request;
    if (headers.upgrade?.toLowerCase() !== 'websocket' || httpVersionMinor === 0) return false;
    // Behind a body the bytes of a tunnel would be taken for that.
    return !hasBody(request) && !this.#turnedAway.has(socket);
  }

  #connectRefused(socket: Socket): void {
    // Node takes its own listener off: an error without one would end the process.
    socket.on('error', () => {});
    this.#gates.get(socket)?.release();
    this.#handler.refused(new GatewayError('method_refused', 'CONNECT was asked for'), socket);
  }

  #upgraded(request: IncomingMessage, socket: Socket, head: Buffer): void {
    // Node takes its own listener off an upgraded socket: an error without one would end the process.
    socket.on('error', () => {});
    this.#handler.upgrade(
      request,
      socket,
      Buffer.concat([head, ...this.#gates.get(socket)!.release().unread]),
    );
  }

  #clientError(cause: NodeJS.ErrnoException, socket: Socket): void {
    // An error of the socket while the wire lane reads it: its close follows.
    if (this.#gates.get(socket)?.open === false) return;
    const current = this.#open.get(socket);
    // The connection ended in the middle of a body: the client left and can't be answered.
    const left = isReset(cause) || (current !== undefined && cause.code === 'HPE_INVALID_EOF_STATE');
    if (left) return void socket.destroy();
    // It has its last answer. To close it before that is read would reset it, and the answer would be lost.
    if (!socket.writable) return;
    if (current) current.fault(unreadable(cause));
    else this.#handler.refused(unreadable(cause), socket, unreadHead(cause));
  }

  /** Force-closes the rest, except tunnels, which belong to the wire lane. */
  destroy(): void {
    this.server.closeAllConnections();
  }
}

export function tooManyConnections(): GatewayError {
  return new GatewayError(
    'too_many_connections',
    'maxConnections, or what the limit of open files is enough for, is reached',
  );
}

const SERVER_OPTIONS: ServerOptions<typeof http.IncomingMessage, typeof CountedResponse> = {
  ServerResponse: CountedResponse,
  // Never lenient: a message that one parser repairs, the next one reads differently.
  insecureHTTPParser: false,
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  // Whole requests may take as long as they move: the forwarder watches bodies.
  requestTimeout: 0,
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 1_000,
  // Host is checked by the admission, which answers like every other error.
  requireHostHeader: false,
};

/** Whether an unreadable request was HEAD, so that its answer has no body. */
function unreadHead({ rawPacket }: NodeJS.ErrnoException & { rawPacket?: Buffer }): boolean {
  return rawPacket !== undefined && asksByHead(rawPacket, 0, rawPacket.length);
}

/** The error for bytes that Node's parser can't read as a request. */
function unreadable(cause: NodeJS.ErrnoException): GatewayError {
  if (cause.code === 'HPE_HEADER_OVERFLOW')
    return new GatewayError('head_too_large', 'a head of more than 16 KiB', { cause });
  if (cause.code === 'HPE_INVALID_VERSION')
    return new GatewayError('version_refused', 'another version than HTTP/1.1 or HTTP/1.0', { cause });
  if (cause.code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new GatewayError('head_timeout', 'no complete head within 10 s', { cause });
  return new GatewayError('bad_request', `${cause.message} (${cause.code ?? 'no code'})`, { cause });
}
