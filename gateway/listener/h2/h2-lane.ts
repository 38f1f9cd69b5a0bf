import http2, { type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ClientExchange, Reading } from '../../exchange/client-exchange.ts';
import type { Fields } from '../../exchange/contract.ts';
import { H2Vigil } from '../../exchange/h2-vigil.ts';
import { type Peer, peerOf } from '../../exchange/peer.ts';
import { TransientSet } from '../../exchange/transient.ts';
import type { Turns, TurnTaker } from '../../wire/turns.ts';
import { H2Body } from './h2-body.ts';
import { bridgeRequest, bridgeTunnel } from './h2-bridge.ts';
import type { H2Closings } from './h2-closings.ts';
import { H2Exchange, type H2Session, HEAD_MAX_BYTES } from './h2-exchange.ts';

/** The listener, as its sessions need it. */
export interface H2LaneOwner {
  /** While it drains, sessions take no new streams. */
  readonly draining: boolean;
  readonly h2Closings: H2Closings;
  /** @returns whether the exchange is carried as it is; if not, nothing has become of it. */
  carries(exchange: ClientExchange): boolean;
  /** A connection of the general lane in memory. @returns its other end */
  connectGeneral(peer: Peer): Duplex;
}

/** The connections of a listener that speak HTTP/2 (RFC 9113), by `node:http2`. */
export class H2Lane {
  readonly #owner: H2LaneOwner;
  readonly #turns: Turns;
  readonly #connections = new TransientSet<H2Connection>();
  #lookTimer: NodeJS.Timeout | undefined;

  constructor(owner: H2LaneOwner, turns: Turns) {
    this.#owner = owner;
    this.#turns = turns;
  }

