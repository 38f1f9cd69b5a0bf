import type { RemoteInfo } from 'node:dgram';
import type { Traffic } from '../../exchange/counters/traffic.ts';
import { GatewayError } from '../../exchange/error-catalog.ts';
import { type ExchangeRecord, noteError } from '../../exchange/record.ts';
import { rescue } from '../../exchange/rescue.ts';
import { type UdpAddress, UdpSession, type UdpWatcher } from '../../forward/udp.ts';
import { ConnectionChoice } from '../../upstream/choice.ts';
import type { Endpoint } from '../../upstream/endpoint.ts';
import { outcomeOf } from '../../upstream/outcome.ts';
import { UdpListener } from '../udp.ts';
import { HeldEndpoint } from './held-endpoint.ts';
import { plainAddress } from './plain-address.ts';
import type { LiveStream, Stream, StreamContext, StreamSiblings } from './stream.ts';
import { beginRecord, clearError, endRecord } from './stream-record.ts';
import { UdpSessions } from './udp-sessions.ts';

/** One UDP port of `streams:`, with the sessions of its clients. */
export class UdpStream implements Stream {
  readonly #context: StreamContext;
  readonly #siblings: StreamSiblings;
  readonly #listener: UdpListener;
  readonly #sessions = new UdpSessions();
  #live: LiveStream;
  #refused = 0;
  #accepting = true;
  #emptied: () => void = () => {};

  constructor(live: LiveStream, context: StreamContext, siblings: StreamSiblings) {
    this.#live = live;
    this.#context = context;
    this.#siblings = siblings;
    this.#listener = new UdpListener(live.config.listen.host, (datagram, client) =>
      this.#receive(datagram, client),
    );
  }

  listen(): Promise<void> {
    const { id, listen } = this.#live.config;
    return this.#listener.listen(listen.host, listen.port, id);
  }

  get connections(): number {
    return this.#sessions.size;
  }

  get refused(): number {
    return this.#refused;
  }

  replace(live: LiveStream): void {
    this.#live = live;
  }

  /** Sessions get a moment for answers that are under way, and the port stays open as long as there are any. */
  stopAccepting(emptied: () => void = () => {}): void {
    this.#accepting = false;
    this.#emptied = emptied;
    for (const session of this.#sessions.all()) session.close();
    this.#closeIfEmpty();
  }

  destroy(): void {
    this.#accepting = false;
    for (const session of this.#sessions.all()) session.end();
    this.#listener.close();
  }

  #closeIfEmpty(): void {
    if (this.#accepting || this.#sessions.size > 0) return;
    this.#listener.close();
    this.#emptied();
  }

  #receive(datagram: Buffer, client: RemoteInfo): void {
    const key = `${plainAddress(client.address)} ${client.port}`;
    // A stream that leads back to itself would go round for ever, with a new session each time.
    if (this.#siblings.ownPorts.has(key)) return;
    const session = this.#sessions.hear(key) ?? this.#begin(key, client);
    session?.send(datagram);
  }

  #begin(key: string, client: RemoteInfo): UdpSession | null {
    if (!this.#accepting) return null;
    const { config, upstream, signature } = this.#live;
    if (this.#sessions.size >= config.maxConnections && !this.#sessions.makeRoom()) {
      this.#refused++;
      return null;
    }
    const { identity, inFlight, longLived } = this.#context;
    const record = beginRecord(config, identity.requestId(null, false), plainAddress(client.address));
    const held = new HeldEndpoint(upstream, new ConnectionChoice(record.client));
    const plan = {
      client,
      listener: this.#listener.socket,
      addresses: () => held.take().flatMap(addressesOf),
      idleMs: config.idleTimeoutMs,
    };
    const session: UdpSession = new UdpSession(plan, {
      ...this.#watch(record, held),
      ended: (closed) => {
        if (closed && record.errorCode === null) noteError(record, drained());
        held.letGo(record.headAt === null ? 'neutral' : 'success');
        this.#sessions.delete(key);
        longLived.delete(signature, session);
        this.#end(record, upstream.traffic);
      },
    });
    inFlight.begin();
    this.#sessions.add(key, session);
    longLived.add(signature, session);
    return session;
  }

  #watch(record: ExchangeRecord, held: HeldEndpoint): Omit<UdpWatcher, 'ended'> {
    const { ownPorts } = this.#siblings;
    return {
      joined: (endpoint, from) => {
        ownPorts.add(from);
        if (record.endpoint !== endpoint) record.attempts++;
        record.endpoint = endpoint;
      },
      left: (from) => ownPorts.delete(from),
      moved: (bytes, towards) => {
        if (towards === 'service') record.bytesIn += bytes;
        else noteAnswer(record, bytes);
      },
      unreachable: (cause) => {
        const error = rescue(cause, 'connect');
        held.letGo(outcomeOf(error));
        noteError(record, error);
      },
    };
  }

  #end(record: ExchangeRecord, traffic: Traffic): void {
    endRecord(record);
    traffic.stream.count(record);
    this.#context.log(record);
    this.#context.inFlight.end();
    this.#closeIfEmpty();
  }
}

function drained(): GatewayError {
  return new GatewayError('drained', 'the stream was changed, or the gateway is stopping');
}

function noteAnswer(record: ExchangeRecord, bytes: number): void {
  record.bytesOut += bytes;
  record.headAt ??= performance.now();
  clearError(record);
}

/** Resolved endpoints have addresses only. */
function addressesOf({ address, key }: Endpoint): UdpAddress[] {
  if (address.kind === 'unix') return [];
  const { port, addresses, host } = address;
  return (addresses ?? [host]).map((one) => ({ endpoint: key, address: one, port }));
}
