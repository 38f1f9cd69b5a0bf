import type { Connection, ConnectionOwner } from '../exchange/connection.ts';
import type { AnswerSink, UpstreamCall, UpstreamRequest } from '../exchange/contract.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import { TransientSet } from '../exchange/transient.ts';
import type { DialAddress, LimitsConfig } from '../model/config.ts';
import { ServiceConnection } from '../wire/service-connection.ts';
import { SocketMemory } from '../wire/socket-memory.ts';
import { ConnectionBudget } from './connection-budget.ts';
import { ServiceSessions } from './h2/service-sessions.ts';
import { ServiceStream } from './h2/service-stream.ts';

/** The numbers of connections to one endpoint and of exchanges that wait for one. */
export interface PoolCount {
  readonly busy: number;
  readonly idle: number;
  readonly waiting: number;
}

/**
 * The HTTP connections to one endpoint. The last used one is used next, so that few stay warm and the rest become idle and close. Beyond
 * the bounds exchanges wait in order; with too many waiting, a new one fails with `queue_full`, and after too long a wait with
 * `queue_timeout`.
 */
export class ConnectionPool implements ConnectionOwner, PoolCount {
  readonly #address: DialAddress;
  readonly #connectTimeoutMs: number;
  readonly #limits: LimitsConfig;
  readonly #budget: ConnectionBudget;
  /** Over HTTP/2, whose streams count for connections here; `null`: it is HTTP/1.1. */
  readonly #sessions: ServiceSessions | null;
  readonly #closeIdle = () => this.#closeOldest();
  readonly #all = new TransientSet<Connection>();
  readonly #idle: Connection[] = [];
  /** In the order in which they came, and so in that of their deadlines. */
  readonly #waiting = new Set<WaitingCall>();
  /** For the first of them alone. */
  #expiry: NodeJS.Timeout | undefined;
  #memory: SocketMemory | null = null;
  #closing = false;

  constructor(
    address: DialAddress,
    connectTimeoutMs: number,
    limits: LimitsConfig,
    budget = new ConnectionBudget(),
  ) {
    this.#address = address;
    this.#connectTimeoutMs = connectTimeoutMs;
    this.#limits = limits;
    const http2 = address.kind === 'tcp' && address.http2;
    this.#sessions = http2 ? new ServiceSessions(address, connectTimeoutMs, budget) : null;
    // Streams are no connections to the system: their sessions are.
    this.#budget = this.#sessions ? new ConnectionBudget() : budget;
    this.#budget.join(this.#closeIdle);
  }

  /** @throws GatewayError `queue_full`; all other failures go to the sink */
  send(request: UpstreamRequest, sink: AnswerSink): UpstreamCall {
    const connection = this.#idle.pop() ?? this.#open();
    if (connection) return connection.send(request, sink);
    return this.#wait(request, sink);
  }

  #open(): Connection | undefined {
    if (this.#all.size >= this.#limits.connections) return undefined;
    this.#budget.opening();
    const connection = this.#sessions
      ? new ServiceStream(this.#sessions, this)
      : new ServiceConnection(this.#address, this.#connectTimeoutMs, this, this.memory);
    this.#all.add(connection);
    return connection;
  }

  /** Memory shared by the sockets to this endpoint. */
  get memory(): SocketMemory {
    this.#memory ??= new SocketMemory();
    return this.#memory;
  }

  #wait(request: UpstreamRequest, sink: AnswerSink): UpstreamCall {
    const { connections, waiting, waitMs } = this.#limits;
    if (this.#waiting.size >= waiting) {
      const busy = `${this.#address.key}: all ${connections} connections in use and ${waiting} exchanges waiting`;
      throw new GatewayError('queue_full', busy);
    }
    const deadline = performance.now() + waitMs;
    const call = new WaitingCall(request, sink, deadline, () => this.#waiting.delete(call));
    this.#waiting.add(call);
    if (this.#waiting.size === 1) this.#expireAt(deadline);
    return call;
  }

  get idle(): number {
    return this.#idle.length;
  }

  get busy(): number {
    return this.#all.size - this.idle;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  #expireAt(deadline: number): void {
    clearTimeout(this.#expiry);
    this.#expiry = setTimeout(() => this.#expire(), Math.ceil(deadline - performance.now())).unref();
  }

  #expire(): void {
    const { connections, waitMs } = this.#limits;
    const now = performance.now();
    for (const call of this.#waiting) {
      if (call.deadline > now) return this.#expireAt(call.deadline);
      this.#waiting.delete(call);
      call.expire(
        new GatewayError(
          'queue_timeout',
          `${this.#address.key}: none of ${connections} connections was free for ${waitMs} ms`,
        ),
      );
    }
  }

  released(connection: Connection): void {
    if (connection.closed) this.#forget(connection);
    if (this.#waiting.size > 0) this.#serveNext(connection);
    else if (this.#closing) this.#drop(connection);
    else if (!connection.closed) this.#idle.push(connection);
  }

  /** A connection that failed makes room for a new one. */
  #serveNext(connection: Connection): void {
    const [next] = this.#waiting;
    const usable = connection.closed ? this.#open() : connection;
    if (!usable) return;
    this.#waiting.delete(next!);
    next!.begin(usable);
  }

  disconnected(connection: Connection): void {
    // A busy one hears of it through its exchange, and comes back by `released`.
    if (connection.busy) return;
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#drop(connection);
  }

  #drop(connection: Connection): void {
    this.#forget(connection);
    connection.close();
  }

  #forget(connection: Connection): void {
    if (this.#all.delete(connection)) this.#budget.closed();
  }

  #closeOldest(): boolean {
    const oldest = this.#idle.shift();
    if (oldest) this.#drop(oldest);
    return oldest !== undefined;
  }

  /** Closes idle connections now, and the others as their exchanges end. */
  close(): void {
    this.#closing = true;
    this.#budget.leave(this.#closeIdle);
    for (const connection of this.#idle.splice(0)) this.#drop(connection);
    this.#sessions?.close();
  }
}

/** A call that has no connection yet: it stands in for the real one until then. */
class WaitingCall implements UpstreamCall {
  readonly deadline: number;
  readonly #request: UpstreamRequest;
  readonly #sink: AnswerSink;
  readonly #leaveQueue: () => void;
  #call: UpstreamCall | null = null;

  constructor(request: UpstreamRequest, sink: AnswerSink, deadline: number, leaveQueue: () => void) {
    this.deadline = deadline;
    this.#request = request;
    this.#sink = sink;
    this.#leaveQueue = leaveQueue;
  }

  begin(connection: Connection): void {
    this.#call = connection.send(this.#request, this.#sink);
  }

  expire(error: GatewayError): void {
    this.#sink.fail(error);
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
