import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { ownBytes } from '../exchange/borrowed-bytes.ts';
import { SKIPPED_MAX_MS } from '../exchange/client-exchange.ts';
import type { BodySink } from '../exchange/contract.ts';
import { ReadAhead } from '../wire/read-ahead.ts';
import { ReadBuffer } from '../wire/read-buffer.ts';
import type { MessageReading } from './http-downstream.ts';
import { stopLingering } from './linger.ts';
import type { BodyFlow } from './node-body.ts';
import { type NodeReader, takeReader } from './node-listeners.ts';

/** Bytes that arrived after a message, and whether the client has ended its side. */
export interface Behind {
  readonly unread: readonly Buffer[];
  readonly ended: boolean;
}

/**
 * Stands between a socket and Node's parser, and lets single messages through: pipelined messages stay bytes, whose heads the wire lane
 * reads like all others. Between messages Node keeps its listeners at the socket and gets nothing. A message ends with an empty line or by
 * its Content-Length; so no piece that is let through has the end of one message and the start of the next.
 */
export class MessageGate implements MessageReading {
  readonly #socket: Socket;
  /** Called when a message is read and answered, and the connection is to go on. */
  readonly #over: (behind: Behind) => void;
  readonly #node: NodeReader;
  readonly #onData = (bytes: Buffer) => this.#received(bytes);
  readonly #onEnd = () => this.#ended();
  readonly #ahead = new ReadAhead();
  #request: IncomingMessage | null = null;
  /** Bytes of the body that Content-Length still promises; -1: the body is chunked. */
  #bodyLeft = 0;
  /** Receives the body, of which Node's parser gets only the length; `null`: Node's parser gets the body. */
  #passage: BodySink | null = null;
  #held = false;
  /** Whether Node's parser has been given a part of the body. */
  #bodyBegun = false;
  #answered = false;
  /** Where a piece ended without an empty line: its last bytes. */
  #tail = '';
  #endReceived = false;
  #timer: NodeJS.Timeout | undefined = undefined;
  #feeding = false;
  #setAside = false;
  #open = false;

  /** @param socket one that Node's server has just taken. */
  constructor(socket: Socket, over: (behind: Behind) => void) {
    this.#socket = socket;
    this.#over = over;
    this.#node = takeReader(socket);
  }

