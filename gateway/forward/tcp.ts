import type { Socket } from 'node:net';
import type { BulkMemory } from '../exchange/bulk-memory.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import type { LongLived } from '../exchange/long-lived.ts';
import { type ExchangeRecord, noteError } from '../exchange/record.ts';
import { rescue } from '../exchange/rescue.ts';
import type { Choice } from '../upstream/choice.ts';
import type { Endpoint } from '../upstream/endpoint.ts';
import { outcomeOf } from '../upstream/outcome.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { Attempts } from './attempts.ts';
import { breakOff } from './break-off.ts';
import { EarlyBytes } from './early-bytes.ts';
import { type ProxiedConnection, writeProxyHeader } from './proxy-protocol.ts';
import { Splice, type SpliceEnd } from './splice.ts';

export interface TcpPlan {
  readonly upstream: Upstream;
  /** Inputs for choosing the endpoint. */
  readonly choice: Choice;
  readonly idleMs: number;
  readonly memory: BulkMemory;
  /** The version of the PROXY header to send in front; `null`: none. */
  readonly sendProxy: 'v1' | 'v2' | null;
  /** Whose connection it is, for that header. */
  readonly connection: ProxiedConnection;
  /** Bytes already read from the client, after its own PROXY header. */
  readonly early: Buffer;
}

/** Carries one raw TCP connection: connects, to another endpoint if the first refuses, and joins both. */
export class TcpForward implements LongLived {
  readonly #client: Socket;
  readonly #plan: TcpPlan;
  readonly #record: ExchangeRecord;
  readonly #closed: () => void;
  readonly #early: EarlyBytes;
  readonly #attempts: Attempts;
  #cancel: () => void = () => {};
  #splice: Splice | null = null;
  /** Whether the client spoke last, which in most protocols means that it waits for an answer. */
  #asked = false;
  /** The instant at which it is closed; `null`: it may last. */
  #deadline: number | null = null;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  /** @param client paused. @param closed called once, when both connections are gone. */
  constructor(client: Socket, plan: TcpPlan, record: ExchangeRecord, closed: () => void) {
    this.#client = client;
    this.#plan = plan;
    this.#record = record;
    this.#closed = closed;
    this.#attempts = new Attempts(plan.upstream, plan.choice, record);
    const left = () => this.#fail(new GatewayError('client_left', 'it left before a service was connected'));
    // A client that closes its half has not left: it may have sent all it wants to send.
    this.#early = new EarlyBytes(client, plan.early, left, () => {});
  }

  start(): void {
    this.#client.resume();
    this.#attempt();
  }

  /** Lets an answer that is under way come to its end, for some seconds, then ends the connection. */
  close(): void {
    const error = new GatewayError('drained', 'the stream was changed, or the gateway is stopping');
    if (!this.#splice) return this.#fail(error);
    if (this.#deadline !== null || this.#over) return;
    noteError(this.#record, error);
    this.#deadline = performance.now() + ANSWER_MS;
    this.#closeWhenQuiet(this.#deadline);
  }

  #attempt(): void {
    const endpoint = this.#begin();
    if (!endpoint) return;
    this.#cancel = endpoint.dial((error, service) => {
      if (service) this.#join(service);
      else this.#refused(rescue(error, 'connect'));
    });
  }

  #begin(): Endpoint | null {
    try {
      return this.#attempts.begin();
    } catch (cause) {
      this.#fail(rescue(cause, 'connect'));
      return null;
    }
  }

  #refused(error: GatewayError): void {
    this.#attempts.end(outcomeOf(error));
    if (this.#attempts.elsewhere) this.#attempt();
    else this.#fail(error);
  }

  #join(service: Socket): void {
    const { sendProxy, connection, idleMs } = this.#plan;
    // A reachable endpoint is healthy, whatever both sides send and however they end.
    this.#attempts.recordOutcome('success');
    this.#record.headAt = performance.now();
    if (sendProxy) service.write(writeProxyHeader(sendProxy, connection));
    for (const chunk of this.#early.release()) {
      service.write(chunk);
      this.#moved(chunk.length, 'service');
    }
    this.#splice = new Splice(this.#client, service, idleMs, {
      moved: (bytes, towards) => this.#moved(bytes, towards),
      ended: (how) => this.#ended(how),
    });
  }

  #moved(bytes: number, towards: 'service' | 'client'): void {
    this.#plan.memory.moved(bytes);
    this.#asked = towards === 'service';
    if (this.#asked) this.#record.bytesIn += bytes;
    else this.#record.bytesOut += bytes;
    if (this.#deadline !== null) this.#closeWhenQuiet(this.#deadline);
  }

  #closeWhenQuiet(deadline: number): void {
    const leftMs = Math.max(0, deadline - performance.now());
    clearTimeout(this.#timer);
    const quiet = !this.#asked && leftMs > QUIET_MS;
    // A connection that is cut off must not look as if it had ended.
    this.#timer = setTimeout(
      () => (quiet ? this.#splice!.close() : this.#splice!.breakOff()),
      quiet ? QUIET_MS : leftMs,
    );
  }

  #ended(how: SpliceEnd): void {
    if (this.#deadline === null) this.#noteEnd(how);
    clearTimeout(this.#timer);
    this.#finish();
  }

  #noteEnd(how: SpliceEnd): void {
    const { idleMs } = this.#plan;
    if (how === 'idle')
      noteError(this.#record, new GatewayError('idle_timeout', `nothing moved for ${idleMs} ms`));
    if (how === 'client-reset')
      noteError(this.#record, new GatewayError('client_left', 'the client reset it'));
    if (how === 'service-reset')
      noteError(this.#record, new GatewayError('connection_terminated', 'the service reset it'));
  }

  /** Raw TCP has no words for an error: a reset is the one that no client takes for a proper end. */
  #fail(error: GatewayError): void {
    if (this.#over) return;
    noteError(this.#record, error);
    this.#attempts.end(outcomeOf(error));
    this.#cancel();
    this.#early.stop();
    breakOff(this.#client);
    this.#finish();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#attempts.end('neutral');
    this.#closed();
  }
}

/** Time for an answer that is under way when a connection is to be closed. */
const ANSWER_MS = 10_000;
/** A service that has been silent for so long is taken to have finished its answer. */
const QUIET_MS = 100;
