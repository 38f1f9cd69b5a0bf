import { Socket } from 'node:net';
import { isBorrowed } from '../exchange/borrowed-bytes.ts';
import type { SocketMemory } from './socket-memory.ts';

/**
 * Takes the first `bytes` of the buffer, which are borrowed (exchange/borrowed-bytes.ts).
 * @returns whether more of the same message follows: only then does the socket get memory of its own
 */
export type Take = (buffer: Buffer, bytes: number) => boolean;

/** Node's `onread` (net.connect). */
export interface ReadInto {
  readonly buffer: () => Buffer;
  readonly callback: (bytes: number) => boolean;
}

/**
 * Reads sockets into shared memory. Node gives each read 64 KiB of new memory and passes it on through a stream, which costs about 4 µs, a
 * fifth of a small exchange. Here all sockets of an owner read into one buffer, and the bytes are used at once. When a read fills the
 * buffer in the middle of a message, the socket reads the rest into memory of its own, which goes on without a copy where the other side is
 * slow. An idle connection keeps no memory.
 */
export class ReadBuffer {
  readonly #memory: SocketMemory;
  #buffer: Buffer;
  #take: Take | null = null;
  #socket: Socket | null = null;
  /** Whether the last read has filled its memory, in the middle of a message. */
  #filled = false;

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
   * Replaces an accepted socket, because a server has no `onread`. Node has no public name for this (docs/private-parts.md); where the
   * private parts are missing, the socket stays as it is.
   * @param accepted just now, and not read yet
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

  /** Bytes go to `take`, past the stream, which must be flowing. */
  divert(take: Take): void {
    this.#take = take;
  }

  /** Bytes go through the stream again. */
  restore(): void {
    this.#take = null;
  }

  /** Node asks after every read, for where the next one goes. */
  readonly #next = (): Buffer => {
    const { read } = this.#memory;
    const own = this.#buffer !== read && isBorrowed(this.#buffer);
    if (this.#filled) this.#buffer = own ? this.#buffer : this.#memory.single();
    else {
      if (own) this.#memory.giveBack(this.#buffer);
      this.#buffer = read;
    }
    return this.#buffer;
  };

  readonly #read = (bytes: number): boolean => {
    const filled = bytes === this.#buffer.length;
    this.#filled = false;
    if (this.#take !== null) {
      this.#filled = this.#take(this.#buffer, bytes) && filled;
      return true;
    }
    return this.#socket!.push(Buffer.from(this.#buffer.subarray(0, bytes)));
  };
}

const READ_BUFFER = Symbol('read buffer');

/** Private parts of Node: the kernel's handle of a socket, and the server that counts it. */
interface NodeSocket {
  _handle: { useUserBuffer?: unknown } | null;
  server?: unknown;
  _server?: unknown;
}
