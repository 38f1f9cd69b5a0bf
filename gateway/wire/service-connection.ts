import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Connection, ConnectionOwner } from '../exchange/connection.ts';
import type { AnswerBlock, AnswerSink, Fields, UpstreamCall, UpstreamRequest } from '../exchange/contract.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import { FramingError } from '../exchange/framing-error.ts';
import type { DialAddress } from '../model/config.ts';
import { type AnswerHead, LastAnswerHead, mayBecomeAnswerHead, parseAnswerHead } from './answer-head.ts';
import { BodyReader, type BodyReaderSink } from './body-reader.ts';
import { connect } from './connect.ts';
import { readOnAfterFailedWrite } from './failed-write.ts';
import { HeadBuffer } from './head-buffer.ts';
import { requestText } from './head-text.ts';
import { ReadBuffer, type Take } from './read-buffer.ts';
import { RequestSender, type SenderOwner } from './request-sender.ts';
import type { SocketMemory } from './socket-memory.ts';

/**
 * One HTTP/1.1 connection to a service on a plain socket. It carries one exchange at a time: its request goes out, its answer is read, and
 * only where both are whole and nothing stands behind them may another follow (RFC 9112 §9.3).
 */
export class ServiceConnection implements Connection, BodyReaderSink, SenderOwner {
  readonly #address: DialAddress;
  readonly #connectTimeoutMs: number;
  readonly #owner: ConnectionOwner;
  readonly #memory: SocketMemory;
  readonly #readBuffer: ReadBuffer;
  /** Pieces of a head that came in several. */
  #head: HeadBuffer | null = null;
  readonly #body = new BodyReader(this);
  #socket: Socket | null = null;
  #cancelConnect: (() => void) | null = null;
  /** The exchange of now; `null`: idle. */
  #call: ServiceCall | null = null;
  #sender: RequestSender | null = null;
  #answer: AnswerHead | null = null;
  #lastHead: LastAnswerHead | null = null;
  /** The trailers of the answer, once its body has ended. */
  #trailers: Fields | null = null;
  /** Whether the pieces of the body are put together, and where those that are stand. */
  #gathers = false;
  #gatheredFrom = 0;
  #gatheredTo = 0;
  #served = 0;
  /** Whether a request with a body was among them. */
  #uploads = false;
  #idleSince = 0;
  #idleMs = KEEP_ALIVE_MS;
  #idleTimer: NodeJS.Timeout | null = null;
  busy = false;
  closed = false;

  constructor(address: DialAddress, connectTimeoutMs: number, owner: ConnectionOwner, memory: SocketMemory) {
    this.#address = address;
    this.#connectTimeoutMs = connectTimeoutMs;
    this.#owner = owner;
    this.#memory = memory;
    this.#readBuffer = new ReadBuffer(memory);
    this.#readBuffer.divert(this.#received);
  }

