import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { EarlyBytes } from '../forward/early-bytes.ts';
import { closeGently } from '../forward/gentle-close.ts';
import { CountedResponse } from './counted-response.ts';
import { HttpDownstream, type MessageReading } from './http-downstream.ts';

/**
 * The handshake of a WebSocket as a request with a response, for hooks that may refuse it. A refusal is the last answer of its connection,
 * like a service's. Bytes that the client sends after its handshake are held meanwhile, up to a bound.
 */
export class Handshake {
  readonly response: CountedResponse;
  readonly downstream: HttpDownstream;
  readonly #socket: Socket;
  readonly #early: EarlyBytes;
  readonly #onDrain = () => void this.response.emit('drain');
  readonly #onTimeout = () => void this.response.emit('timeout');

  /** @param head bytes that the client sent after it */
  constructor(request: IncomingMessage, socket: Socket, head: Buffer) {
    this.#socket = socket;
    this.response = new CountedResponse(request);
    this.response.assignSocket(socket);
    this.downstream = new HttpDownstream(request, this.response, LAST_ANSWER, false, NO_BODY);
    this.downstream.closeAfterAnswer();
    this.#early = new EarlyBytes(socket, head, () => this.#clientLeft());
    // Of an upgrade, Node's server gives up the socket with all that it does for a response there.
    socket.on('drain', this.#onDrain).on('timeout', this.#onTimeout);
    this.response.once('finish', () => this.#refused());
  }

  /** A client that ends its side before an answer is begun has left, as on every route. */
  #clientLeft(): void {
    if (!this.response.headersSent) this.#socket.destroy();
  }

  #refused(): void {
    if (this.response.socket !== this.#socket) return;
    this.#letGo();
    closeGently(this.#socket);
    process.nextTick(() => this.response.emit('close'));
  }

  /** The connection becomes the tunnel's, and later writes of hooks are dropped. @returns bytes that arrived after the handshake */
  release(): Buffer {
    this.#letGo();
    return Buffer.concat(this.#early.release());
  }

  #letGo(): void {
    this.response.detachSocket(this.#socket);
    this.#early.stop();
    this.#socket.off('drain', this.#onDrain).off('timeout', this.#onTimeout).setTimeout(0);
  }

  /** Of a handshake that was released: the answer is out, which is when hooks run that follow it. */
  answered(status: number): void {
    this.response.statusCode = status;
    this.response.emit('finish');
  }
}

const LAST_ANSWER = { draining: true };

/** A handshake has no body, and nothing is read behind it but by the tunnel. */
const NO_BODY: MessageReading = { bodyLeft: 0, pass: () => null, pause() {}, resume() {} };
