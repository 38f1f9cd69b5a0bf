import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { ownBytes } from '../exchange/borrowed-bytes.ts';
import { type ClientExchange, type Reading, SKIPPED_MAX_BYTES } from '../exchange/client-exchange.ts';
import type { DownstreamListener, Fields, RepeatedFields, RequestBody } from '../exchange/contract.ts';
import type { Peer } from '../exchange/peer.ts';
import { peerOf } from '../exchange/peer.ts';
import type { CountedResponse } from './counted-response.ts';
import { catchListeners, type ListenerFailed } from './hook-listeners.ts';
import { lingerOnClose } from './linger.ts';
import { type BodyPassage, hasBody, NodeBody } from './node-body.ts';

/** The listener's decisions for every answer. */
export interface ConnectionPolicy {
  /** While it drains, each answer is the last of its connection. */
  readonly draining: boolean;
}

/** How the connection reads the message. */
export interface MessageReading extends Reading, BodyPassage {
  /** Bytes of its body that have not been read, where it has a length. */
  readonly bodyLeft: number;
}

/** One request and its answer on `node:http`. */
export class HttpDownstream implements ClientExchange {
  readonly method: string;
  readonly socket: Socket;
  readonly reading: MessageReading;
  readonly #body: NodeBody | null;
  readonly #request: IncomingMessage;
  readonly #response: CountedResponse;
  readonly #policy: ConnectionPolicy;
  #listener: DownstreamListener = IGNORE;
  /** Fields given to `head`; `null`: Fastify writes the answer, or none was sent. */
  #told: Fields | null = null;
  /** Body bytes that the head promised and that have not been written; -1: it promised none. */
  #owed = -1;
  #headAt: 'held' | 'out' | null = null;
  #awaitsDrain = false;
  #onHeadDue: () => void = () => {};
  #closesAfterwards = false;
  #closed = false;

  constructor(
    request: IncomingMessage,
    response: CountedResponse,
    policy: ConnectionPolicy,
    expectsContinue: boolean,
    reading: MessageReading,
  ) {
    this.reading = reading;
    this.#request = request;
    this.#response = response;
    this.#policy = policy;
    this.method = request.method!;
    this.socket = request.socket;
    this.#body = hasBody(request) ? new NodeBody(request, response, expectsContinue, reading) : null;
    response.on('close', () => this.connectionClosed());
  }

  get body(): RequestBody | null {
    return this.#body;
  }

  get fields(): Fields {
    return this.#request.rawHeaders;
  }

  get rawTarget(): string {
    return this.#request.url ?? '';
  }

  get version(): string {
    return this.#request.httpVersion;
  }

  get peer(): Peer {
    return peerOf(this.socket);
  }

