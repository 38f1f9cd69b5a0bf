import http2, { type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ClientExchange } from '../../exchange/client-exchange.ts';
import type { Fields } from '../../exchange/contract.ts';
import { type Peer, peerOf } from '../../exchange/peer.ts';
import { bridgeRequest, bridgeTunnel } from './h2-bridge.ts';
import { H2Exchange, type H2Session, HEAD_MAX_BYTES } from './h2-exchange.ts';

/** What the sessions of a listener ask of it. */
export interface H2LaneOwner {
  /** While it drains, sessions take no new streams. */
  readonly draining: boolean;
  /** @returns whether the exchange is carried as it is; if not, nothing has become of it. */
  carries(exchange: ClientExchange): boolean;
  /** A connection of the general lane in memory. @returns its other end */
  connectGeneral(peer: Peer): Duplex;
}

/** The connections of a listener that speak HTTP/2 (RFC 9113), by `node:http2`. */
export class H2Lane {
  readonly #owner: H2LaneOwner;
  readonly #sessions = new Set<ServerHttp2Session>();

  constructor(owner: H2LaneOwner) {
    this.#owner = owner;
  }

  /** @param socket of which nothing has been read, or all that was read was given back. */
  accept(socket: Socket): void {
    const session = http2.performServerHandshake(socket, SESSION_OPTIONS);
    this.#sessions.add(session);
    const place: H2Session = {
      socket,
      peer: peerOf(socket),
      reading: { pause: () => session.close(), resume() {} },
    };
    session
      .on('stream', (stream, headers, flags, rawHeaders) =>
        this.#request(place, stream, headers, flags, rawHeaders),
      )
      .on('error', () => session.destroy())
      .on('close', () => this.#sessions.delete(session))
      // Without streams it goes at once, else with the last of them; those have their own times.
      .setTimeout(IDLE_TIMEOUT_MS, () => session.close());
  }

  #request(
    session: H2Session,
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    flags: number,
    rawHeaders: Fields,
  ): void {
    // Its close follows.
    stream.on('error', () => {});
    const hasBody = (flags & http2.constants.NGHTTP2_FLAG_END_STREAM) === 0;
    const protocol = headers[':protocol'];
    const exchange = new H2Exchange(session, stream, headers, rawHeaders, hasBody);
    if (typeof protocol === 'string')
      bridgeTunnel(exchange, protocol, this.#owner.connectGeneral(session.peer));
    else if (!this.#owner.carries(exchange))
      bridgeRequest(exchange, this.#owner.connectGeneral(session.peer));
    if (this.#owner.draining) stream.session?.close();
  }

  /** Sessions take no new streams; those that have none are closed. */
  close(): void {
    for (const session of this.#sessions) session.close();
  }

  /** Ends what is left. */
  destroy(): void {
    for (const session of this.#sessions) session.destroy();
  }
}

const IDLE_TIMEOUT_MS = 75_000;

const SESSION_OPTIONS: http2.ServerSessionOptions = {
  settings: { maxConcurrentStreams: 128, maxHeaderListSize: HEAD_MAX_BYTES, enableConnectProtocol: true },
  maxHeaderListPairs: 1024,
  // A service may say a field twice that should be said once: over HTTP/1.1 it passes, too.
  strictSingleValueFields: false,
};
