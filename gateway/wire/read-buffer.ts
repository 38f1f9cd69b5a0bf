import { Socket } from 'node:net';
import type { SocketMemory } from './socket-memory.ts';

/**
 * Takes the first `bytes` of the buffer. They are the taker's only during the call, unless it passes them on by `ReadBuffer.lend`.
 * @returns whether more may come; `false` holds the socket back until it is resumed.
 */
export type Take = (buffer: Buffer, bytes: number) => boolean;

/** Node's `onread` (net.connect). */
export interface ReadInto {
  readonly buffer: () => Buffer;
  readonly callback: (bytes: number) => boolean;
}

/**
 * How bytes come out of a socket. Node gives each read 64 KiB of new memory and hands it on through a stream, which costs about 4 µs,
 * a fifth of what a small exchange costs in all. Here a socket reads into memory that all of them share, and whoever takes the bytes does
 * so at once; large messages are read into memory of their own, which goes on with the bytes in it and so is never copied.
 */
export class ReadBuffer {
  readonly #memory: SocketMemory;
  #buffer: Buffer;
  #take: Take | null = null;
  #socket: Socket | null = null;
  /** Whether what is being read is large, and whether its memory went on with its bytes. */
  #bulk = false;
  #given = false;

  constructor(memory: SocketMemory) {
    this.#memory = memory;
    this.#buffer = memory.read;
  }

  /** The read buffer of a socket; `null`: it is a stream like any other. */
  static of(socket: object): ReadBuffer | null {
    return (socket as { [READ_BUFFER]?: ReadBuffer })[READ_BUFFER] ?? null;
  }

  /** For net.connect; `attach` must follow. */
  get onread(): ReadInto {
    return { buffer: this.#next, callback: this.#read };
  }

  attach(socket: Socket): void {
    this.#socket = socket;
    (socket as unknown as { [READ_BUFFER]: ReadBuffer })[READ_BUFFER] = this;
  }

  /**
   * Takes an accepted socket's place, because a server has no `onread`. Node has no public name for it, so where what is needed is not
   * there, the socket stays as it is.
   * @param accepted just now: nothing has been read of it.
   */
  adopt(accepted: Socket): Socket {
    const taken = accepted as unknown as NodeSocket;
    const { _handle: handle, server, _server } = taken;
    if (typeof handle?.useUserBuffer !== 'function') return accepted;
    taken._handle = null;
    taken._server = null;
    const options = { handle, allowHalfOpen: true, onread: this.onread };
    const socket = new Socket(options as unknown as ConstructorParameters<typeof Socket>[0]);
    Object.assign(socket, { server, _server });
    this.attach(socket);
    return socket;
  }

  /** From now on what is read goes to `take`, past the stream, which must be flowing. */
  divert(take: Take): void {
    this.#take = take;
  }

  /** From now on what is read goes through the stream. */
  restore(): void {
    this.#take = null;
    this.#bulk = false;
  }

  /**
   * Some of the bytes that were taken, to be passed on: borrowed ones (exchange/borrowed-bytes.ts), or with large ones the memory that they stand in. Of
   * that, small ones are copied, because whoever keeps them would keep all the memory around them.
   */
  lend(buffer: Buffer, from: number, to: number): Buffer {
    const bytes = to - from;
    const view = bytes === buffer.length ? buffer : buffer.subarray(from, to);
    const shared = buffer.buffer === this.#memory.read.buffer;
    // It filled all that there was to read into, so there is more.
    if (shared && bytes >= BULK_FROM_BYTES) this.#bulk = true;
    if (shared) return view;
    if (bytes < GIVEN_FROM_BYTES) return Buffer.from(view);
    this.#given = true;
    return view;
  }

  /** The message is over: what comes next may be small again. */
  settle(): void {
    this.#bulk = false;
  }

  /** Node asks after every read. */
  readonly #next = (): Buffer => {
    const shared = this.#memory.read;
    if (!this.#bulk) this.#buffer = shared;
    else if (this.#given || this.#buffer === shared) this.#buffer = Buffer.allocUnsafeSlow(shared.length);
    this.#given = false;
    return this.#buffer;
  };

  readonly #read = (bytes: number): boolean => {
    if (this.#take !== null) return this.#take(this.#buffer, bytes);
    return this.#socket!.push(Buffer.from(this.#buffer.subarray(0, bytes)));
  };
}

/** A piece of at least so much shows that a message is large. */
const BULK_FROM_BYTES = 48 * 1024;
/** Four times its size is what a piece may keep alive at most. */
const GIVEN_FROM_BYTES = 16 * 1024;
const READ_BUFFER = Symbol('read buffer');

/** What Node keeps to itself: what the kernel's socket is held by, and the server that counts it. */
interface NodeSocket {
  _handle: { useUserBuffer?: unknown } | null;
  server?: unknown;
  _server?: unknown;
}
