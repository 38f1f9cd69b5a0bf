import type { Socket } from 'node:net';
import { ownBytes } from '../exchange/borrowed-bytes.ts';
import { type ClientExchange, SKIPPED_MAX_MS } from '../exchange/client-exchange.ts';
import type { BodySink } from '../exchange/contract.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import { FramingError } from '../exchange/framing-error.ts';
import { type Peer, peerOf } from '../exchange/peer.ts';
import type { Clock, Deadline, Timed } from '../exchange/timer-wheel.ts';
import { type BodySource, ClientBody } from './client-body.ts';
import { HeadBuffer } from './head-buffer.ts';
import type { AnswerText } from './head-text.ts';
import { ReadAhead } from './read-ahead.ts';
import { ReadBuffer, type Take } from './read-buffer.ts';
import { asksByHead, checkBeginning, checkMethod, forNodeParser, type Unread } from './request-line.ts';
import { HEAD_MAX_BYTES, type LastFields, type RequestReader } from './request-reader.ts';
import type { SocketMemory } from './socket-memory.ts';
import { EXCHANGES_PER_TURN, type Turns, type TurnTaker } from './turns.ts';
import { type ExchangeConnection, WireDownstream } from './wire-downstream.ts';

/** Carries the requests that this lane reads. */
export interface WireCarrier {
  /** @returns whether the exchange is carried in this lane; if not, nothing has become of it, and the general lane is to have it. */
  carries(exchange: ClientExchange): boolean;
}

/** Shared by all connections of a listener. */
export interface ClientConnectionOwner {
  readonly reader: RequestReader;
  readonly answers: AnswerText;
  readonly memory: SocketMemory;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly carrier: WireCarrier;
  /** While it drains, each answer is the last of its connection. */
  readonly draining: boolean;
  /** The next message is the general lane's, which begins with these bytes, borrowed. @param ended whether the client has ended its side. */
  handOver(connection: ClientConnection, unread: readonly Buffer[], ended: boolean): void;
  /** A client that speaks HTTP/2 by prior knowledge: the connection does not come back. */
  speaksHttp2(connection: ClientConnection, unread: readonly Buffer[]): void;
  /** Something that never became a request: it is answered, and the connection closed. @param toHead whether it asked by HEAD, so that the answer has no body (RFC 9110 §9.3.2). */
  refused(error: GatewayError, socket: Socket, toHead: boolean): void;
  closed(connection: ClientConnection): void;
}

/**
 * What the next byte belongs to: a head, the body of the current request, or nothing yet because the current answer is not out.
 * `none`: the connection is not read, or the general lane reads it.
 */
type Stage = 'head' | 'body' | 'answer' | 'none';

/**
 * One connection of a client in the wire lane. It reads one request at a time, and the next one when the answer is out, because pipelined
 * requests may depend on the answer (RFC 9112 §9.3.2). A message that this lane does not carry goes to the general lane, after the last
 * answer; the connection comes back when that message is answered.
 */
export class ClientConnection implements ExchangeConnection, BodySource, Timed, TurnTaker {
  readonly socket: Socket;
  readonly #owner: ClientConnectionOwner;
  readonly #readBuffer: ReadBuffer | null;
  readonly #deadline: Deadline;
  #peer: Peer | null = null;
  #stage: Stage = 'head';
  #exchange: WireDownstream | null = null;
  /** Pieces of a head that came in several. */
  #head: HeadBuffer | null = null;
  /** Bytes that arrived before their turn. */
  #ahead: ReadAhead | null = null;
  #reading = false;
  /** Exchanges begun in this turn of the event loop. */
  #begun = 0;
  #awaitsTurn = false;
  #lastFields: LastFields | null = null;
  /** No request is read until it is resumed. */
  #setAside = false;
  /** The client ended its side while requests waited for their turn. */
  #endReceived = false;
  /** The rest of a body that was answered unread. */
  #skipped: ClientBody | null = null;
  #fresh = true;
  #last = false;
  #dismissed = false;

  constructor(socket: Socket, owner: ClientConnectionOwner) {
    this.socket = socket;
    this.#readBuffer = ReadBuffer.of(socket);
    this.#owner = owner;
    this.#deadline = owner.clock.deadline(this);
    this.#deadline.arm(HEAD_TIMEOUT_MS);
    (socket as WireSocket)[CONNECTION] = this;
    socket.on('drain', onDrain).on('error', onError).on('close', onClose);
    this.#listen();
  }

