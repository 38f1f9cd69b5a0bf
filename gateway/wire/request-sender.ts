import type { Socket } from 'node:net';
import type { BodySink, Fields, RequestBody, UpstreamRequest } from '../exchange/contract.ts';
import { trailerFields } from '../exchange/trailers.ts';
import { CHUNK_END, chunkSize, lastChunkText } from './chunk.ts';
import { requestText } from './head-text.ts';
import type { SocketMemory } from './socket-memory.ts';

/** Called as a request goes out. */
export interface SenderOwner {
  /** All of it has been handed to the socket. */
  requestSent(): void;
  /** The client failed in the middle of its body. */
  requestFailed(cause: Error): void;
}

/** Writes one request with a body to a connection. Requests without one need nothing of this: they are one write. */
export class RequestSender implements BodySink {
  readonly #socket: Socket;
  readonly #memory: SocketMemory;
  readonly #body: RequestBody;
  readonly #owner: SenderOwner;
  /** The head, for as long as it waits for the first bytes of the body: both in one write are cheaper than one after the other. */
  #head: string | null;
  #begun = false;
  #stopped = false;
  #paused = false;
  #drained: (() => void) | null = null;
  #patience: NodeJS.Timeout | undefined;

  constructor(
    socket: Socket,
    memory: SocketMemory,
    request: UpstreamRequest,
    body: RequestBody,
    owner: SenderOwner,
  ) {
    this.#socket = socket;
    this.#memory = memory;
    this.#body = body;
    this.#owner = owner;
    this.#head = requestText(request, body);
  }

  /** @param asks whether the service is to be asked first: then the body waits for `proceed`. */
  start(asks: boolean): void {
    if (asks) this.#patience = setTimeout(() => this.proceed(), PATIENCE_MS);
    else this.#read();
    // The beginning of a body mostly came in with its head, and is read in this very turn. Where it is not, the head goes out alone.
    if (this.#head !== null && !this.#stopped) process.nextTick(flushHead, this);
  }

  flushHead(): void {
    if (this.#head !== null && !this.#stopped) this.#writeHead();
  }

  /** The service wants the body. */
  proceed(): void {
    clearTimeout(this.#patience);
    if (!this.#begun && !this.#stopped) this.#read();
  }

  /** Stops writing and listening to the body. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#patience);
    if (this.#drained !== null) this.#socket.off('drain', this.#drained);
  }

  #read(): void {
    this.#begun = true;
    this.#body.read(this);
  }

  // Called by the body.

  data(chunk: Buffer): void {
    // The rest of an abandoned body is dropped without touching the client's connection.
    if (this.#stopped) return;
    if (this.#write(chunk) || this.#paused) return;
    this.#paused = true;
    // Asked for only where it is needed: a listener for each small upload would show in profiles.
    this.#drained ??= () => this.#resume();
    this.#socket.once('drain', this.#drained);
    this.#body.pause();
  }

  end(trailers: Fields): void {
    if (this.#stopped) return;
    if (this.#head !== null) this.#writeHead();
    if (this.#body.length === null) this.#socket.write(lastChunkText(trailerFields(trailers)), 'latin1');
    this.stop();
    this.#owner.requestSent();
  }

  fail(cause: Error): void {
    if (this.#stopped) return;
    this.stop();
    this.#owner.requestFailed(cause);
  }

  #write(bytes: Buffer): boolean {
    const head = this.#head ?? '';
    this.#head = null;
    // RFC 9112 §7.1
    if (this.#body.length === null)
      return this.#memory.write(this.#socket, head + chunkSize(bytes.length), bytes, CHUNK_END);
    return this.#memory.write(this.#socket, head, bytes);
  }

  #writeHead(): void {
    this.#socket.write(this.#head!, 'latin1');
    this.#head = null;
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#body.resume();
  }
}

function flushHead(sender: RequestSender): void {
  sender.flushHead();
}

/** Many services never send 100. A sender must not wait for it for ever (RFC 9110 §10.1.1), and the client waits with it. */
const PATIENCE_MS = 1_000;
