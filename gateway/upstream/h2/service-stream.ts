import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import { addAbortSignal } from 'node:stream';
import { ownBytes } from '../../exchange/borrowed-bytes.ts';
import type { Connection, ConnectionOwner } from '../../exchange/connection.ts';
import type { AnswerSink, BodySink, Fields, UpstreamCall, UpstreamRequest } from '../../exchange/contract.ts';
import { GatewayError } from '../../exchange/error-catalog.ts';
import { grouped, regular, sizeOf } from '../../exchange/h2-fields.ts';
import { STATUS_CODES } from '../../exchange/node-http.ts';
import { trailerFields } from '../../exchange/trailers.ts';
import { requestHead } from './request-head.ts';
import { ANSWER_HEAD_MAX_BYTES, type ServiceSession, type SessionUser } from './service-session.ts';
import type { ServiceSessions } from './service-sessions.ts';

/** One exchange on a stream of HTTP/2. To its pool it is a connection that serves once. */
export class ServiceStream implements Connection, UpstreamCall, SessionUser, BodySink {
  readonly #sessions: ServiceSessions;
  readonly #owner: ConnectionOwner;
  #session: ServiceSession | null = null;
  #request: UpstreamRequest | null = null;
  #sink: AnswerSink | null = null;
  #stream: ClientHttp2Stream | null = null;
  #patience: NodeJS.Timeout | undefined;
  #bodyBegun = false;
  #answering = false;
  /** Bytes of the body still to come; `null`: its length is unknown. */
  #expected: number | null = null;
  #trailers: Fields = [];
  #requestTrailers: Fields = [];
  busy = false;
  closed = false;

  constructor(sessions: ServiceSessions, owner: ConnectionOwner) {
    this.#sessions = sessions;
    this.#owner = owner;
  }

  send(request: UpstreamRequest, sink: AnswerSink): UpstreamCall {
    this.busy = true;
    this.#request = request;
    this.#sink = sink;
    this.#session = this.#sessions.withRoom();
    this.#session.join(this);
    return this;
  }