  /** Lets the next message through. @param ended whether its client has ended its side already. */
  admit(unread: readonly Buffer[], ended: boolean): void {
    const readBuffer = ReadBuffer.of(this.#socket);
    this.#open = true;
    this.#answered = false;
    this.#request = null;
    this.#passage = null;
    this.#held = false;
    this.#bodyBegun = false;
    this.#tail = '';
    this.#socket.on('data', this.#onData).on('end', this.#onEnd);
    if (readBuffer) this.#divert(readBuffer);
    for (const bytes of unread) this.#received(bytes);
    if (this.#socket.isPaused() && !this.#held && !this.#ahead.full) this.#socket.resume();
    if (ended) this.#endedBefore();
  }

  /** Past the stream, which would read up to 128 KiB more while it is paused. */
  #divert(readBuffer: ReadBuffer): void {
    readBuffer.divert((buffer, bytes) => {
      this.#received(buffer.subarray(0, bytes));
      return this.#request?.complete === false;
    });
  }

  /** Whether a message is being read or answered. */
  get open(): boolean {
    return this.#open;
  }

  /** @param bytes borrowed: Node copies bytes of a body, and bytes that it does not read within this call are copied here */
  #received(bytes: Buffer): void {
    // Behind the last answer of a connection comes nothing.
    if (this.#answered && this.#request?.complete && !this.#socket.writable) return;
    if (this.#feeding || !this.#ahead.empty) this.#ahead.add(ownBytes(bytes));
    else this.#ahead.add(bytes);
    if (!this.#feeding) this.#feed();
    this.#ahead.own();
    if (this.#open && this.#ahead.full) this.#socket.pause();
  }

  get bodyLeft(): number {
    return this.#bodyLeft;
  }

  /** From now on the body passes Node's parser by, which copies all that it is given, and the stream behind it. */
  pass(sink: BodySink): BodyFlow | null {
    if (this.#bodyLeft <= 0 || this.#bodyBegun) return null;
    this.#passage = sink;
    return { pause: () => this.#hold(), resume: () => this.#flowOn() };
  }

  #hold(): void {
    this.#held = true;
    this.#socket.pause();
  }

  #flowOn(): void {
    this.#held = false;
    if (!this.#feeding) this.#feed();
    if (this.#open && !this.#held && !this.#ahead.full && this.#socket.isPaused()) this.#socket.resume();
  }

  /** The request has been parsed. */
  begun(request: IncomingMessage): void {
    this.#request = request;
    this.#bodyLeft = request.headers['transfer-encoding']
      ? -1
      : Number(request.headers['content-length'] ?? 0);
  }

  /** Its answer is out. */
  answered(): void {
    this.#answered = true;
    if (this.#passage) this.#drop();
    if (!this.#request?.complete) this.#skip();
    else if (!this.#socket.writable) this.#ahead.take();
    this.#settle();
  }

  pause(): void {
    this.#setAside = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#setAside = false;
    if (this.#open && !this.#held && this.#socket.isPaused()) this.#socket.resume();
    this.#settle();
  }

  /** Lets nothing through any more. @returns bytes that arrived after the message, for the next reader of the socket */
  release(): Behind {
    this.#open = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    ReadBuffer.of(this.#socket)?.restore();
    this.#socket.off('data', this.#onData).off('end', this.#onEnd);
    return { unread: this.#ahead.take(), ended: this.#endReceived };
  }

  /** Drops the rest of a body that was being read. */
  #drop(): void {
    this.#passage = NOBODY;
    if (this.#held) this.#flowOn();
  }

  /**
   * Drops the rest of an unwanted body. Node keeps reading a body that nothing has begun to read; on a connection that is to close, it
   * lingers.
   */
  #skip(): void {
    if (!this.#socket.writable) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#socket.destroy(), SKIPPED_MAX_MS).unref();
  }

  #settle(): void {
    const { writable, destroyed } = this.#socket;
    if (!this.#open || this.#setAside || !this.#answered || !this.#request?.complete) return;
    if (!writable || destroyed) return;
    // Node's own time between two messages: it is the wire lane that waits for the next one.
    this.#socket.setTimeout(0);
    stopLingering(this.#socket);
    this.#over(this.release());
  }

  /** The client ended its side before the message had its turn: it has left, unless the answer is a quick one. */
  #endedBefore(): void {
    this.#endReceived = true;
    // Called behind the turn in which the answer may have gone out.
    this.#timer = setTimeout(() => setImmediate(() => this.#endOpen()), LEAVES_MS).unref();
  }

  #endOpen(): void {
    if (this.#timer && this.#open && !this.#answered) this.#node.end();
  }

  /** As in the wire lane, a client that ends its side before its answer is out has left; earlier messages are answered first. */
  #ended(): void {
    if (this.#answered && !this.#ahead.empty) this.#endReceived = true;
    else this.#node.end();
  }

  #feed(): void {
    this.#feeding = true;
    while (
      this.#open &&
      !this.#held &&
      !this.#ahead.empty &&
      !this.#request?.complete &&
      !this.#socket.destroyed
    ) {
      const bytes = this.#ahead.next();
      const counted = this.#request !== null && this.#bodyLeft > 0;
      const end = counted ? Math.min(this.#bodyLeft, bytes.length) : this.#endOfPart(bytes);
      if (end < bytes.length) this.#ahead.putBack(bytes.subarray(end));
      const piece = end < bytes.length ? bytes.subarray(0, end) : bytes;
      if (counted) this.#body(piece);
      else this.#node.bytes(piece);
    }
    this.#feeding = false;
    this.#settle();
  }

  #body(piece: Buffer): void {
    this.#bodyLeft -= piece.length;
    if (this.#passage === null) {
      this.#bodyBegun = true;
      return this.#node.bytes(piece);
    }
    this.#node.count(piece);
    this.#passage.data(piece);
    if (this.#bodyLeft === 0) this.#passage.end([]);
  }

  /** Of a head, or of a body in chunks. */
  #endOfPart(bytes: Buffer): number {
    const end = endOfEmptyLine(this.#tail, bytes);
    this.#tail = end < 0 ? (this.#tail + bytes.subarray(-3).toString('latin1')).slice(-3) : '';
    return end < 0 ? bytes.length : end;
  }
}

const NOBODY: BodySink = { data() {}, end() {}, fail() {} };

/** A client that has left is to be noticed in this time. */
const LEAVES_MS = 100;

const EMPTY_LINE = '\r\n\r\n';

/** Where the first empty line ends, which may have begun in the piece before; -1: nowhere. */
function endOfEmptyLine(before: string, bytes: Buffer): number {
  for (let had = before.length; had > 0; had--) {
    const rest = EMPTY_LINE.length - had;
    if (!before.endsWith(EMPTY_LINE.slice(0, had))) continue;
    if (bytes.toString('latin1', 0, rest) === EMPTY_LINE.slice(had)) return rest;
  }
  const at = bytes.indexOf(EMPTY_LINE);
  return at < 0 ? -1 : at + EMPTY_LINE.length;
}
