import type { RemoteInfo } from 'node:dgram';
import { GatewayError } from '../error/catalog.ts';
import { UdpSession } from '../forward/udp.ts';
import { UdpListener } from '../listener/udp.ts';
import type { LiveStream, Stream, StreamContext } from './stream.ts';
import { beginRecord, endRecord, noteError } from './stream-record.ts';

/** One UDP port of `streams:`, with the sessions of its clients. */
export class UdpStream implements Stream {
  readonly #context: StreamContext;
  readonly #listener: UdpListener;
  readonly #sessions = new Map<string, UdpSession>();
  #live: LiveStream;
  #accepting = true;

  constructor(live: LiveStream, context: StreamContext) {
    this.#live = live;
    this.#context = context;
    this.#listener = new UdpListener(live.config.listen.host, (datagram, client) =>
      this.#receive(datagram, client),
    );
  }

  listen(): Promise<void> {
    const { host, port } = this.#live.config.listen;
    return this.#listener.listen(host, port);
  }

  get address(): { host: string; port: number } {
    return this.#listener.address;
  }

  replace(live: LiveStream): void {
    this.#live = live;
  }

  stopAccepting(): void {
    this.#accepting = false;
  }

  destroy(): void {
    for (const session of [...this.#sessions.values()]) session.close();
    this.#listener.close();
  }

  #receive(datagram: Buffer, client: RemoteInfo): void {
    const key = `${client.address} ${client.port}`;
    const session = this.#sessions.get(key) ?? this.#begin(key, client);
    session?.send(datagram);
  }

  /** Beyond the cap a datagram is dropped: the source address of UDP can be invented, and each session costs a socket. */
  #begin(key: string, client: RemoteInfo): UdpSession | null {
    const { config, upstream, signature } = this.#live;
    if (!this.#accepting || this.#sessions.size >= config.maxConnections) return null;
    const { identity, inFlight, lasting, log } = this.#context;
    const record = beginRecord(config, identity.requestId(null, false), client.address);
    const endpoint = upstream.pick([]);
    record.endpoint = endpoint.key;
    record.attempts = 1;
    const session = new UdpSession(client, this.#listener.socket, endpoint.address, config.idleTimeoutMs, {
      moved: (bytes, towards) => {
        if (towards === 'service') record.bytesIn += bytes;
        else record.bytesOut += bytes;
      },
      unreachable: (cause) => noteError(record, new GatewayError('connection_refused', cause.message)),
      ended: () => {
        this.#sessions.delete(key);
        lasting.delete(signature, session);
        endRecord(record);
        log(record);
        inFlight.end();
      },
    });
    inFlight.begin();
    this.#sessions.set(key, session);
    lasting.add(signature, session);
    return session;
  }
}
