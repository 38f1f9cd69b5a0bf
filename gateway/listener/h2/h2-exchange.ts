import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { addAbortSignal } from 'node:stream';
import { ownBytes } from '../../exchange/borrowed-bytes.ts';
import type { ClientExchange, Reading } from '../../exchange/client-exchange.ts';
import type { DownstreamListener, Fields } from '../../exchange/contract.ts';
import { GatewayError } from '../../exchange/error-catalog.ts';
import { grouped, lowered, neverIndexed, sizeOf } from '../../exchange/h2-fields.ts';
import type { Peer } from '../../exchange/peer.ts';
import type { H2Body } from './h2-body.ts';

/** The session of an exchange. */
export interface H2Session {
  readonly socket: Socket;
  readonly peer: Peer;
  readonly reading: Reading;
  /** A part of a body has come. */
  readonly received: (bytes: number) => void;
  /** @param code the stream's error code, whoever ended it (RFC 9113 §7) */
  streamClosed(code: number): void;
}

/** One request and its answer on a stream of HTTP/2 (RFC 9113 §8). */
export class H2Exchange implements ClientExchange {
  readonly method: string;
  readonly rawTarget: string;
  readonly version = '2';
  readonly fields: Fields;
  readonly body: H2Body | null;
  readonly refusal: GatewayError | null;
  readonly #stream: ServerHttp2Stream;
  readonly #session: H2Session;
  answerFields: Fields | null = null;
  #listener: DownstreamListener = IGNORE;
  #trailers: Fields = [];
  #waitsForTrailers = false;
  /** A head that may be all of the answer. */
  #held: string[] | null = null;
  /** Whether it is notified when written bytes are sent. */
  #drains = false;
  #ended = false;
  #closed = false;

