import type { Socket } from 'node:net';
import { GatewayError } from '../../exchange/error-catalog.ts';
import { peerOf } from '../../exchange/peer.ts';
import { type ExchangeRecord, noteError } from '../../exchange/record.ts';
import { breakOff } from '../../forward/break-off.ts';
import type { ProxiedConnection } from '../../forward/proxy-protocol.ts';
import { TcpForward } from '../../forward/tcp.ts';
import { ConnectionChoice } from '../../upstream/choice.ts';
import { ProxyHeaderReader, type ReceivedHeader } from '../proxy-header.ts';
import { TcpListener } from '../tcp.ts';
import { plainAddress } from './plain-address.ts';
import type { LiveStream, Stream, StreamContext } from './stream.ts';
import { beginRecord, endRecord } from './stream-record.ts';

/** A connection, and the configuration that it began with and keeps. */
interface Accepted {
  readonly socket: Socket;
  readonly live: LiveStream;
  readonly record: ExchangeRecord;
}

/** One TCP port of `streams:`. Its configuration can be replaced while it listens. */
export class TcpStream implements Stream {
  readonly #context: StreamContext;
  readonly #listener: TcpListener;
  #live: LiveStream;
  #refused = 0;

  constructor(live: LiveStream, context: StreamContext) {
    this.#live = live;
    this.#context = context;
    this.#listener = new TcpListener((socket) => this.#accept(socket));
  }

  listen(): Promise<void> {
    const { id, listen } = this.#live.config;
    return this.#listener.listen(listen.host, listen.port, id);
  }

  get connections(): number {
    return this.#listener.connections;
  }

  get refused(): number {
    return this.#refused;
  }

  replace(live: LiveStream): void {
    this.#live = live;
  }

  stopAccepting(emptied?: () => void): void {
    this.#listener.stopAccepting(emptied);
  }

  destroy(): void {
    this.#listener.destroy();
  }

  #accept(socket: Socket): void {
    const live = this.#live;
    const { config } = live;
    const requestId = this.#context.identity.requestId(null, false);
    const accepted = { socket, live, record: beginRecord(config, requestId, peerOf(socket).address) };
    this.#context.inFlight.begin();
    if (this.#listener.connections > config.maxConnections) return this.#turnAway(accepted);
    if (config.proxyProtocol.accept) this.#readHeader(accepted);
    else this.#forward(accepted, connectionOf(socket), NOTHING);
  }

  #turnAway(accepted: Accepted): void {
    const { maxConnections } = accepted.live.config;
    this.#refused++;
    this.#refuse(
      accepted,
      new GatewayError('too_many_connections', `${maxConnections} connections are open`),
    );
  }

  #readHeader(accepted: Accepted): void {
    const { socket, live, record } = accepted;
    const { longLived } = this.#context;
    const reader: ProxyHeaderReader = new ProxyHeaderReader(
      socket,
      (result: ReceivedHeader | GatewayError) => {
        longLived.delete(live.signature, reader);
        if (result instanceof GatewayError) return this.#refuse(accepted, result);
        record.client = result.connection?.sourceAddress ?? record.client;
        this.#forward(accepted, result.connection ?? connectionOf(socket), result.rest);
      },
    );
    longLived.add(live.signature, reader);
  }

  #forward({ socket, live, record }: Accepted, connection: ProxiedConnection, early: Buffer): void {
    const { config, upstream, signature } = live;
    const { memory, longLived } = this.#context;
    const sendProxy = config.proxyProtocol.send;
    const choice = new ConnectionChoice(connection.sourceAddress);
    const plan = { upstream, choice, idleMs: config.idleTimeoutMs, memory, sendProxy, connection, early };
    const forward = new TcpForward(socket, plan, record, () => {
      longLived.delete(signature, forward);
      this.#end(record, live);
    });
    longLived.add(signature, forward);
    forward.start();
  }

  #refuse({ socket, record, live }: Accepted, error: GatewayError): void {
    noteError(record, error);
    breakOff(socket);
    this.#end(record, live);
  }

  #end(record: ExchangeRecord, { upstream }: LiveStream): void {
    endRecord(record);
    upstream.traffic.stream.count(record);
    this.#context.log(record);
    this.#context.inFlight.end();
  }
}

const NOTHING = Buffer.alloc(0);

function connectionOf(socket: Socket): ProxiedConnection {
  return {
    sourceAddress: plainAddress(socket.remoteAddress),
    sourcePort: socket.remotePort ?? 0,
    destinationAddress: plainAddress(socket.localAddress),
    destinationPort: socket.localPort ?? 0,
  };
}
