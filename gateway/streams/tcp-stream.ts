import type { Socket } from 'node:net';
import { GatewayError } from '../error/catalog.ts';
import { type ProxiedConnection, readProxyHeader } from '../forward/proxy-protocol.ts';
import { TcpForward } from '../forward/tcp.ts';
import { peerOf } from '../listener/peer.ts';
import { TcpListener } from '../listener/tcp.ts';
import type { ExchangeRecord } from '../observe/exchange-record.ts';
import type { LiveStream, Stream, StreamContext } from './stream.ts';
import { beginRecord, endRecord, noteError } from './stream-record.ts';

/** One TCP port of `streams:`. Its configuration can be replaced while it listens; connections keep what they began with. */
export class TcpStream implements Stream {
  readonly #context: StreamContext;
  readonly #listener: TcpListener;
  #live: LiveStream;

  constructor(live: LiveStream, context: StreamContext) {
    this.#live = live;
    this.#context = context;
    this.#listener = new TcpListener((socket) => this.#accept(socket));
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
    this.#listener.stopAccepting();
  }

  destroy(): void {
    this.#listener.destroy();
  }

  #accept(socket: Socket): void {
    const live = this.#live;
    const record = beginRecord(
      live.config,
      this.#context.identity.requestId(null, false),
      peerOf(socket).address,
    );
    this.#context.inFlight.begin();
    const refuse = (error: GatewayError) => {
      noteError(record, error);
      socket.resetAndDestroy();
      this.#end(record);
    };
    if (this.#listener.connections > live.config.maxConnections) {
      return refuse(
        new GatewayError('too_many_connections', `more than ${live.config.maxConnections} connections`),
      );
    }
    if (!live.config.proxyProtocol.accept)
      return this.#forward(socket, live, record, connectionOf(socket), NOTHING);
    readHeader(socket, (result) => {
      if (result instanceof GatewayError) return refuse(result);
      record.client = result.connection?.sourceAddress ?? record.client;
      this.#forward(socket, live, record, result.connection ?? connectionOf(socket), result.rest);
    });
  }

  #forward(
    socket: Socket,
    live: LiveStream,
    record: ExchangeRecord,
    connection: ProxiedConnection,
    early: Buffer,
  ): void {
    const { config, upstream, signature } = live;
    const { memory } = this.#context;
    const plan = {
      upstream,
      idleMs: config.idleTimeoutMs,
      memory,
      sendProxy: config.proxyProtocol.send,
      connection,
      early,
    };
    const forward = new TcpForward(socket, plan, record, () => {
      this.#context.lasting.delete(signature, forward);
      this.#end(record);
    });
    this.#context.lasting.add(signature, forward);
    forward.start();
  }

  #end(record: ExchangeRecord): void {
    endRecord(record);
    this.#context.log(record);
    this.#context.inFlight.end();
  }
}

const NOTHING = Buffer.alloc(0);

function connectionOf(socket: Socket): ProxiedConnection {
  const plain = (address: string | undefined) => (address ?? '0.0.0.0').replace(/^::ffff:/, '');
  return {
    sourceAddress: plain(socket.remoteAddress),
    sourcePort: socket.remotePort ?? 0,
    destinationAddress: plain(socket.localAddress),
    destinationPort: socket.localPort ?? 0,
  };
}

type HeaderResult = { readonly connection: ProxiedConnection | null; readonly rest: Buffer };

/** Reads the PROXY header that must stand first, and leaves the socket paused behind it. */
function readHeader(socket: Socket, done: (result: HeaderResult | GatewayError) => void): void {
  let bytes = NOTHING;
  const settle = (result: HeaderResult | GatewayError) => {
    clearTimeout(timer);
    socket.off('data', take).off('end', ended).off('close', ended).pause();
    done(result);
  };
  const take = (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    const header = readProxyHeader(bytes);
    if (header.kind === 'invalid') settle(new GatewayError('bad_request', `PROXY protocol: ${header.why}`));
    if (header.kind === 'read')
      settle({ connection: header.connection, rest: bytes.subarray(header.length) });
  };
  const ended = () => settle(new GatewayError('client_left', 'the client left in its PROXY header'));
  const timer = setTimeout(
    () => settle(new GatewayError('head_timeout', `no PROXY header within ${HEADER_MS} ms`)),
    HEADER_MS,
  );
  socket.on('data', take).on('end', ended).on('close', ended).resume();
}

const HEADER_MS = 10_000;