  opened(session: ClientHttp2Session, reused: boolean): void {
    this.#attempt((sink) => {
      sink.started(reused);
      if (this.busy) this.#open(session, this.#request!);
    });
  }

  failed(cause: Error): void {
    this.#fail(cause);
  }

  #open(session: ClientHttp2Session, request: UpstreamRequest): void {
    const { body, expectsContinue } = request;
    const stream = session.request(requestHead(request, this.#sessions.scheme), {
      endStream: body === null,
      waitForTrailers: body !== null && body.length === null,
    });
    this.#stream = stream;
    this.#listen(stream);
    if (body === null) return;
    stream
      .on('drain', () => this.busy && body.resume())
      .on('wantTrailers', () => this.#attempt(() => stream.sendTrailers(grouped(this.#requestTrailers))));
    // Many services never send 100, and their clients wait with us (RFC 9110 §10.1.1).
    if (expectsContinue) this.#patience = setTimeout(() => this.#sendBody(), PATIENCE_MS);
    else this.#sendBody();
  }

  #listen(stream: ClientHttp2Stream): void {
    stream
      .on('headers', (headers, _flags, raw: Fields) => this.#informed(headers, raw))
      .on('response', (headers, flags, raw: Fields) => this.#answered(headers, flags, raw))
      .on('trailers', (_headers, _flags, raw: Fields) => {
        this.#attempt(() => this.#measure(raw));
        this.#trailers = regular(raw);
      })
      .on('data', (chunk: Buffer) => this.#received(chunk))
      .on('end', () => this.#ended())
      // Its close follows.
      .on('error', () => {})
      .on('close', () => this.#lost());
  }

  // The request.

  #sendBody(): void {
    clearTimeout(this.#patience);
    if (this.#bodyBegun || !this.busy) return;
    this.#bodyBegun = true;
    this.#attempt(() => this.#request!.body!.read(this));
  }

  data(chunk: Buffer): void {
    const stream = this.#stream;
    if (!this.busy || !stream || stream.destroyed || stream.writableEnded) return;
    if (!stream.write(ownBytes(chunk))) this.#request!.body!.pause();
  }

  end(trailers: Fields): void {
    if (!this.busy || !this.#stream) return;
    this.#requestTrailers = trailerFields(trailers);
    this.#stream.end();
  }

  fail(cause: Error): void {
    this.#fail(cause);
  }

  // The answer.

  #informed(headers: IncomingHttpHeaders, raw: Fields): void {
    this.#attempt((sink) => {
      const status = statusOf(headers, 100, 199);
      if (status === 100) return this.#sendBody();
      this.#measure(raw);
      sink.informational(status, regular(raw));
    });
  }

  #answered(headers: IncomingHttpHeaders, flags: number, raw: Fields): void {
    this.#attempt((sink) => {
      this.#measure(raw);
      const status = statusOf(headers, 200, 599);
      const { method } = this.#request!;
      const length = headers['content-length'];
      const bodiless = method === 'HEAD' || status === 204 || status === 304;
      this.#expected = bodiless || length === undefined ? null : Number(length);
      this.#answering = true;
      sink.head(status, STATUS_CODES[status] ?? '', regular(raw));
      // The client is to see that there is nothing behind it, which to gRPC means something.
      if (flags & constants.NGHTTP2_FLAG_END_STREAM) this.#ended();
    });
  }

  #received(chunk: Buffer): void {
    if (this.#expected !== null) this.#expected -= chunk.length;
    this.#attempt((sink) => sink.data(chunk));
  }

  #measure(raw: Fields): void {
    if (sizeOf(raw) > ANSWER_HEAD_MAX_BYTES)
      throw new GatewayError('bad_answer', 'a head of more than 64 KiB');
  }

  /** One that is reset may end like one that is whole, and its code comes first. */
  #ended(): void {
    const whole = this.#answering && !this.#expected && !this.#stream?.rstCode;
    if (whole) this.#finish();
    else this.#lost();
  }

  #finish(): void {
    if (!this.busy) return;
    const sink = this.#sink!;
    this.#release();
    try {
      sink.end(this.#trailers);
    } catch (cause) {
      sink.fail(cause);
    }
  }

  #attempt(act: (sink: AnswerSink) => void): void {
    if (!this.busy) return;
    try {
      act(this.#sink!);
    } catch (cause) {
      this.#fail(cause);
    }
  }

  #lost(): void {
    if (this.busy) this.#fail(this.#loss());
  }

  #loss(): GatewayError {
    const code = this.#stream?.rstCode ?? 0;
    const session = this.#session!;
    if (!this.#answering && (code === constants.NGHTTP2_REFUSED_STREAM || session.refused(this.#stream?.id)))
      return new GatewayError(
        'stream_refused',
        'the service refused the stream before it did anything with it',
      );
    const name = RESET_NAMES[code] ?? String(code);
    if (this.#answering) return new GatewayError('answer_truncated', `the stream ended early: ${name}`);
    if (session.over)
      return new GatewayError('connection_terminated', 'the service ended the connection before its answer');
    return new GatewayError('bad_answer', `the service reset the stream: ${name}`);
  }

  #fail(cause: unknown): void {
    if (!this.busy) return;
    const sink = this.#sink!;
    this.#release();
    sink.fail(cause);
  }

  // Called by the forwarder.

  pause(): void {
    this.#stream?.pause();
  }

  resume(): void {
    if (this.busy) this.#stream?.resume();
  }

  abort(): void {
    this.#release();
  }

  close(): void {
    this.#release();
  }

  #release(): void {
    if (!this.busy) return;
    this.busy = false;
    this.closed = true;
    clearTimeout(this.#patience);
    const stream = this.#stream;
    // The rest of the stream, in either direction, is of no use any more.
    if (stream && !stream.destroyed && !(stream.readableEnded && stream.writableEnded))
      setImmediate(letGo, stream, !stream.writableEnded && this.#request?.body?.length != null);
    stream?.resume();
    this.#session?.leave(this);
    this.#owner.released(this);
  }
}

/**
 * Resets it. By `close` Node would end a body before that, and a part pass for the whole. Never from within a callback of the session: there
 * Node 26 puts the reset off, and ends the process by an assertion where trailers are awaited.
 * @param lacks whether a part of a body of known length is missing: Node's services take CANCEL for its end.
 */
function letGo(stream: ClientHttp2Stream, lacks: boolean): void {
  if (stream.destroyed) return;
  if (lacks) stream.destroy(new Error('broken off'));
  // Node sends CANCEL when the reason is an abort.
  else addAbortSignal(AbortSignal.abort(), stream);
}

/**
 * nghttp2 checks for three digits and refuses 101; a status above 599 is invalid (RFC 9110 §15), and over HTTP/1.1 it could not be passed
 * on.
 */
function statusOf(headers: IncomingHttpHeaders, least: number, most: number): number {
  const status = Number(headers[':status']);
  if (status >= least && status <= most) return status;
  throw new GatewayError(
    'bad_answer',
    `the status ${headers[':status'] ?? 'is missing'} where one from ${least} to ${most} belongs`,
  );
}

const PATIENCE_MS = 1_000;

const RESET_NAMES: readonly string[] = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED: it wants to be asked by HTTP/1.1',
];
