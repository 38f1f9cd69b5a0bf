import type { Socket } from 'node:net';
import { GatewayError } from '../error/catalog.ts';
import { rescue } from '../error/rescue.ts';
import type { ExchangeRecord } from '../observe/exchange-record.ts';
import type { Endpoint } from '../upstream/endpoint.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { BulkMemory } from './bulk-memory.ts';
import type { Lasting } from './lasting.ts';
import { type ProxiedConnection, writeProxyHeader } from './proxy-protocol.ts';
import { Splice } from './splice.ts';

export interface TcpPlan {
  readonly upstream: Upstream;
  readonly idleMs: number;
  readonly memory: BulkMemory;
  /** The version of the PROXY header to send in front; `null`: none. */
  readonly sendProxy: 'v1' | 'v2' | null;
  /** Whose connection it is, for that header. */
  readonly connection: ProxiedConnection;
  /** What was read from the client already, behind a PROXY header of its own. */
  readonly early: Buffer;
}

/** Carries one raw TCP connection: connects, to another endpoint if the first refuses, and joins both. */
export class TcpForward implements Lasting {
  readonly #client: Socket;
  readonly #plan: TcpPlan;
  readonly #record: ExchangeRecord;
  readonly #closed: () => void;
  readonly #tried: Endpoint[] = [];
  #cancel: () => void = () => {};
  #splice: Splice | null = null;
  #over = false;

  /** @param client paused: what it sends waits in the kernel until the service can take it. */
  constructor(client: Socket, plan: TcpPlan, record: ExchangeRecord, closed: () => void) {
    this.#client = client;
    this.#plan = plan;
    this.#record = record;
    this.#closed = closed;
  }

  start(): void {
    this.#client.once('close', this.#clientGone);
    this.#attempt();
  }

  close(): void {
    if (this.#splice) this.#splice.close();
    else this.#fail(new GatewayError('drained', 'the stream was changed, or the gateway is stopping'));
  }

  readonly #clientGone = (): void =>
    this.#fail(new GatewayError('client_left', 'the client left before the service was connected'));

  #attempt(): void {
    const endpoint = this.#plan.upstream.pick(this.#tried);
    this.#record.attempts = this.#tried.push(endpoint);
    this.#record.endpoint = endpoint.key;
    this.#cancel = endpoint.dial((error, service) => {
      if (service) this.#join(service);
      else this.#refused(rescue(error, 'connect'));
    });
  }

  #refused(error: GatewayError): void {
    if (this.#plan.upstream.endpoints.some((endpoint) => !this.#tried.includes(endpoint))) this.#attempt();
    else this.#fail(error);
  }

  #join(service: Socket): void {
    const { sendProxy, connection, early, idleMs, memory } = this.#plan;
    const record = this.#record;
    this.#client.off('close', this.#clientGone);
    record.headAt = performance.now();
    if (sendProxy) service.write(writeProxyHeader(sendProxy, connection));
    if (early.length > 0) service.write(early);
    record.bytesIn += early.length;
    this.#splice = new Splice(this.#client, service, idleMs, {
      moved: (bytes, towards) => {
        memory.moved(bytes);
        if (towards === 'service') record.bytesIn += bytes;
        else record.bytesOut += bytes;
      },
      ended: (how) => {
        if (how === 'idle') this.#note(new GatewayError('idle_timeout', `nothing moved for ${idleMs} ms`));
        this.#finish();
      },
    });
  }

  /** Raw TCP has no words for an error: a reset is the one that no client takes for a proper end. */
  #fail(error: GatewayError): void {
    if (this.#over) return;
    this.#note(error);
    this.#cancel();
    this.#client.on('error', () => {}).resetAndDestroy();
    this.#finish();
  }

  #note(error: GatewayError): void {
    this.#record.errorCode = error.code;
    this.#record.errorType = error.row.type;
    this.#record.cause = error.message;
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#closed();
  }
}
