import http from 'node:http';
import type { Socket } from 'node:net';
import { GatewayError } from '../exchange/error-catalog.ts';
import { isReset } from '../exchange/rescue.ts';
import { asksByHead } from '../wire/request-line.ts';
import type { Turns } from '../wire/turns.ts';
import { type ConnectionPolicy, HttpDownstream } from './http-downstream.ts';
import { MessageGate } from './message-gate.ts';
import { hasBody } from './node-body.ts';

/** What the general lane hands on. */
export interface GeneralLaneHandler {
  /** @param refusal what the request is to be answered with, whatever it asks for. */
  request(
    request: http.IncomingMessage,
    response: http.ServerResponse,
    downstream: HttpDownstream,
    refusal: GatewayError | null,
  ): void;
  upgrade(request: http.IncomingMessage, socket: Socket, head: Buffer): void;
  /** Something that never became a request: the error belongs into the socket, as an answer, and the connection is closed. */
  refused(error: GatewayError, socket: Socket, toHead?: boolean): void;
}

/** The connections of a listener that Node's own parser reads: what the wire lane has given back, and clients who are turned away. */
export class GeneralLane {
  /** Of the port: Node keeps the time of heads only in a server that listens. Its connections come here by `takeOver` and `turnAway` alone. */
  readonly server: http.Server;
  readonly #handler: GeneralLaneHandler;
  readonly #policy: ConnectionPolicy;
  /** What Node does with a connection of its server. */
  readonly #toNode: (socket: Socket) => void;
  /**
   * Requests whose answers are still to come, by connection, in order. Only the first has been handed on: what is pipelined behind it may
   * depend on it (RFC 9112 §9.3.2), and one connection must not take more of a service than one that waits for its answers.
   */
  readonly #open = new WeakMap<Socket, Map<HttpDownstream, () => void>>();
  readonly #gates = new WeakMap<Socket, MessageGate>();
  readonly #turns: Turns;
  readonly #tunnels = new Set<Socket>();
  readonly #turnedAway = new WeakSet<Socket>();
  /** Requests that asked for an upgrade and are answered as plain ones. */
  readonly #notUpgraded = new WeakSet<http.IncomingMessage>();

