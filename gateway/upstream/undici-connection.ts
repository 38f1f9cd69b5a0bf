import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { Client, type Dispatcher } from 'undici';
import type { DialAddress } from '../config/model.ts';
import { GatewayError } from '../error/catalog.ts';
import type { AnswerSink, Fields, RequestBody, UpstreamCall, UpstreamRequest } from '../forward/exchange.ts';
import { own } from '../forward/lent.ts';
import { connect } from './connect.ts';
import type { Connection, ConnectionOwner } from './connection.ts';

/**
 * One HTTP/1.1 connection to an endpoint that carries one exchange at a time, on an undici Client of its own.
 *
 * A Client each, instead of undici's Pool, because the pool must know which connection carries what: only then can it bound
 * and order those who wait, and tell whether a request that failed was on a connection that had been used before.
 */
export class UndiciConnection implements Connection {
  readonly lane = 'general';
  readonly #client: Client;
  readonly #owner: ConnectionOwner;
  /** undici would take the name for TLS from each request's Host, and connect anew whenever that is another one. */
  readonly #tls: { servername?: string };
  /** Exchanges that the socket of now has begun. */
  #served = 0;
  /** What broke the socket of now. */
  #broken: Error | null = null;
  #cancelConnect: (() => void) | null = null;
  busy = false;
  /** It will not carry anything any more. */
  closed = false;

  constructor(address: DialAddress, connectTimeoutMs: number, owner: ConnectionOwner) {
    this.#owner = owner;
    this.#tls = address.kind === 'tcp' && address.tls ? { servername: address.host } : {};
    this.#client = new Client(originOf(address), {
      pipelining: 1,
      allowH2: false,
      // Both timeouts are the forwarder's, which knows what the exchange is doing.
      headersTimeout: 0,
      bodyTimeout: 0,
      // Shorter than the 5 s after which a Node service closes an idle connection: the side that closes last never races.
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: ANSWER_HEAD_MAX_BYTES,
      connect: (_options, callback) => {
        this.#cancelConnect = connect(address, connectTimeoutMs, (error, socket) => {
          this.#cancelConnect = null;
          if (error) return callback(error, null);
          this.#watch(socket!);
          callback(null, socket!);
        });
      },
    });
    this.#client.on('connect', () => {
      this.#served = 0;
    });
    this.#client.on('disconnect', () => owner.disconnected(this));
  }

  send(request: UpstreamRequest, sink: AnswerSink): UpstreamCall {
    this.busy = true;
    const call = new UndiciCall(sink, this);
    const body = request.body && readable(request.body);
    const method = request.method as Dispatcher.HttpMethod;
    this.#client.dispatch(
      { method, path: request.target, headers: request.fields as string[], body, reset: false, ...this.#tls },
      call,
    );
    return call;
  }

  /** Before undici listens: it takes a reset for the proper end of an answer that has no length. */
  #watch(socket: Socket): void {
    this.#broken = null;
    socket.on('error', (cause) => {
      this.#broken = cause;
    });
  }

  // What the call tells.

  /** @returns whether the socket has carried an exchange before. */
  begun(): boolean {
    return ++this.#served > 1;
  }

  get broken(): Error | null {
    return this.#broken;
  }

  over(): void {
    this.busy = false;
    this.#owner.released(this);
  }

  /**
   * What failed carries nothing again. undici tells of a failure in the middle of its own bookkeeping, where it breaks over a request that
   * is handed to it, so whoever waits for a connection hears of it afterwards.
   */
  failed(): void {
    queueMicrotask(() => {
      this.close();
      this.over();
    });
  }

  /** Given up before it was sent. A connection that is just coming about would come about for nobody. */
  abandoned(): void {
    if (this.#cancelConnect) this.close();
  }

  close(): void {
    this.closed = true;
    this.#cancelConnect?.();
    this.#cancelConnect = null;
    // What it reports while closing concerns nobody any more.
    this.#client.destroy().catch(() => {});
  }
}

const KEEP_ALIVE_MS = 4_000;
const ANSWER_HEAD_MAX_BYTES = 64 * 1024;

function originOf(address: DialAddress): string {
  if (address.kind === 'unix') return 'http://localhost';
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${address.tls ? 'https' : 'http'}://${host}:${address.port}`;
}

/** undici wants a stream; a body that nobody reads any more is dropped without touching the client's connection. */
function readable(body: RequestBody): Readable {
  let begun = false;
  const stream = new Readable({
    read() {
      if (begun) return body.resume();
      begun = true;
      body.read({
        data: (chunk) => {
          if (!stream.push(own(chunk))) body.pause();
        },
        end: () => stream.push(null),
        fail: (cause) => stream.destroy(cause),
      });
    },
  });
  // undici listens no longer than its request lasts, and the client may fail after it.
  return stream.on('error', () => {});
}

/** Translates undici's callbacks, and makes sure that the sink hears of one end only, and the pool too. */
class UndiciCall implements UpstreamCall, Dispatcher.DispatchHandler {
  readonly #sink: AnswerSink;
  readonly #connection: UndiciConnection;
  #controller: Dispatcher.DispatchController | null = null;
  #silenced = false;
  #over = false;

  constructor(sink: AnswerSink, connection: UndiciConnection) {
    this.#sink = sink;
    this.#connection = connection;
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  abort(): void {
    this.#silenced = true;
    if (this.#controller) this.#controller.abort(new Error('given up'));
    else this.#connection.abandoned();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#silenced) controller.abort(new Error('given up'));
    else this.#sink.started(this.#connection.begun());
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _parsed: unknown,
    reason?: string,
  ): void {
    if (this.#silenced) return;
    if (status < 100) throw new GatewayError('bad_answer', `a status of ${status}`);
    if (reason !== undefined && CONTROL.test(reason))
      throw new GatewayError('bad_answer', 'a control character in the reason');
    const fields = latin1Fields(controller.rawHeaders as unknown as Buffer[]);
    if (status < 200) this.#sink.informational(status, fields);
    else this.#sink.head(status, reason ?? '', fields);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#silenced) this.#sink.data(chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    const { broken } = this.#connection;
    this.#over = true;
    this.#connection.over();
    if (this.#silenced) return;
    if (broken) return this.#fail(broken);
    this.#sink.end(latin1Fields((controller.rawTrailers ?? []) as unknown as Buffer[]));
    this.#silenced = true;
  }

  /** Also told what `onResponseEnd` threw; the connection is somebody else's by then. */
  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    if (!this.#over) this.#connection.failed();
    this.#over = true;
    if (!this.#silenced) this.#fail(cause);
  }

  #fail(cause: Error): void {
    this.#silenced = true;
    this.#sink.fail(cause);
  }
}

/** What RFC 9112 §4 keeps out of a reason, and undici's parser lets in: NUL among others. undici reads reasons as UTF-8. */
const CONTROL = /[^\t\x20-\x7e\x80-\uffff]/;

/** undici hands over buffers, or arrays of them where a name came several times in a row. */
function latin1Fields(raw: readonly (Buffer | string)[]): Fields {
  const fields = new Array<string>(raw.length);
  for (let i = 0; i < raw.length; i++) {
    const part = raw[i]!;
    fields[i] = typeof part === 'string' ? part : part.toString('latin1');
  }
  return fields;
}
