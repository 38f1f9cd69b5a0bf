import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Reading } from '../exchange/client-exchange.ts';
import { Intake } from '../wire/intake.ts';
import type { Turns, TurnTaker } from '../wire/turns.ts';

/**
 * Stands between a socket and Node's parser, and lets through one request at a time: what is pipelined behind a request waits as bytes, which
 * are bounded, and not as parsed requests, which would take many times their size. A message ends with an empty line or, as its
 * Content-Length says, by count; so no piece that is let through holds more than one head.
 */
export class MessageGate implements Reading, TurnTaker {
  readonly #socket: Socket;
  readonly #turns: Turns;
  /** Node's own listener. */
  readonly #toParser: (bytes: Buffer) => void;
  readonly #toEnd: () => void;
  readonly #onData = (bytes: Buffer) => this.#received(bytes);
  readonly #onEnd = () => this.#ended();
  #held: Buffer[] = [];
  #heldBytes = 0;
  #request: IncomingMessage | null = null;
  /** Bytes of the body that Content-Length still promises; -1: the body is chunked. */
  #bodyLeft = 0;
  /** Requests whose answers are still to come. */
  #waiting = 0;
  /** Where a piece ended without an empty line: its last bytes. */
  #tail = '';
  #endReceived = false;
  #feeding = false;
  #setAside = false;
  #awaitsTurn = false;
  #open = true;

  /** @param socket one that Node's server has just taken. */
  constructor(socket: Socket, turns: Turns) {
    this.#socket = socket;
    this.#turns = turns;
    const [toEnd] = socket.listeners('end') as (() => void)[];
    this.#toEnd = toEnd!;
    socket.on('end', this.#onEnd).off('end', toEnd!);
    const [toParser] = socket.listeners('data') as ((bytes: Buffer) => void)[];
    this.#toParser = toParser!;
    // A listener beside Node's makes its parser give up reading from the handle by itself.
    socket.on('data', this.#onData).off('data', toParser!);
    const intake = Intake.of(socket);
    if (intake) this.#divert(intake);
  }

  /** Past the stream, which would read up to 128 KiB more while it is paused. */
  #divert(intake: Intake): void {
    intake.divert((buffer, bytes) => {
      this.#received(Buffer.from(buffer.subarray(0, bytes)));
      return true;
    });
  }

  /** A request has been parsed. */
  begun(request: IncomingMessage): void {
    this.#request = request;
    this.#waiting++;
    this.#bodyLeft = request.headers['transfer-encoding']
      ? -1
      : Number(request.headers['content-length'] ?? 0);
  }

  /** Its answer is out: the next request has its turn soon. */
  answered(): void {
    this.#waiting--;
    this.#awaitTurn();
  }

  takeTurn(): void {
    this.#awaitsTurn = false;
    if (!this.#open || this.#setAside) return;
    // Behind the last answer of a connection comes nothing.
    if (!this.#socket.writable) this.#drop();
    if (this.#endReceived && (this.#waiting > 0 || this.#held.length === 0)) return this.#toEnd();
    this.#feed();
    if (this.#endReceived) this.#awaitTurn();
    if (this.#heldBytes < HELD_MAX_BYTES && this.#held.length < HELD_MAX_PIECES && this.#socket.isPaused())
      this.#socket.resume();
  }

  pause(): void {
    this.#setAside = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#setAside = false;
    this.#awaitTurn();
  }

  /** Lets nothing through any more. @returns what it holds, for those who go on with the socket. */
  release(): Buffer {
    this.#open = false;
    Intake.of(this.#socket)?.restore();
    this.#socket.off('data', this.#onData).off('end', this.#onEnd);
    return Buffer.concat(this.#held.splice(0));
  }

  #drop(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }

  /** As in the wire lane, clients that end their side before an answer is out have left; what waits for its turn is answered first. */
  #ended(): void {
    if (this.#waiting > 0 || this.#held.length === 0) return this.#toEnd();
    this.#endReceived = true;
    this.#awaitTurn();
  }

  #awaitTurn(): void {
    if (this.#awaitsTurn) return;
    if (this.#heldBytes === 0 && !this.#socket.isPaused() && !this.#endReceived) return;
    this.#awaitsTurn = true;
    this.#turns.wait(this);
  }

  #received(bytes: Buffer): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (!this.#feeding && !this.#awaitsTurn && !this.#setAside) this.#feed();
    if (this.#heldBytes >= HELD_MAX_BYTES || this.#held.length >= HELD_MAX_PIECES) this.#socket.pause();
  }

  /** Whether a request is under way and all of it has been read. */
  get #closed(): boolean {
    return this.#waiting > 0 && this.#request?.complete === true;
  }

  #feed(): void {
    this.#feeding = true;
    while (this.#open && this.#held.length > 0 && !this.#closed && !this.#socket.destroyed) {
      const bytes = this.#held.shift()!;
      const end = this.#endOfPiece(bytes);
      this.#heldBytes -= end;
      if (end < bytes.length) this.#held.unshift(bytes.subarray(end));
      this.#toParser(end < bytes.length ? bytes.subarray(0, end) : bytes);
    }
    this.#feeding = false;
  }

  #endOfPiece(bytes: Buffer): number {
    if (this.#request?.complete === false && this.#bodyLeft > 0) {
      const end = Math.min(this.#bodyLeft, bytes.length);
      this.#bodyLeft -= end;
      return end;
    }
    const end = endOfEmptyLine(this.#tail, bytes);
    this.#tail = end < 0 ? (this.#tail + bytes.subarray(-3).toString('latin1')).slice(-3) : '';
    return end < 0 ? bytes.length : end;
  }
}

/** With one more read of the socket, and one that was under way, less than 128 KiB and the head that is open. */
const HELD_MAX_BYTES = 32 * 1024;
const HELD_MAX_PIECES = 128;

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