  constructor(handler: GeneralLaneHandler, policy: ConnectionPolicy, turns: Turns) {
    this.#handler = handler;
    this.#policy = policy;
    this.#turns = turns;
    this.server = http.createServer({
      ...SERVER_OPTIONS,
      shouldUpgradeCallback: (request) => {
        const upgrades = this.#upgrades(request);
        if (!upgrades) this.#notUpgraded.add(request);
        return upgrades;
      },
    });
    this.server.maxHeadersCount = 0;
    const [toNode] = this.server.listeners('connection');
    this.#toNode = toNode!.bind(this.server) as (socket: Socket) => void;
    this.server.removeAllListeners('connection');
    this.server
      .on('request', (request, response) => this.#requested(request, response, false))
      .on('checkContinue', (request, response) => this.#requested(request, response, true))
      .on('checkExpectation', (request, response) => this.#requested(request, response, true))
      .on('upgrade', (request, socket: Socket, head) => this.#upgraded(request, socket, head))
      .on('connect', (_request, socket: Socket) => this.#connectRefused(socket))
      .on('clientError', (cause, socket) => this.#clientError(cause, socket as Socket));
  }

  /** Node reads the bytes as if they had just come in: they are given back to the socket, and flow when it has taken its place. */
  takeOver(socket: Socket, unread: readonly Buffer[]): void {
    socket.pause();
    this.#accept(socket);
    socket.unshift(Buffer.concat(unread));
    process.nextTick(() => socket.resume());
  }

  /** Its first request is answered with a refusal, and is its last one. */
  turnAway(socket: Socket): void {
    this.#turnedAway.add(socket);
    this.#accept(socket);
  }

  #accept(socket: Socket): void {
    const open = new Map<HttpDownstream, () => void>();
    this.#open.set(socket, open);
    socket.once('close', () => {
      const waiting = [...open.keys()];
      open.clear();
      // Node does not tell them of it if an upgrade or CONNECT stood behind them.
      for (const downstream of waiting) downstream.connectionClosed();
    });
    this.#toNode(socket);
    this.#gates.set(socket, new MessageGate(socket, this.#turns));
  }

  #requested(request: http.IncomingMessage, response: http.ServerResponse, expects: boolean): void {
    const { socket } = request;
    const open = this.#open.get(socket)!;
    const gate = this.#gates.get(socket)!;
    gate.begun(request);
    const downstream = new HttpDownstream(request, response, this.#policy, expects, gate);
    // Node forgets the bytes behind such a request that came together with it: what follows may begin in the middle of a message.
    if (this.#notUpgraded.has(request)) downstream.closeAfterAnswer();
    const refusal = this.#refusal(request, downstream, expects);
    open.set(downstream, () => this.#handler.request(request, response, downstream, refusal));
    response.once('close', () => {
      open.delete(downstream);
      gate.answered();
      // Behind the last answer of a connection comes nothing.
      if (socket.writable) handOnFirst(open);
    });
    if (open.size === 1) handOnFirst(open);
  }

  /** Told as an answer like any other: one that is written past the answers before it would be taken for one of those. */
  #refusal(request: http.IncomingMessage, downstream: HttpDownstream, expects: boolean): GatewayError | null {
    if (this.#turnedAway.has(request.socket)) {
      downstream.closeAfterAnswer();
      return tooManyConnections();
    }
    // RFC 9110 §10.1.1. Node looks for the word anywhere in the field.
    const { expect } = request.headers;
    if (!expects || expect?.trim().toLowerCase() === '100-continue') return null;
    return new GatewayError('expectation_failed', `Expect: ${expect}`);
  }

  /** What is no upgrade for us to make is answered as a plain request (RFC 9110 §7.8). */
  #upgrades(request: http.IncomingMessage): boolean {
    const { headers, socket, httpVersionMinor } = request;
    if (headers.upgrade?.toLowerCase() !== 'websocket' || httpVersionMinor === 0) return false;
    // Behind a body, or an answer that is still to come, the bytes of a tunnel would be taken for those.
    return !hasBody(request) && !this.#newest(socket) && !this.#turnedAway.has(socket);
  }

  #newest(socket: Socket): HttpDownstream | undefined {
    const open = this.#open.get(socket);
    return open?.size ? [...open.keys()].at(-1) : undefined;
  }

  #connectRefused(socket: Socket): void {
    // Node takes its own listener off: an error without one would end the process.
    socket.on('error', () => {});
    const error = new GatewayError('method_refused', 'CONNECT was asked for');
    this.#gates.get(socket)?.release();
    const current = this.#newest(socket);
    if (!current) return this.#handler.refused(error, socket);
    // An answer is still to come. It is the last one, and what follows on the connection is read by nobody.
    current.fault(error);
    socket.resume();
  }

  #upgraded(request: http.IncomingMessage, socket: Socket, head: Buffer): void {
    this.#tunnels.add(socket);
    socket.once('close', () => this.#tunnels.delete(socket));
    // Node takes its own listener off an upgraded socket: an error without one would end the process.
    socket.on('error', () => {});
    const behind = this.#gates.get(socket)!.release();
    this.#handler.upgrade(request, socket, behind.length > 0 ? Buffer.concat([head, behind]) : head);
  }

  #clientError(cause: NodeJS.ErrnoException, socket: Socket): void {
    const current = this.#newest(socket);
    // The connection ended in the middle of a body: the client left, and there is nobody to answer.
    const left = isReset(cause) || (current !== undefined && cause.code === 'HPE_INVALID_EOF_STATE');
    if (left) return void socket.destroy();
    // It has its last answer. To close it before that is read would reset it, and the answer would be lost.
    if (!socket.writable) return;
    if (current) current.fault(unreadable(cause));
    else this.#handler.refused(unreadable(cause), socket, unreadHead(cause));
  }

  /** Closes what waits for another request. */
  closeIdle(): void {
    this.server.closeIdleConnections();
  }

  /** Ends what is left. */
  destroy(): void {
    this.server.closeAllConnections();
    for (const socket of this.#tunnels) socket.destroy();
  }
}

export function tooManyConnections(): GatewayError {
  return new GatewayError(
    'too_many_connections',
    'maxConnections, or what the limit of open files is enough for, is reached',
  );
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
};

/** Hands the first of them on, once. */
function handOnFirst(open: Map<HttpDownstream, () => void>): void {
  const [first] = open;
  if (!first) return;
  const [downstream, handOn] = first;
  open.set(downstream, () => {});
  handOn();
}

/** Whether what Node could not read asked by HEAD: then its answer has no body. */
function unreadHead({ rawPacket }: NodeJS.ErrnoException & { rawPacket?: Buffer }): boolean {
  return rawPacket !== undefined && asksByHead(rawPacket, 0, rawPacket.length);
}

/** What Node's parser says of bytes that are no request. */
function unreadable(cause: NodeJS.ErrnoException): GatewayError {
  if (cause.code === 'HPE_HEADER_OVERFLOW')
    return new GatewayError('head_too_large', 'a head of more than 16 KiB', { cause });
  if (cause.code === 'HPE_INVALID_VERSION')
    return new GatewayError('version_refused', 'another version than HTTP/1.1 or HTTP/1.0', { cause });
  if (cause.code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new GatewayError('head_timeout', 'no complete head within 10 s', { cause });
  return new GatewayError('bad_request', `${cause.message} (${cause.code ?? 'no code'})`, { cause });
}
