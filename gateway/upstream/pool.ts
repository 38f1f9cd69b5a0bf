import type { DialAddress } from '../config/model.ts';
import { GatewayError } from '../error/catalog.ts';
import type { AnswerSink, UpstreamCall, UpstreamRequest } from '../forward/exchange.ts';
import { type ConnectionOwner, UndiciConnection } from './undici-connection.ts';

export interface PoolLimits {
  /** Connections at once. */
  readonly connections: number;
  /** Exchanges that may wait for one. */
  readonly queue: number;
}

/**
 * The HTTP connections to one endpoint. The one used last is used next, so that few stay warm and the rest fall idle and close;
 * beyond the bounds an exchange waits in order, and beyond those it fails with `queue_full`.
 */
export class ConnectionPool implements ConnectionOwner {
  readonly #address: DialAddress;
  readonly #connectTimeoutMs: number;
  readonly #limits: PoolLimits;
  readonly #all = new Set<UndiciConnection>();
  readonly #idle: UndiciConnection[] = [];
  readonly #waiting = new Set<WaitingCall>();
  #closing = false;

  constructor(address: DialAddress, connectTimeoutMs: number, limits: PoolLimits) {
    this.#address = address;
    this.#connectTimeoutMs = connectTimeoutMs;
    this.#limits = limits;
  }

  send(request: UpstreamRequest, sink: AnswerSink): UpstreamCall {
    const connection = this.#idle.pop() ?? this.#open();
    if (connection) return connection.send(request, sink);
    return this.#wait(request, sink);
  }

  #open(): UndiciConnection | undefined {
    if (this.#all.size >= this.#limits.connections) return undefined;
    const connection = new UndiciConnection(this.#address, this.#connectTimeoutMs, this);
    this.#all.add(connection);
    return connection;
  }

  #wait(request: UpstreamRequest, sink: AnswerSink): UpstreamCall {
    if (this.#waiting.size >= this.#limits.queue) {
      const { connections, queue } = this.#limits;
      const busy = `${this.#address.key}: all ${connections} connections in use and ${queue} exchanges waiting`;
      throw new GatewayError('queue_full', busy);
    }
    const call = new WaitingCall(request, sink, () => this.#waiting.delete(call));
    this.#waiting.add(call);
    return call;
  }

  released(connection: UndiciConnection): void {
    const usable = this.#usable(connection);
    const [next] = this.#waiting;
    if (next && usable) {
      this.#waiting.delete(next);
      next.begin(usable);
    } else if (this.#closing && usable) this.#drop(usable);
    else if (usable) this.#idle.push(usable);
  }

  /** A connection that failed makes room for a new one, where somebody waits for it. */
  #usable(connection: UndiciConnection): UndiciConnection | undefined {
    if (!connection.closed) return connection;
    this.#all.delete(connection);
    return this.#waiting.size > 0 ? this.#open() : undefined;
  }

  disconnected(connection: UndiciConnection): void {
    // A busy one hears of it through its exchange, and comes back by `released`.
    if (connection.busy) return;
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#drop(connection);
  }

  #drop(connection: UndiciConnection): void {
    this.#all.delete(connection);
    connection.close();
  }

  /** Closes what is idle now, and the rest as its exchanges end. */
  close(): void {
    this.#closing = true;
    for (const connection of this.#idle.splice(0)) this.#drop(connection);
  }
}

/** A call that has no connection yet: it stands in for the real one until then. */
class WaitingCall implements UpstreamCall {
  readonly #request: UpstreamRequest;
  readonly #sink: AnswerSink;
  readonly #leaveQueue: () => void;
  #call: UpstreamCall | null = null;

  constructor(request: UpstreamRequest, sink: AnswerSink, leaveQueue: () => void) {
    this.#request = request;
    this.#sink = sink;
    this.#leaveQueue = leaveQueue;
  }

  begin(connection: UndiciConnection): void {
    this.#call = connection.send(this.#request, this.#sink);
  }

  pause(): void {
    this.#call?.pause();
  }

  resume(): void {
    this.#call?.resume();
  }

  abort(): void {
    if (this.#call) this.#call.abort();
    else this.#leaveQueue();
  }
}
