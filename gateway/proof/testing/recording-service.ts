import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { listening } from './free-port.ts';
import { readRequests, type StrictRequest } from './strict-reader.ts';
import { markKitSocket } from './wire.ts';

/** A whole request, as a service got it. */
export interface Recorded {
  readonly request: StrictRequest;
  /** Its bytes, and no others. */
  readonly raw: Buffer;
  /** The connection that brought it, counted from 0. */
  readonly connection: number;
  /** When it was whole, on the clock of `performance.now()`. */
  readonly at: number;
}

/** What a service does about a request: bytes, each part in a write of its own; then it may let go of the connection. */
export interface Reaction {
  readonly parts: readonly (string | Uint8Array)[];
  readonly ends?: 'fin' | 'reset';
  /** Milliseconds between the parts; default none. */
  readonly pauseMs?: number;
  /** Resolves when the next part may be sent. */
  readonly between?: () => Promise<unknown>;
  /** Do it when the head is there, whatever of the body is still to come. */
  readonly early?: true;
}

/** Requests that arrived since the last call. */
export interface Received {
  readonly whole: readonly Recorded[];
  /** Bytes of requests that were begun and never became whole. */
  readonly begun: readonly string[];
}

/** A service that records every byte it receives, checks it with the strict reader, and answers as the test says. */
export class RecordingService {
  readonly port: number;
  /** Descriptions of messages that a gateway must never send to a service. */
  readonly faults: string[] = [];
  /** Connections that the gateway holds open. */
  open = 0;
  readonly #server: Server;
  readonly #react: (target: string) => Reaction;
  readonly #connections: Connection[] = [];
  #whole: Recorded[] = [];

  private constructor(server: Server, port: number, react: (target: string) => Reaction) {
    this.#server = server;
    this.#react = react;
    this.port = port;
    server.on('connection', (socket) => this.#connected(markKitSocket(socket)));
  }

  /** @param react returns the reaction to a request, by its target. */
  static async start(react: (target: string) => Reaction): Promise<RecordingService> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    return new RecordingService(server, await listening(server), react);
  }

  /** Whole requests since the last `take`. */
  get whole(): readonly Recorded[] {
    return this.#whole;
  }

  /** Whether a request has begun on an open connection, and its end is still to come. */
  get midway(): boolean {
    return this.#connections.some(({ open, pending }) => open && pending.length > 0);
  }

  /** Whether this connection was closed by the gateway. */
  closed(connection: number): boolean {
    return !this.#connections[connection]!.open;
  }

  /** Requests since the last call; forgets them. */
  take(): Received {
    const begun = this.#connections.filter(({ open }) => !open).map(({ pending }) => pending);
    const received = {
      whole: this.#whole,
      begun: begun.filter(({ length }) => length > 0).map((bytes) => bytes.toString('latin1')),
    };
    for (const connection of this.#connections) if (!connection.open) connection.pending = Buffer.alloc(0);
    this.#whole = [];
    return received;
  }

  async close(): Promise<void> {
    for (const { socket } of this.#connections) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #connected(socket: Socket): void {
    const connection = { socket, pending: Buffer.alloc(0), open: true, opaque: false, early: false };
    const index = this.#connections.push(connection) - 1;
    this.open++;
    socket
      .on('error', () => {})
      .on('data', (chunk: Buffer) => this.#read(connection, index, chunk))
      .on('end', () => socket.end())
      .on('close', () => {
        connection.open = false;
        this.open--;
      });
  }

  #read(connection: Connection, index: number, chunk: Buffer): void {
    if (connection.opaque) return;
    const bytes = Buffer.concat([connection.pending, chunk]);
    const { messages, refused, rest } = readRequests(bytes);
    connection.pending = rest;
    if (refused !== null) {
      this.faults.push(`${refused.why}, in ${JSON.stringify(rest.toString('latin1').slice(0, 2_000))}`);
    }
    if (refused !== null || messages.length > 1) return void connection.socket.destroy();
    const [request] = messages;
    if (request === undefined) return this.#answerEarly(connection);
    connection.opaque = request.opaqueAfter;
    const recorded = {
      request,
      raw: bytes.subarray(request.start, request.end),
      connection: index,
      at: performance.now(),
    };
    this.#check(recorded);
    this.#whole.push(recorded);
    if (!connection.early) void answer(connection.socket, this.#react(request.target));
    connection.early = false;
  }

  #answerEarly(connection: Connection): void {
    const [line, rest] = connection.pending.toString('latin1').split('\r\n\r\n');
    const target = line?.split(' ')[1];
    if (connection.early || target === undefined || rest === undefined) return;
    const reaction = this.#react(target);
    if (!reaction.early) return;
    connection.early = true;
    void answer(connection.socket, reaction);
  }

  /** What RFC 9112 lets a client send, and a gateway has no business sending. */
  #check({ request, raw }: Recorded): void {
    const odd = [
      request.fault,
      request.version === '1.1' ? null : `HTTP/${request.version}`,
      request.extensions ? 'chunk extensions' : null,
      raw.toString('latin1').startsWith(`${request.method} ${request.target} HTTP/`)
        ? null
        : 'several spaces',
      request.start === 0 ? null : 'an empty line before the request',
      /^(\/|\*$)/.test(request.target) ? null : `the target ${request.target}`,
    ].filter((each) => each !== null);
    if (odd.length > 0) this.faults.push(`${odd.join(', ')}, in ${JSON.stringify(raw.toString('latin1'))}`);
  }
}

interface Connection {
  readonly socket: Socket;
  pending: Buffer;
  open: boolean;
  opaque: boolean;
  /** The request under way has been answered already. */
  early: boolean;
}

async function answer(socket: Socket, { parts, ends, pauseMs, between }: Reaction): Promise<void> {
  for (const [at, part] of parts.entries()) {
    if (at > 0) await between?.();
    if (socket.destroyed) return;
    socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part);
    if (parts.length > 1) await new Promise((resolve) => setTimeout(resolve, pauseMs ?? 1));
  }
  if (ends === 'fin') socket.end();
  // A reset throws away what the other side has not read yet, so the bytes must be out first.
  if (ends === 'reset') setTimeout(() => socket.resetAndDestroy(), 5);
}
