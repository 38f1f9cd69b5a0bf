import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ClientExchange } from '../exchange/client-exchange.ts';
import type { DownstreamListener, FieldBlock, Fields, RepeatedFields } from '../exchange/contract.ts';
import { STATUS_CODES } from '../exchange/node-http.ts';
import type { Peer } from '../exchange/peer.ts';
import { CHUNK_END, chunkSize, lastChunkText } from './chunk.ts';
import type { ClientBody } from './client-body.ts';
import { type AnswerFraming, type AnswerText, informationalText } from './head-text.ts';
import type { RequestReader } from './request-reader.ts';
import type { SocketMemory } from './socket-memory.ts';

/** The client's connection, as an exchange needs it. */
export interface ExchangeConnection {
  readonly socket: Socket;
  pause(): void;
  resume(): void;
  readonly peer: Peer;
  readonly answers: AnswerText;
  readonly memory: SocketMemory;
  /** Whether the answer that is to go out is the last one here. */
  readonly closes: boolean;
  closeAfterAnswer(): void;
  /** The answer is out. */
  answered(): void;
}

/** One request and its answer on a plain socket. */
export class WireDownstream implements ClientExchange {
  readonly method: string;
  readonly rawTarget: string;
  readonly version = '1.1';
  readonly fields: Fields;
  readonly block: FieldBlock | null;
  readonly body: ClientBody | null;
  readonly #connection: ExchangeConnection;
  #listener: DownstreamListener = IGNORE;
  /** Fields of the answer: those given to `head`, and behind them those of this answer alone. */
  #told: Fields | null = null;
  #toldOwn: Fields = NO_FIELDS;
  #framing: AnswerFraming = 'none';
  /** Body bytes that the head promised and that have not been written. */
  #owed = 0;
  /** Text to be written at the end of this turn, or together with an earlier write. */
  #held = '';
  #awaitsDrain = false;
  headSent = false;
  #ended = false;
  #closed = false;

  constructor(connection: ExchangeConnection, head: RequestReader, body: ClientBody | null) {
    this.#connection = connection;
    this.method = head.method;
    this.rawTarget = head.target;
    this.fields = head.fields;
    this.block = head.block;
    this.body = body;
  }

  get peer(): Peer {
    return this.#connection.peer;
  }

  get socket(): Socket {
    return this.#connection.socket;
  }

  get reading(): ExchangeConnection {
    return this.#connection;
  }

  listen(listener: DownstreamListener): void {
    this.#listener = listener;
    if (this.#closed) queueMicrotask(() => listener.closed(false));
  }

  closeAfterAnswer(): void {
    this.#connection.closeAfterAnswer();
  }

  // The answer.

  informational(status: number, fields: Fields): void {
    if (this.headSent || this.#closed) return;
    this.#connection.socket.write(informationalText(status, STATUS_CODES[status] ?? '', fields), 'latin1');
  }

  head(status: number, reason: string, fields: Fields): void {
    if (this.#closed) return;
    const { answers, closes } = this.#beginning();
    this.#told = fields;
    this.#hold(answers.head(this.method, status, reason, fields, closes));
  }

  headAgain(status: number, reason: string, repeated: RepeatedFields, own: Fields): void {
    if (this.#closed) return;
    const { answers, closes } = this.#beginning();
    this.#told = repeated.fields;
    this.#toldOwn = own;
    this.#hold(answers.again(this.method, status, reason, repeated, own, closes));
  }

  get answerFields(): Fields | null {
    return this.#told && [...this.#told, ...this.#toldOwn];
  }

  #beginning(): ExchangeConnection {
    const connection = this.#connection;
    // After an answer to an unfinished upload that is not skipped the connection closes: the next request begins behind the unread rest.
    if (this.body?.complete === false && !this.body.skippable) connection.closeAfterAnswer();
    return connection;
  }

  #hold(head: string): void {
    const { answers } = this.#connection;
    this.#held = head;
    this.#framing = answers.framing;
    this.#owed = answers.length;
    this.headSent = true;
    process.nextTick(flushHeld, this);
  }

  write(chunk: Buffer): boolean {
    if (this.#closed || this.#framing === 'none') return true;
    if (this.#framing === 'chunked') return chunk.length === 0 || this.#writeChunk(chunk);
    this.#owed -= chunk.length;
    // More than was promised would be taken for the next answer (RFC 9112 §6.3).
    if (this.#owed < 0) throw new RangeError('an answer that is longer than its Content-Length');
    if (chunk.length > TEXT_MAX_BYTES || this.#held === '') return this.#writeTogether(chunk, '');
    this.#held += chunk.toString('latin1');
    return true;
  }

  /** RFC 9112 §7.1 */
  #writeChunk(chunk: Buffer): boolean {
    const size = chunkSize(chunk.length);
    if (chunk.length > TEXT_MAX_BYTES) {
      this.#held += size;
      return this.#writeTogether(chunk, CHUNK_END);
    }
    const text = `${size}${chunk.toString('latin1')}${CHUNK_END}`;
    if (this.#held === '') return this.#taken(this.#connection.socket.write(text, 'latin1'));
    this.#held += text;
    return true;
  }

  /** Writes the held text, a piece and the text behind it in one write. */
  #writeTogether(chunk: Buffer, behind: string): boolean {
    const { socket, memory } = this.#connection;
    const held = this.#held;
    this.#held = '';
    return this.#taken(memory.write(socket, held, chunk, behind));
  }

  /** Node's `write` returns false for large pieces even where the system has taken them. */
  #taken(more: boolean): boolean {
    if (more || this.#connection.socket.writableLength === 0) return true;
    this.#awaitsDrain = true;
    return false;
  }

  end(trailers: Fields): void {
    if (this.#ended || this.#closed) return;
    this.#ended = true;
    // Less than was promised is no complete answer, and must not look like one.
    if (this.#framing === 'counted' && this.#owed > 0) return this.abort();
    if (this.#framing === 'chunked') this.#held += lastChunkText(trailers);
    const { socket } = this.#connection;
    // Over TLS no write is done at once: one more behind it, to learn of its end, would cost as much as the answer.
    const last = (socket as Partial<TLSSocket>).encrypted ? this.#held : '';
    if (last !== '') this.#held = '';
    else if (this.#held !== '') this.flushHeld();
    if (last === '' && socket.writableLength === 0) this.#completed();
    else socket.write(last, 'latin1', (failure) => this.#flushed(failure));
  }

  /** Called, too, when the connection closes with unwritten bytes. */
  #flushed(failure: Error | null | undefined): void {
    if (!failure) this.#completed();
  }

  #completed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.closed(true);
    this.#connection.answered();
  }

  flushHeld(): void {
    const held = this.#held;
    if (held === '' || this.#closed) return;
    this.#held = '';
    this.#connection.socket.write(held, 'latin1');
  }

  abort(): void {
    this.#held = '';
    this.#connection.socket.destroy();
  }

  // Called by the connection.

  drained(): void {
    if (!this.#awaitsDrain) return;
    this.#awaitsDrain = false;
    if (!this.#closed) this.#listener.drained();
  }

  /** Whether there is more to come of the answer. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The connection is gone. */
  gone(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#held = '';
    this.#listener.closed(false);
  }
}

/** Beyond it, bytes are cheaper than text. */
const TEXT_MAX_BYTES = 8 * 1024;

const NO_FIELDS: Fields = [];

const IGNORE: DownstreamListener = { drained() {}, closed() {} };

function flushHeld(downstream: WireDownstream): void {
  downstream.flushHeld();
}