  /** @param rawFields as they came, pseudo-fields among them. @param body `null`: the head ended the stream. */
  constructor(
    session: H2Session,
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    rawFields: Fields,
    body: H2Body | null,
  ) {
    this.#session = session;
    this.#stream = stream;
    const authority = headers[':authority'];
    this.method = headers[':method'] ?? '';
    this.rawTarget = headers[':path'] ?? authority ?? '';
    this.fields = regularFields(rawFields, authority);
    this.refusal = sizeOf(rawFields) > HEAD_MAX_BYTES ? tooLarge() : unknownProtocol(headers[':protocol']);
    this.body = body;
    stream.on('close', () => this.#streamClosed());
  }

  get stream(): ServerHttp2Stream {
    return this.#stream;
  }

  /** Called for each part that a tunnel receives. */
  get received(): (bytes: number) => void {
    return this.#session.received;
  }

  get peer(): Peer {
    return this.#session.peer;
  }

  get socket(): Socket {
    return this.#session.socket;
  }

  get reading(): Reading {
    return this.#session.reading;
  }

  get headSent(): boolean {
    return this.#held !== null || this.#stream.headersSent;
  }

  listen(listener: DownstreamListener): void {
    this.#listener = listener;
    if (this.#closed) queueMicrotask(() => listener.closed(false));
  }

  /** Streams end one by one: another request may follow all the same. */
  closeAfterAnswer(): void {}

  informational(status: number, fields: Fields): void {
    if (this.headSent || this.#stream.destroyed) return;
    this.#attempt(() => this.#stream.additionalHeaders({ ':status': status, ...grouped(fields) }));
  }

  head(status: number, _reason: string, fields: Fields): void {
    if (this.#stream.destroyed) return;
    this.answerFields = fields;
    const isEmpty = this.method === 'HEAD' || status === 204 || status === 304;
    // A body whose length is known has no trailers, and those that have none cost a frame.
    const waitForTrailers = !isEmpty && !hasLength(fields);
    const list = neverIndexed(lowered(fields, [':status', String(status)]));
    if (isGrpc(fields) && !isEmpty) this.#holdHead(list);
    else this.#respond(list, waitForTrailers);
  }

  #respond(list: string[], waitForTrailers: boolean): void {
    const stream = this.#stream;
    this.#waitsForTrailers = waitForTrailers;
    if (waitForTrailers)
      stream.on('wantTrailers', () => this.#attempt(() => stream.sendTrailers(grouped(this.#trailers))));
    this.#attempt(() => stream.respond(list, { waitForTrailers }));
  }

  /** gRPC takes a head that ends its stream for trailers: whether it does is known within this turn of the loop. */
  #holdHead(list: string[]): void {
    this.#held = list;
    process.nextTick(() => this.#flushHead());
  }

  #flushHead(): void {
    const list = this.#held;
    this.#held = null;
    if (list && !this.#stream.destroyed) this.#respond(list, true);
  }

  #endWithHead(list: string[]): void {
    this.#held = null;
    this.#attempt(() => this.#stream.respond(list, { endStream: true }));
  }

  /** Node throws for fields that it holds impossible: a service's answer must not end more than its stream. */
  #attempt(send: () => void): void {
    try {
      send();
    } catch {
      this.abort();
    }
  }

  write(chunk: Buffer): boolean {
    if (chunk.length === 0 || this.#stream.destroyed) return true;
    if (this.#held) this.#flushHead();
    const more = this.#stream.write(ownBytes(chunk));
    if (!more) this.#awaitDrain();
    return more;
  }

  end(trailers: Fields): void {
    if (this.#ended || this.#stream.destroyed) return;
    this.#ended = true;
    this.#trailers = trailers;
    if (this.#held && trailers.length === 0) this.#endWithHead(this.#held);
    else this.#flushHead();
    this.#stream.end();
    if (this.body && !this.#stream.readableEnded) this.#stopUpload();
  }

  /**
   * Tells the client to stop its upload, without an error, once the answer has ended (RFC 9113 §8.1). Nobody reads the rest. Node sends
   * trailers in an immediate.
   */
  #stopUpload(): void {
    const stream = this.#stream;
    const stop = () => {
      if (stream.destroyed) return;
      stream.close(constants.NGHTTP2_NO_ERROR);
      this.body?.drop();
    };
    if (this.#waitsForTrailers) stream.once('wantTrailers', () => setImmediate(stop));
    // Of an answer without a body the head was the end.
    else if (stream.writableFinished) stop();
    else stream.once('finish', stop);
  }

  /** By `close` Node ends the stream before it resets it, and a part with END_STREAM behind it passes for the whole (RFC 9113 §8.1). */
  abort(): void {
    if (!this.#stream.destroyed) this.#stream.destroy(new Error('broken off'));
  }

  /** Resets a tunnel whose other end was reset (RFC 8441 §5). Node sends CANCEL when the reason is an abort. */
  cancel(): void {
    if (!this.#stream.destroyed) addAbortSignal(AbortSignal.abort(), this.#stream);
  }

  /** Small answers never wait: each listener of a stream costs as much as a field. */
  #awaitDrain(): void {
    if (this.#drains) return;
    this.#drains = true;
    this.#stream.on('drain', () => this.#listener.drained());
  }

  #streamClosed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#session.streamClosed(this.#stream.rstCode);
    this.#listener.closed(this.#ended && this.#stream.rstCode === constants.NGHTTP2_NO_ERROR);
  }
}

const IGNORE: DownstreamListener = { drained() {}, closed() {} };

/** Without pseudo-fields; `:authority` is the Host (RFC 9113 §8.3.1), and crumbs of cookies are one field again (§8.2.3). */
function regularFields(raw: Fields, authority: string | undefined): Fields {
  const fields: string[] = authority === undefined ? [] : ['host', authority];
  let cookies = '';
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    const value = raw[i + 1]!;
    if (name.startsWith(':')) continue;
    if (name === 'cookie') cookies = cookies === '' ? value : `${cookies}; ${value}`;
    // Another host than the authority's makes two of them, which the admission refuses.
    else if (name !== 'host' || value !== authority) fields.push(name, value);
  }
  if (cookies !== '') fields.push('cookie', cookies);
  return fields;
}

function tooLarge(): GatewayError {
  return new GatewayError('head_too_large', 'a head of more than 16 KiB');
}

/** Of an extended CONNECT (RFC 8441 §4): as a plain request its 200 would say that the tunnel stands. */
function unknownProtocol(protocol: unknown): GatewayError | null {
  if (protocol === undefined || protocol === 'websocket') return null;
  return new GatewayError('upgrade_refused', `an extended CONNECT for the protocol "${protocol}"`);
}

/** SETTINGS_MAX_HEADER_LIST_SIZE, by which clients are told, is only advice (RFC 9113 §6.5.2). */
export const HEAD_MAX_BYTES = 16 * 1024;

function isGrpc(fields: Fields): boolean {
  for (let i = 0; i < fields.length; i += 2)
    if (fields[i]!.length === 12 && fields[i]!.toLowerCase() === 'content-type')
      return fields[i + 1]!.startsWith('application/grpc');
  return false;
}

function hasLength(fields: Fields): boolean {
  for (let i = 0; i < fields.length; i += 2) if (fields[i]!.toLowerCase() === 'content-length') return true;
  return false;
}