  /** `undefined`: the wire lane has not accepted this socket. */
  static of(socket: Socket): ClientConnection | undefined {
    return (socket as Partial<WireSocket>)[CONNECTION];
  }

  #listen(): void {
    this.socket.on('data', onData).on('end', onEnd);
    this.#readBuffer?.divert(this.received);
  }

  get peer(): Peer {
    this.#peer ??= peerOf(this.socket);
    return this.#peer;
  }

  get memory(): SocketMemory {
    return this.#owner.memory;
  }

  get answers(): AnswerText {
    return this.#owner.answers;
  }

  get closes(): boolean {
    return this.#last || this.#dismissed || this.#owner.draining;
  }

  /** Between two requests, with nothing of the next one. */
  get idle(): boolean {
    return this.#stage === 'head' && !this.#fresh && !this.#head && this.#ahead === null;
  }

  /** Its next answer is its last; without a request it is closed now. */
  dismiss(): void {
    this.#dismissed = true;
    if (this.idle) this.socket.destroy();
  }

  /**
   * The general lane gives the connection back after its answer; bytes that arrived meanwhile wait for their turn.
   * @param ended whether the client has ended its side
   */
  takenBack(unread: readonly Buffer[], ended: boolean): void {
    this.#fresh = false;
    this.#listen();
    if (this.closes) return this.#end(false);
    this.#stage = 'head';
    this.#deadline.arm(IDLE_TIMEOUT_MS);
    for (const bytes of unread) this.#keep(bytes, 0, bytes.length);
    if (this.#ahead !== null) this.#awaitTurn();
    else if (this.socket.isPaused()) this.socket.resume();
    if (ended) this.ended();
  }

  // Called when the client sends or leaves.

  readonly received: Take = (bytes, to) => {
    let at = 0;
    if (this.#ahead === null && !this.#reading) {
      this.#begun = 0;
      at = this.#read(bytes, to);
    }
    if (at < to) this.#keep(bytes, at, to);
    return this.#stage === 'body';
  };

  /** @returns how many bytes were used; the rest arrived before its turn */
  #read(bytes: Buffer, to: number): number {
    this.#reading = true;
    let at = 0;
    for (let before = -1; at < to && at !== before; ) {
      before = at;
      switch (this.#stage) {
        case 'head':
          if (this.#begun >= EXCHANGES_PER_TURN) this.#awaitTurn();
          else if (this.#head === null) at = this.#readHead(bytes, at, to);
          else at = this.#readOn(this.#head, bytes, at, to);
          break;
        case 'body':
          at = this.#readBody(this.#skipped ?? this.#exchange!.body!, bytes, at, to);
          break;
        case 'none':
          at = to;
      }
    }
    this.#reading = false;
    return at;
  }

  #awaitTurn(): void {
    if (this.#setAside || this.#awaitsTurn) return;
    this.#awaitsTurn = true;
    this.#owner.turns.wait(this);
  }

  takeTurn(): void {
    this.#awaitsTurn = false;
    if (this.#stage === 'none' || this.#setAside) return;
    this.#begun = 0;
    this.#goOn();
    if (this.#endReceived && !this.#awaitsTurn) this.ended();
  }

  /** Sets the connection aside: it reads no request, not even one that it has received. */
  pause(): void {
    this.#setAside = true;
    this.#begun = EXCHANGES_PER_TURN;
    this.socket.pause();
  }

  resume(): void {
    this.#setAside = false;
    if (!this.#awaitsTurn) this.takeTurn();
  }

  #readHead(bytes: Buffer, at: number, to: number): number {
    const { reader } = this.#owner;
    const verdict = reader.read(bytes, at, to, this.#lastFields);
    const { end } = reader;
    if (verdict === 'taken' && this.#begin(reader)) return end;
    const checked = verdict === 'partial' ? verdict : this.#check(verdict, bytes, at, to);
    if (checked === 'refused') return to;
    if (checked !== 'partial') {
      this.#leaveLane(checked, bytes.subarray(at, to));
      return to;
    }
    this.#head = new HeadBuffer(HEAD_MAX_BYTES);
    this.#head.add(bytes, at, to);
    // The time of a connection's first head began with the connection.
    if (!this.#fresh) this.#deadline.arm(HEAD_TIMEOUT_MS);
    return to;
  }

  /** Adds bytes to an unfinished head. The whole head is looked at again, so that an impossible one is refused early. */
  #readOn(head: HeadBuffer, bytes: Buffer, at: number, to: number): number {
    const { reader } = this.#owner;
    const before = head.length;
    head.add(bytes, at, to);
    if (!head.due(before)) return to;
    const verdict = reader.read(head.bytes(), 0, head.length);
    if (verdict === 'partial') return to;
    const end = at + reader.end - before;
    if (verdict === 'taken') this.#head = null;
    if (verdict === 'taken' && this.#begin(reader)) return end;
    const checked = this.#check(verdict, head.bytes(), 0, head.length);
    if (checked === 'partial') return to;
    this.#head = null;
    if (checked !== 'refused')
      this.#leaveLane(checked, Buffer.concat([head.bytes().subarray(0, before), bytes.subarray(at, to)]));
    return to;
  }

  /**
   * Examines a head that this lane does not carry. A head that is wrong in either lane is answered here, so that both lanes give the same
   * error.
   */
  #check(verdict: 'taken' | 'refused', bytes: Buffer, from: number, to: number): Unread | 'refused' {
    const checked =
      verdict === 'taken'
        ? checkMethod(this.#owner.reader.method)
        : checkBeginning(bytes, from, to, this.#fresh, to - from >= HEAD_MAX_BYTES);
    if (typeof checked === 'string') return checked;
    this.#exchange = null;
    this.#refuse(checked, asksByHead(bytes, from, to));
    return 'refused';
  }

  /** @returns whether it is carried in this lane. */
  #begin(head: RequestReader): boolean {
    const body = head.framing === 'none' ? null : new ClientBody(this, head);
    this.#exchange = new WireDownstream(this, head, body);
    this.#lastFields = head.last;
    this.#begun++;
    this.#stage = body ? 'body' : 'answer';
    this.#last = !head.persistent;
    if (!this.#owner.carrier.carries(this.#exchange)) return false;
    this.#fresh = false;
    return true;
  }

  #readBody(body: ClientBody, bytes: Buffer, at: number, to: number): number {
    if (!body.wanted) return at;
    try {
      const end = body.take(bytes, at, to);
      if (body.complete && this.#stage === 'body') this.#awaitAnswer();
      return end;
    } catch (cause) {
      if (!(cause instanceof FramingError)) throw cause;
      this.#broken(body, cause);
      return to;
    }
  }

  /** The reader of the body may have paused at its last piece; no later piece would resume it. */
  #awaitAnswer(): void {
    if (this.#skipped) return this.#skippedAll();
    this.#stage = 'answer';
    if (this.socket.isPaused() && !this.#ahead?.full) this.socket.resume();
  }

  /** Nothing that follows can be trusted (RFC 9112 §11.2). A client that is receiving an answer sees it break off. */
  #broken(body: ClientBody, cause: FramingError): void {
    this.#stage = 'none';
    if (this.#skipped || this.#exchange?.headSent) this.socket.destroy();
    else
      body.fail(
        new GatewayError(cause.tooLarge ? 'head_too_large' : 'bad_request', cause.message, { cause }),
      );
  }

  /** Keeps bytes that arrived before their turn. The socket is still read, because only a read shows that the client has gone. */
  #keep(bytes: Buffer, from: number, to: number): void {
    this.#ahead ??= new ReadAhead();
    this.#ahead.add(ownBytes(bytes.subarray(from, to)));
    if (this.#ahead.full) this.socket.pause();
  }

  /** Something that waited may have its turn now. */
  #goOn(): void {
    if (this.#reading) return;
    for (let ahead = this.#ahead; ahead !== null; ahead = this.#ahead) {
      const bytes = ahead.next();
      const at = this.#read(bytes, bytes.length);
      if (at < bytes.length) {
        ahead.putBack(bytes.subarray(at));
        break;
      }
      if (ahead.empty) this.#ahead = null;
    }
    if (this.#setAside || this.#ahead?.full || this.#stage === 'none') return;
    if (this.socket.isPaused() && !this.#exchange?.body?.paused) this.socket.resume();
  }

  /** The client has ended its side. As in the general lane, a client that ends its side before its answer is out has left. */
  ended(): void {
    this.#endReceived = true;
    if (this.#stage === 'head' && !this.#exchange && this.#ahead !== null && !this.#head) return;
    if (this.#exchange?.ended) this.#last = true;
    else if (this.#exchange || this.#stage === 'none') this.socket.destroy();
    else if (this.#head)
      this.#refuse(new GatewayError('bad_request', 'the connection ended inside of a head'));
    else this.socket.destroySoon();
  }

  drained(): void {
    this.#exchange?.drained();
  }

  closed(): void {
    this.#stage = 'none';
    this.#deadline.clear();
    this.#ahead = null;
    this.#exchange?.gone();
    this.#exchange = null;
    this.#owner.closed(this);
  }

  // Called by the exchange.

  bodyWanted(): void {
    this.#goOn();
  }

  bodyUnwanted(): void {
    this.socket.pause();
  }

  goAhead(): void {
    if (!this.#exchange?.headSent) this.socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');
  }

  closeAfterAnswer(): void {
    this.#last = true;
  }

  answered(): void {
    const { body } = this.#exchange!;
    const uploading = body?.complete === false;
    this.#exchange = null;
    if (this.closes) return this.#end(uploading);
    if (uploading) this.#skip(body);
    else this.#awaitRequest();
  }

  #skip(body: ClientBody): void {
    this.#skipped = body;
    this.#stage = 'body';
    this.#deadline.arm(SKIPPED_MAX_MS);
    body.read(NOBODY);
  }

  #skippedAll(): void {
    this.#skipped = null;
    if (this.closes) this.#end(false);
    else this.#awaitRequest();
  }

  #awaitRequest(): void {
    this.#stage = 'head';
    this.#deadline.arm(IDLE_TIMEOUT_MS);
    if (this.#ahead !== null || this.socket.isPaused()) this.#goOn();
  }

  /**
   * Closing a socket with unread bytes sends a reset, and a reset makes the client's system drop the answer that it has received but not
   * read. So during an upload our side ends first, and bytes that still arrive are dropped for a while.
   */
  #end(uploading: boolean): void {
    this.#stage = 'none';
    this.#ahead = null;
    if (!uploading) return this.socket.destroySoon();
    this.socket.end();
    this.socket.resume();
    this.#deadline.arm(LINGER_MS);
  }

  /** While an exchange is under way, the time is its own: the deadline runs on, to be put off behind its answer. */
  timedOut(): void {
    if (this.#exchange !== null) return;
    if (this.#stage === 'none' || this.#skipped || this.idle) this.socket.destroy();
    else this.#refuse(new GatewayError('head_timeout', 'no complete head within 10 s'));
  }

  #refuse(error: GatewayError, toHead = false): void {
    this.#stage = 'none';
    this.#deadline.clear();
    this.#owner.refused(error, this.socket, toHead);
  }

  /** @param bytes borrowed, with the whole of a request line. */
  #leaveLane(to: 'handed over' | 'http2', bytes: Buffer): void {
    const { socket } = this;
    const unread = [to === 'http2' ? ownBytes(bytes) : forNodeParser(bytes), ...(this.#ahead?.take() ?? [])];
    this.#ahead = null;
    this.#stage = 'none';
    this.#exchange = null;
    this.#deadline.clear();
    this.#readBuffer?.restore();
    socket.off('data', onData).off('end', onEnd);
    const ended = this.#endReceived;
    this.#endReceived = false;
    if (to === 'handed over') return this.#owner.handOver(this, unread, ended);
    socket.off('drain', onDrain).off('close', onClose);
    this.#owner.speaksHttp2(this, unread);
    this.#owner.closed(this);
  }
}

const HEAD_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 75_000;
const LINGER_MS = 5_000;
const NOBODY: BodySink = { data() {}, end() {}, fail() {} };

// One set of listeners for all connections: each connection costs one reference.

const CONNECTION = Symbol('connection');

interface WireSocket extends Socket {
  [CONNECTION]: ClientConnection;
}

function onData(this: Socket, chunk: Buffer): void {
  (this as WireSocket)[CONNECTION].received(chunk, chunk.length);
}

function onEnd(this: Socket): void {
  (this as WireSocket)[CONNECTION].ended();
}

function onDrain(this: Socket): void {
  (this as WireSocket)[CONNECTION].drained();
}

/** Its close follows. */
function onError(): void {}

function onClose(this: Socket): void {
  (this as WireSocket)[CONNECTION].closed();
}
