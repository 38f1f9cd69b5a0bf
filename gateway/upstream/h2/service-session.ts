import http2, { type ClientHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { GatewayError } from '../../exchange/error-catalog.ts';
import { H2Vigil } from '../../exchange/h2-vigil.ts';
import { TransientSet } from '../../exchange/transient.ts';
import type { DialAddress } from '../../model/config.ts';
import { connect } from '../../wire/connect.ts';

/** An exchange that the session carries. */
export interface SessionUser {
  /** It stands: a stream may be opened, now. @param reused whether it has carried an exchange before */
  opened(session: ClientHttp2Session, reused: boolean): void;
  /** It never will. */
  failed(cause: Error): void;
}

export interface SessionOwner {
  /** It takes no new exchange. */
  retired(session: ServiceSession): void;
  /** Its connection is gone. */
  ended(session: ServiceSession): void;
}

/** One HTTP/2 connection to a service (RFC 9113), by `node:http2`. It carries many exchanges at once. */
export class ServiceSession {
  readonly #address: DialAddress;
  readonly #owner: SessionOwner;
  readonly #users = new TransientSet<SessionUser>();
  /** Those that wait until it stands. */
  readonly #waiting = new TransientSet<SessionUser>();
  #cancelConnect: (() => void) | null;
  #session: ClientHttp2Session | null = null;
  #socket: Socket | null = null;
  #vigil: H2Vigil | null = null;
  #lookTimer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #served = 0;
  /** Whether the service's SETTINGS have arrived, which it sends first (RFC 9113 §3.4). */
  #heard = false;
  #retired = false;
  #over = false;
  #flooded = false;
  /** RFC 9113 §6.8: streams above it were not acted upon. */
  #lastStreamId = Number.POSITIVE_INFINITY;

  constructor(address: DialAddress, connectTimeoutMs: number, owner: SessionOwner) {
    this.#address = address;
    this.#owner = owner;
    this.#cancelConnect = connect(address, connectTimeoutMs, (error, socket) => {
      this.#cancelConnect = null;
      if (socket) this.#connected(socket);
      else this.#failed(error!);
    });
  }

  /** Whether it may be given another exchange. */
  get hasRoom(): boolean {
    // A destroyed session emits its event a turn later.
    if (this.#retired || this.#session?.destroyed) return false;
    const allowed = this.#session?.remoteSettings?.maxConcurrentStreams ?? STREAMS_MAX;
    return this.#users.size < Math.min(allowed, STREAMS_MAX);
  }

  get idle(): boolean {
    return this.#users.size === 0;
  }

  join(user: SessionUser): void {
    if (this.#users.size === 0) this.#vigil?.restart();
    this.#users.add(user);
    clearTimeout(this.#idleTimer);
    if (!this.#session) return void this.#waiting.add(user);
    this.#session.ref();
    user.opened(this.#session, this.#served++ > 0);
  }

  leave(user: SessionUser): void {
    this.#users.delete(user);
    this.#waiting.delete(user);
    // One exchange has waited in vain for a service that may never speak: no other is to.
    if (this.#session && !this.#heard) this.#retire();
    if (this.#users.size === 0) this.#rest();
  }

  /** Whether the service declared that it did not process the stream (RFC 9113 §8.7). */
  refused(streamId: number | undefined): boolean {
    return streamId !== undefined && streamId > this.#lastStreamId;
  }

  /** Whether its connection is gone. */
  get over(): boolean {
    return this.#over;
  }

  /** Takes no new exchange, and closes behind the last one. */
  close(): void {
    this.#retire();
    if (this.#users.size > 0) return;
    this.#cancelConnect?.();
    this.#cancelConnect = null;
    this.#session?.destroy();
    // Behind a GOAWAY Node would wait for the service to close its side.
    this.#socket?.destroySoon();
    if (!this.#session) this.#end();
  }

  #connected(socket: Socket): void {
    // A service that has ended its side has left: no stream outlives that.
    socket.allowHalfOpen = false;
    this.#socket = socket;
    const session = http2.connect('http://service', { ...SESSION_OPTIONS, createConnection: () => socket });
    this.#session = session;
    this.#vigil = new H2Vigil(socket, session);
    this.#lookTimer = setInterval(() => this.#look(), LOOK_MS).unref();
    // Windows of streams bound the bytes held for slow readers; the connection's window bounds only bytes in flight.
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    session
      .on('error', () => session.destroy())
      .on('goaway', (_code: number, lastStreamId: number) => {
        this.#lastStreamId = Math.min(this.#lastStreamId, lastStreamId);
        this.close();
      })
      .on('ping', () => this.#noteFrame(session))
      .on('remoteSettings', () => {
        this.#heard = true;
        this.#noteFrame(session);
      })
      .on('close', () => this.#end());
    for (const user of [...this.#waiting]) {
      this.#waiting.delete(user);
      user.opened(session, this.#served++ > 0);
    }
    if (this.#users.size === 0) this.#rest();
  }

  #failed(error: Error): void {
    this.#retire();
    for (const user of [...this.#waiting]) user.failed(error);
    this.#end();
  }

  #noteFrame(session: ClientHttp2Session): void {
    if (!this.#vigil!.noteFrame()) return;
    this.#flooded = true;
    session.destroy(undefined, http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  /** While exchanges wait: a service that does not even answer PING gets no others, and in the end loses these. */
  #look(): void {
    if (this.#users.size === 0) return;
    const { silentMs } = this.#vigil!.look(ASK_AFTER_MS);
    if (silentMs >= RETIRE_AFTER_MS) this.#retire();
    if (silentMs >= GIVE_UP_AFTER_MS) this.#session!.destroy();
  }

  #rest(): void {
    if (this.#retired || !this.hasRoom) return this.close();
    this.#session?.unref();
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.close(), IDLE_MS).unref();
  }

  #retire(): void {
    if (this.#retired) return;
    this.#retired = true;
    this.#owner.retired(this);
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#idleTimer);
    clearInterval(this.#lookTimer);
    this.#retire();
    const why = this.#flooded
      ? 'was closed: it flooded its connection with PING or SETTINGS'
      : 'ended the connection';
    const lost = new GatewayError('connection_terminated', `${this.#address.key} ${why}`);
    for (const user of [...this.#waiting]) user.failed(lost);
    this.#owner.ended(this);
  }
}

/** As many as most services allow; a service that allows fewer says so in its SETTINGS. */
const STREAMS_MAX = 100;
const IDLE_MS = 60_000;
const LOOK_MS = 2_000;
/** Of silence. */
const ASK_AFTER_MS = 4_000;
const RETIRE_AFTER_MS = 8_000;
/** A service that stands still in a debugger, or computes, comes back. */
const GIVE_UP_AFTER_MS = 30_000;
const STREAM_WINDOW_BYTES = 128 * 1024;
const CONNECTION_WINDOW_BYTES = 1024 * 1024;
export const ANSWER_HEAD_MAX_BYTES: number = 64 * 1024;

/** Node's types know the last of them for servers alone. */
const SESSION_OPTIONS: http2.ClientSessionOptions & { readonly strictSingleValueFields: boolean } = {
  settings: {
    enablePush: false,
    initialWindowSize: STREAM_WINDOW_BYTES,
    maxHeaderListSize: ANSWER_HEAD_MAX_BYTES,
  },
  maxHeaderListPairs: 1024,
  // Repeated single-value fields are passed on over HTTP/1.1, too.
  strictSingleValueFields: false,
};