  /** @param received bytes that were read of it already */
  accept(socket: Socket, received: readonly Buffer[] = []): void {
    if (received.length > 0) {
      socket.pause();
      socket.unshift(Buffer.concat(received));
    }
    // A client that has ended its side has left: no stream outlives that.
    socket.allowHalfOpen = false;
    const session = http2.performServerHandshake(socket, SESSION_OPTIONS);
    const connection = new H2Connection(socket, session, this.#owner, this.#turns);
    this.#connections.add(connection);
    this.#lookTimer ??= setInterval(() => this.#look(), LOOK_MS).unref();
    session.on('close', () => this.#ended(connection));
  }

  #look(): void {
    for (const connection of this.#connections) connection.look();
  }

  #ended(connection: H2Connection): void {
    this.#connections.delete(connection);
    if (this.#connections.size > 0) return;
    clearInterval(this.#lookTimer);
    this.#lookTimer = undefined;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Connections take no new streams; those that have none are closed. */
  close(): void {
    for (const { session } of this.#connections) session.close();
  }

  /** @returns closes the connections that there are now, as `close` does, and none that comes later. */
  dismissal(): () => void {
    const connections = [...this.#connections];
    return () => {
      for (const { session } of connections) session.close();
    };
  }

  /** Force-closes the rest. */
  destroy(): void {
    for (const { session } of this.#connections) session.destroy();
  }
}

interface Request {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly rawFields: Fields;
  readonly body: H2Body | null;
}

/**
 * One connection of a client. Its requests wait for a turn of the event loop, some of them in each: others are served in between, and
 * a stream that is opened and reset at once is never carried (CVE-2023-44487).
 */
class H2Connection implements H2Session, TurnTaker {
  readonly socket: Socket;
  readonly peer: Peer;
  readonly session: ServerHttp2Session;
  readonly reading: Reading;
  readonly #owner: H2LaneOwner;
  readonly #turns: Turns;
  readonly #waiting: Request[] = [];
  readonly #vigil: H2Vigil;
  /** Streams that are carried. */
  #streams = 0;
  /** Bytes allowed since the last look, by the messages that arrived. */
  #accounted = 0;
  #sentBytes = 0;
  #lookedAt = performance.now();
  #leaving = false;

  constructor(socket: Socket, session: ServerHttp2Session, owner: H2LaneOwner, turns: Turns) {
    this.socket = socket;
    this.peer = peerOf(socket);
    this.peer.http2 = true;
    this.session = session;
    // A client that should send less is asked to come back on another connection.
    this.reading = { pause: () => session.close(), resume() {} };
    this.#owner = owner;
    this.#turns = turns;
    this.#vigil = new H2Vigil(socket, session);
    const control = () => this.#noteFrame();
    session
      .on('ping', control)
      .on('remoteSettings', control)
      .on('stream', (stream, headers, flags, rawFields) => {
        // Its close follows.
        stream.on('error', () => {});
        // From now on, because trailers may come before its turn.
        const hasBody = (flags & http2.constants.NGHTTP2_FLAG_END_STREAM) === 0;
        const body = hasBody ? new H2Body(stream, headers, this.received) : null;
        this.#wait({ stream, headers, rawFields, body });
      })
      .on('error', (cause: NodeJS.ErrnoException) => {
        owner.h2Closings.noteError(cause, this.peer.address);
        session.destroy();
      })
      // Without streams it goes at once, else with the last of them; those have their own times.
      .setTimeout(IDLE_TIMEOUT_MS, () => session.close());
  }

  #wait(request: Request): void {
    if (this.#waiting.push(request) === 1) this.#turns.wait(this);
  }

  takeTurn(): void {
    for (const request of this.#waiting.splice(0, STREAMS_PER_TURN))
      if (!request.stream.destroyed && !request.stream.aborted) this.#begin(request);
    if (this.#waiting.length > 0) this.#turns.wait(this);
    if (this.#owner.draining) this.session.close();
  }

  readonly received = (bytes: number): void => {
    this.#accounted += bytes + FRAME_BYTES;
  };

  streamClosed(code: number): void {
    this.#streams--;
    // A client that makes us reset its streams costs the same as one that resets them (CVE-2025-8671).
    if (BROKEN_RULES.has(code)) this.#noteFrame();
  }

  #noteFrame(): void {
    if (this.#vigil.noteFrame()) this.#calm();
  }

  #calm(): void {
    this.#owner.h2Closings.note('flood', this.peer.address);
    this.session.destroy(undefined, http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  /** Checks what Node and nghttp2 do not bound: frames without an event, clients that are gone, and clients that stay after GOAWAY. */
  look(): void {
    const busy = this.#streams > 0;
    const { bytes, silentMs } = this.#vigil.look(busy ? ASK_AFTER_MS : Number.POSITIVE_INFINITY);
    if (bytes > this.#allowance()) return this.#calm();
    if (busy && silentMs >= GIVE_UP_AFTER_MS) return void this.socket.destroy();
    const leaving = this.session.closed && !busy;
    // Node waits for it without an end.
    if (leaving && this.#leaving) this.socket.destroy();
    this.#leaving = leaving;
  }

  /** Bytes of bodies, heads and window updates, and as many again for anything else that a client may need. */
  #allowance(): number {
    const now = performance.now();
    const sent = this.socket.bytesWritten - this.#sentBytes;
    const allowed =
      this.#accounted +
      sent / SENT_PER_WINDOW_BYTE +
      ((now - this.#lookedAt) / 1_000) * OTHER_BYTES_PER_SECOND;
    this.#sentBytes += sent;
    this.#lookedAt = now;
    this.#accounted = 0;
    return allowed;
  }

  #begin({ stream, headers, rawFields, body }: Request): void {
    this.#streams++;
    this.#accounted += HEAD_MAX_BYTES;
    const protocol = headers[':protocol'];
    const exchange = new H2Exchange(this, stream, headers, rawFields, body);
    if (protocol === 'websocket') bridgeTunnel(exchange, this.#owner.connectGeneral(this.peer));
    else if (!this.#owner.carries(exchange)) bridgeRequest(exchange, this.#owner.connectGeneral(this.peer));
  }
}

/** Requests that one connection may begin in a turn of the event loop. */
const STREAMS_PER_TURN = 8;
const IDLE_TIMEOUT_MS = 75_000;
const LOOK_MS = 5_000;
/** Of silence, with streams under way. */
const ASK_AFTER_MS = 30_000;
const GIVE_UP_AFTER_MS = 45_000;
/** Of a head (RFC 9113 §4.1). */
const FRAME_BYTES = 9;
/** Clients open a window by 13 bytes for some hundred that they were sent, or more. */
const SENT_PER_WINDOW_BYTE = 16;
/** 80,000 frames of WINDOW_UPDATE, which cost some milliseconds. */
const OTHER_BYTES_PER_SECOND = 1024 * 1024;
const { NGHTTP2_PROTOCOL_ERROR, NGHTTP2_FLOW_CONTROL_ERROR, NGHTTP2_STREAM_CLOSED } = http2.constants;
const BROKEN_RULES: ReadonlySet<number> = new Set([
  NGHTTP2_PROTOCOL_ERROR,
  NGHTTP2_FLOW_CONTROL_ERROR,
  NGHTTP2_STREAM_CLOSED,
]);

const SESSION_OPTIONS: http2.ServerSessionOptions = {
  settings: { maxConcurrentStreams: 100, maxHeaderListSize: HEAD_MAX_BYTES, enableConnectProtocol: true },
  maxHeaderListPairs: 1024,
  // Beyond these a client that resets its streams is sent away.
  streamResetBurst: 200,
  streamResetRate: 33,
  // Repeated single-value fields of services are passed on over HTTP/1.1, too.
  strictSingleValueFields: false,
};