  listen(listener: DownstreamListener): void {
    this.#listener = listener;
    if (this.#closed) queueMicrotask(() => listener.closed(false));
  }

  /** The answer is out, or never will be. */
  connectionClosed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.closed(this.#response.writableFinished);
  }

  informational(status: number, fields: Fields): void {
    // HTTP/1.0 has no 1xx (RFC 9110 §15.2).
    if (this.#request.httpVersionMinor === 0 || this.#headAt !== null) return;
    this.#response.writeInformation(status, grouped(fields));
  }

  head(status: number, reason: string, fields: Fields): void {
    const response = this.#response;
    if (this.#policy.draining) this.closeAfterAnswer();
    if (this.#leavesUnread) this.#leaveUploadUnread();
    this.#told = fields;
    const length = lengthAt(fields);
    this.#owed = length < 0 ? -1 : Number(fields[length + 1]);
    const ordered = dispositionFirst(fields, length);
    // RFC 9110 §7.8: a sender of Upgrade also sends Connection: Upgrade, which Node leaves to us then.
    const connection =
      status === 426 ? ['Connection', this.#closing ? 'Upgrade, close' : 'Upgrade, keep-alive'] : [];
    response.requestId = null;
    response.writeHead(status, plainReason(reason), [...ordered, ...connection] as string[]);
    this.#headAt = 'held';
    // Node sends the head with the first bytes of the body. Where those don't come in the same turn, the head must not wait for them.
    process.nextTick(flushHead, this);
  }

  /** Node keeps no text; reading the service's fields again is saved. */
  headAgain(status: number, reason: string, repeated: RepeatedFields, own: Fields): void {
    this.head(status, reason, [...repeated.fields, ...own]);
  }

  flushHeld(): void {
    if (this.#headAt !== 'held' || this.#response.writableEnded) return;
    this.#headAt = 'out';
    this.flushHead();
  }

  /** Whether the answer comes before the end of an upload that is too long to be waited for, or of which somebody has read. */
  get #leavesUnread(): boolean {
    if (!this.#body || this.#request.complete) return false;
    const { begun, expectsContinue, length } = this.#body;
    return begun || expectsContinue || length === null || this.reading.bodyLeft > SKIPPED_MAX_BYTES;
  }

  /**
   * Closes the connection after an answer to an unfinished upload; bytes that still arrive are read for a while, so that no reset overtakes
   * the answer.
   */
  #leaveUploadUnread(): void {
    this.closeAfterAnswer();
    lingerOnClose(this.socket, this.#request);
  }

  write(chunk: Buffer): boolean {
    this.#headAt = 'out';
    if (this.#owed === chunk.length) {
      this.#owed = 0;
      this.#endWith(chunk);
      return true;
    }
    if (this.#owed > 0) this.#owed -= chunk.length;
    if (this.#response.write(ownBytes(chunk))) return true;
    this.#awaitDrain();
    return false;
  }

  /** The last of the promised bytes. As text they leave in one write with the head, where buffers would need a gathered one, which costs more. */
  #endWith(chunk: Buffer): void {
    if (chunk.length <= TEXT_MAX_BYTES) this.#response.end(chunk.toString('latin1'), 'latin1');
    else this.#response.end(ownBytes(chunk));
  }

  #awaitDrain(): void {
    if (this.#awaitsDrain) return;
    this.#awaitsDrain = true;
    this.#response.on('drain', () => this.#listener.drained());
  }

  end(trailers: Fields): void {
    if (this.#response.writableEnded) return;
    if (trailers.length > 0 && this.#response.chunkedEncoding) this.#response.addTrailers(pairs(trailers));
    this.#response.end();
  }

  abort(): void {
    const { socket } = this;
    // Without a length or chunks the end of the connection ends the answer, so only a reset shows that it is incomplete.
    if (this.#owed < 0 && !this.#response.chunkedEncoding) socket.resetAndDestroy();
    else socket.destroy();
  }

  /**
   * Fastify writes the answer; ours are the request id and the state of the connection.
   * @param headDue called before its head is written
   * @param listenerFailed gets errors that a hook's own listener throws
   */
  writtenByFastify(requestId: string, headDue: () => void, listenerFailed: ListenerFailed): void {
    this.#onHeadDue = headDue;
    catchListeners(this.#response, listenerFailed);
    catchListeners(this.#request, listenerFailed);
    // A hook that goes on when its answer is over writes behind its end: an error that would end the process.
    this.#response.on('error', ignore);
    this.#response.requestId = requestId;
    this.#response.counts = true;
    if (this.#policy.draining) this.closeAfterAnswer();
    if (this.#body) lingerOnClose(this.socket, this.#request);
  }

  /** The head of such an answer is about to be set: it is the last one here in a drain, and before its upload is complete. */
  headDue(): void {
    if (this.#policy.draining || this.#leavesUnread) this.closeAfterAnswer();
    this.#onHeadDue();
  }

  /** @param stalled called when the client has taken nothing of such an answer for so long, once. */
  timeWrites(idleMs: number, stalled: () => void): void {
    this.#response.once('timeout', stalled).setTimeout(idleMs);
  }

  closeAfterAnswer(): void {
    this.#response.shouldKeepAlive = false;
    // A head that is out already has promised otherwise.
    if (!this.#response.headersSent || this.#closesAfterwards) return;
    this.#closesAfterwards = true;
    this.#response.once('finish', () => this.socket.destroySoon());
  }

  get #closing(): boolean {
    return !this.#response.shouldKeepAlive;
  }

  /** Sends the head as it stands, where somebody else has set it and its body may be long in coming. */
  flushHead(): void {
    // Not by `flushHeaders`, which writes the head as UTF-8 and so breaks every byte beyond ASCII in it.
    if (!this.#response.destroyed && !this.#response.writableEnded) this.#response.write('', 'latin1');
  }

  /** Bytes of the body of an answer that Fastify wrote. */
  get writtenBytes(): number {
    return this.method === 'HEAD' || this.status === 204 || this.status === 304 ? 0 : this.#response.written;
  }

  /** Whether it may be silent for long (WHATWG HTML §9.2). */
  get eventStream(): boolean {
    return /^text\/event-stream\b/i.test(String(this.#response.getHeader('content-type')));
  }

  /** Whether written bytes wait for the client. */
  get blocked(): boolean {
    return this.#response.writableLength > 0 || this.socket.writableLength > 0;
  }

  /** Fields that Fastify's hooks pass to `writeHead` directly are missing. */
  get answerFields(): Fields | null {
    const response = this.#response;
    if (this.#told !== null || !response.headersSent) return this.#told;
    return response
      .getHeaderNames()
      .flatMap((name) => [response.getHeader(name) ?? []].flat().flatMap((value) => [name, String(value)]));
  }

  get status(): number {
    return this.#response.statusCode;
  }

  /** Whether all of it is out. */
  get answered(): boolean {
    return this.#response.writableFinished;
  }

  get headSent(): boolean {
    return this.#response.headersSent;
  }

  /**
   * The parser met something that is not HTTP: in the body of this request, or behind it. The latter does not concern this exchange, but
   * nothing that follows on the connection can be trusted.
   */
  fault(cause: Error): void {
    if (this.#request.complete) this.closeAfterAnswer();
    else if (this.headSent || this.#body === null) this.socket.destroy();
    else this.#body.fault(cause);
  }
}

/** Beyond it, copying costs more than the gathered write. */
const TEXT_MAX_BYTES = 8 * 1024;

function ignore(): void {}

const IGNORE: DownstreamListener = { drained() {}, closed() {} };

/** RFC 9112 §4. Reasons of caches and extensions were not checked by our reader. */
function plainReason(reason: string): string {
  return reason.replace(/[^\t\x20-\x7e\x80-\xff]+/g, '?');
}

function flushHead(downstream: HttpDownstream): void {
  downstream.flushHeld();
}

/** Where the name of Content-Length stands; -1: nowhere. */
function lengthAt(fields: Fields): number {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (name.length === 14 && name.toLowerCase() === 'content-length') return i;
  }
  return -1;
}

/** Behind a Content-Length, Node reads a Content-Disposition as UTF-8 and writes other bytes than came in; in front of it, it does not. */
function dispositionFirst(fields: Fields, length: number): Fields {
  if (length < 0) return fields;
  for (let i = length + 2; i < fields.length; i += 2) {
    if (!isDisposition(fields[i]!) || !BEYOND_ASCII.test(fields[i + 1]!)) continue;
    return [...fields.slice(0, length), ...fields.slice(length + 2), ...fields.slice(length, length + 2)];
  }
  return fields;
}

function isDisposition(name: string): boolean {
  return name.length === 19 && name.toLowerCase() === 'content-disposition';
}

const BEYOND_ASCII = /[\x80-\xff]/;

function pairs(fields: Fields): [string, string][] {
  const list: [string, string][] = [];
  for (let i = 0; i < fields.length; i += 2) list.push([fields[i]!, fields[i + 1]!]);
  return list;
}

/** Node takes the fields of a 1xx only as an object; repeated names become lists. */
function grouped(fields: Fields): Record<string, string | string[]> {
  const group: Record<string, string[]> = Object.create(null);
  for (const [name, value] of pairs(fields)) {
    group[name] ??= [];
    group[name].push(value);
  }
  return group;
}