  send(request: UpstreamRequest, sink: AnswerSink): UpstreamCall {
    this.busy = true;
    const call = new ServiceCall(this, request, sink);
    this.#call = call;
    if (this.#socket) this.#begin(call);
    else this.#open();
    return call;
  }

  // Connecting: until it stands, nothing has been sent.

  #open(): void {
    this.#cancelConnect = connect(
      this.#address,
      this.#connectTimeoutMs,
      (error, socket) => {
        this.#cancelConnect = null;
        if (error) this.#fail(error);
        else this.#connected(socket!);
      },
      this.#readBuffer,
    );
  }

  #connected(socket: Socket): void {
    this.#socket = socket;
    socket
      .on('data', (chunk: Buffer) => this.#received(chunk, chunk.length))
      .on('end', () => this.#ended())
      .on('error', (cause) => this.#lost(cause))
      .on('close', () => this.#lost(null));
    // TLS sockets have no `onread` and flow by 'data'; a socket with `onread` emits no 'data', and must flow all the same.
    socket.resume();
    if (this.#call) this.#begin(this.#call);
    else this.close();
  }

  // The request.

  #begin(call: ServiceCall): void {
    const { request, sink } = call;
    sink.started(this.#served++ > 0);
    if (this.#call !== call) return;
    const { body } = request;
    this.#socket!.ref();
    if (body === null) this.#socket!.write(requestText(request, null), 'latin1');
    else this.#sendWithBody(request, body);
  }

  #sendWithBody(request: UpstreamRequest, body: NonNullable<UpstreamRequest['body']>): void {
    const socket = this.#socket!;
    if (!this.#uploads && !(socket instanceof TLSSocket)) readOnAfterFailedWrite(socket);
    this.#uploads = true;
    this.#sender = new RequestSender(socket, this.#memory, request, body, this);
    this.#sender.start(request.expectsContinue ?? false);
  }

  requestSent(): void {
    this.#sender = null;
    if (this.#trailers) this.#finish(false);
  }

  requestFailed(cause: Error): void {
    this.#fail(cause);
  }

  // The answer.

  readonly #received: Take = (buffer, bytes) => {
    try {
      if (this.#call) this.#read(this.#call, buffer, bytes);
      else this.#unasked();
    } catch (cause) {
      this.#fail(cause);
    }
    return this.#answer !== null;
  };

  #read(call: ServiceCall, buffer: Buffer, bytes: number): void {
    let at = 0;
    while (at < bytes && this.#call === call && !this.#trailers)
      at = this.#answer ? this.#body.read(buffer, at, bytes) : this.#readHead(call, buffer, at, bytes);
    // Bytes behind a complete answer belong to nothing that was asked (RFC 9112 §9.2): the connection goes.
    if (this.#call === call && this.#trailers) this.#finish(at === bytes);
  }

  #readHead(call: ServiceCall, buffer: Buffer, at: number, bytes: number): number {
    if (this.#head === null) {
      const last = this.#lastHead;
      if (last?.comesAgain(buffer, at, bytes, call.request.method))
        return this.#answered(call, last.head, buffer, at + last.text.length, bytes, last.block);
      // Nearly every head comes in one piece, and is short: to search in its text costs less than in a view of the bytes.
      const text = buffer.toString('latin1', at, Math.min(bytes, at + HEAD_USUAL_BYTES));
      const end = text.indexOf('\r\n\r\n') + 4;
      if (end > 3) {
        return this.#took(call, text.slice(0, end), buffer, at + end, bytes);
      }
    }
    this.#head ??= new HeadBuffer(ANSWER_HEAD_MAX_BYTES);
    const head = this.#head;
    const taken = head.add(buffer, at, bytes);
    if (head.overflows) throw new FramingError('a head of more than 64 KiB');
    if (taken < 0) {
      if (!mayBecomeAnswerHead(head.bytes())) throw new FramingError('the beginning of no HTTP/1.1 answer');
      return bytes;
    }
    this.#head = null;
    return this.#took(call, head.take(), buffer, at + taken, bytes);
  }

  /** @param from the bytes after the head, up to `to` @returns where reading continues */
  #took(call: ServiceCall, text: string, buffer: Buffer, from: number, to: number): number {
    const { method } = call.request;
    const head = parseAnswerHead(text, method);
    this.#lastHead = null;
    if (head.status < 200) this.#informed(call, head);
    else if (head.end === 'chunked' && from < to) return this.#tookChunks(call, head, buffer, from, to);
    else {
      // Chunks that come along are looked at before their head goes out.
      if (head.end !== 'chunked' && text.length <= HEAD_USUAL_BYTES)
        this.#lastHead = new LastAnswerHead(text, head, method);
      return this.#answered(call, head, buffer, from, to);
    }
    return from;
  }

  /**
   * A body that is broken from the start can still be answered with an error; once the head is out, the answer could only break off. So the
   * chunks that arrived with the head are read before it goes out. They are moved together in place and go on as one piece.
   */
  #tookChunks(call: ServiceCall, head: AnswerHead, buffer: Buffer, from: number, to: number): number {
    this.#gathers = true;
    this.#gatheredFrom = this.#gatheredTo = from;
    this.#body.expectChunks();
    const end = this.#body.read(buffer, from, to);
    this.#gathers = false;
    this.#answer = head;
    call.sink.head(head.status, head.reason, head.fields);
    if (this.#gatheredTo > this.#gatheredFrom) this.bodyData(buffer, this.#gatheredFrom, this.#gatheredTo);
    return end;
  }

  #informed(call: ServiceCall, head: AnswerHead): void {
    // Nothing that we send on this lane asks for another protocol (RFC 9110 §15.2.2).
    if (head.status === 101) throw new FramingError('a 101 that nobody asked for');
    // Other readers end the connection there, and drop what follows; HTTP/1.0 has no 1xx (RFC 9110 §15.2).
    if (!head.persistent) throw new FramingError('a 1xx behind which the connection is to close');
    if (head.status === 100 && call.request.expectsContinue) this.#sender?.proceed();
    else call.sink.informational(head.status, head.fields);
  }

  #answered(
    call: ServiceCall,
    head: AnswerHead,
    buffer: Buffer,
    from: number,
    to: number,
    block: AnswerBlock | null = null,
  ): number {
    this.#answer = head;
    call.sink.head(head.status, head.reason, head.fields, block);
    if (this.#call !== call) return from;
    if (head.end === 'none') this.#trailers = NO_FIELDS;
    else if (head.end === 'counted' && head.length <= to - from) {
      // Nearly every small answer comes whole.
      this.bodyData(buffer, from, from + head.length);
      this.#trailers = NO_FIELDS;
      return from + head.length;
    } else if (head.end === 'counted') this.#body.expectBytes(head.length);
    else if (head.end === 'chunked') this.#body.expectChunks();
    else this.#body.expectUntilClose();
    return from;
  }

  bodyData(buffer: Buffer, from: number, to: number): void {
    if (this.#gathers) this.#gather(buffer, from, to);
    else this.#call?.sink.data(buffer.subarray(from, to));
  }

  #gather(buffer: Buffer, from: number, to: number): void {
    if (this.#gatheredTo === this.#gatheredFrom) this.#gatheredFrom = this.#gatheredTo = from;
    else buffer.copyWithin(this.#gatheredTo, from, to);
    this.#gatheredTo += to - from;
  }

  bodyEnd(trailers: Fields): void {
    this.#trailers = trailers;
  }

  // How an exchange ends.

  /** The answer is whole. An early one is delivered, but the rest of its request has no place to go any more. */
  #finish(clean: boolean): void {
    const { sink } = this.#call!;
    const answer = this.#answer!;
    const trailers = this.#trailers!;
    const socket = this.#socket!;
    // Bytes that still wait to be written belong to an abandoned request.
    const sent = this.#sender === null && socket.writableLength === 0 && socket.writable;
    const reusable = clean && answer.persistent && sent;
    if (answer.keepAliveSeconds !== null) this.#keptFor(answer.keepAliveSeconds);
    this.#release(reusable);
    try {
      sink.end(trailers);
    } catch (cause) {
      // The connection may carry another exchange by now, but this one has failed all the same.
      sink.fail(cause);
    }
  }

  /** Shorter than the service keeps it: the side that closes last never races. */
  #keptFor(seconds: number): void {
    const idleMs = Math.min(KEEP_ALIVE_MS, Math.max(0, seconds * 1000 - KEEP_ALIVE_MARGIN_MS));
    // The timer that runs may look too late.
    if (idleMs < this.#idleMs && this.#idleTimer) {
      clearTimeout(this.#idleTimer);
      this.#idleTimer = null;
    }
    this.#idleMs = idleMs;
  }

  #fail(cause: unknown): void {
    const call = this.#call;
    if (!call) return this.close();
    this.#release(false);
    call.sink.fail(cause);
  }

  #release(reusable: boolean): void {
    this.#call = null;
    this.#gathers = false;
    this.#answer = null;
    this.#trailers = null;
    this.#sender?.stop();
    this.#sender = null;
    this.busy = false;
    if (reusable && this.#idleMs > 0) this.#rest();
    else this.close();
    this.#owner.released(this);
  }

  /** One timer for the life of the connection, which looks when it fires whether it is late enough: exchanges set none. */
  #rest(): void {
    this.#idleSince = performance.now();
    // A reader that paused at the last bytes has them all; the next answer must not wait until it resumes.
    if (this.#socket?.isPaused()) this.#socket.resume();
    // An idle connection must not keep the process alive.
    this.#socket?.unref();
    this.#idleTimer ??= setTimeout(() => this.#idled(), this.#idleMs).unref();
  }

  #idled(): void {
    const leftMs = this.busy ? this.#idleMs : this.#idleSince + this.#idleMs - performance.now();
    if (leftMs <= 0) return this.#discard();
    this.#idleTimer = setTimeout(() => this.#idled(), leftMs).unref();
  }

  /** An idle connection that goes: its pool must not hand it out any more. */
  #discard(): void {
    this.close();
    this.#owner.disconnected(this);
  }

  /** Bytes on an idle connection answer nothing (RFC 9112 §9.2): taken for the next answer they would go to the wrong client. */
  #unasked(): void {
    if (!this.closed) this.#discard();
  }

  #ended(): void {
    if (!this.#call) return this.#unasked();
    if (!this.#body.endsWithConnection || !this.#answer) return this.#lost(null);
    this.#body.reset();
    this.#trailers = NO_FIELDS;
    this.#finish(false);
  }

  #lost(cause: Error | null): void {
    if (this.closed) return;
    if (!this.#call) return this.#discard();
    this.#fail(cause ?? endedTooEarly(this.#answer !== null));
  }

  // Called by the forwarder.

  owns(call: ServiceCall): boolean {
    return this.#call === call;
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  abort(): void {
    this.#release(false);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.#idleTimer) clearTimeout(this.#idleTimer);
    this.#cancelConnect?.();
    this.#cancelConnect = null;
    this.#body.reset();
    this.#socket?.destroy();
  }
}

/** A request under way, as its sender holds it: dead as soon as its exchange is over. */
class ServiceCall implements UpstreamCall {
  readonly request: UpstreamRequest;
  readonly sink: AnswerSink;
  readonly #connection: ServiceConnection;

  constructor(connection: ServiceConnection, request: UpstreamRequest, sink: AnswerSink) {
    this.#connection = connection;
    this.request = request;
    this.sink = sink;
  }

  pause(): void {
    if (this.#connection.owns(this)) this.#connection.pause();
  }

  resume(): void {
    if (this.#connection.owns(this)) this.#connection.resume();
  }

  abort(): void {
    if (this.#connection.owns(this)) this.#connection.abort();
  }
}

const NO_FIELDS: Fields = [];

const ANSWER_HEAD_MAX_BYTES = 64 * 1024;
const HEAD_USUAL_BYTES = 1024;
/** Shorter than the 5 s after which a Node service closes an idle connection. */
const KEEP_ALIVE_MS = 4_000;
const KEEP_ALIVE_MARGIN_MS = 1_000;

function endedTooEarly(answering: boolean): GatewayError {
  return answering
    ? new GatewayError('answer_truncated', 'the service closed its connection in the middle of its answer')
    : new GatewayError('connection_terminated', 'the service closed its connection before its answer');
}
