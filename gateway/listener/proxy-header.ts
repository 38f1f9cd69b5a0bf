import type { Socket } from 'node:net';
import { GatewayError } from '../exchange/error-catalog.ts';
import type { LongLived } from '../exchange/long-lived.ts';
import { type ProxiedConnection, readProxyHeader } from '../forward/proxy-protocol.ts';

/** The header that a connection began with. `connection: null`: the proxy speaks for itself. `rest`: bytes after the header. */
export interface ReceivedHeader {
  readonly connection: ProxiedConnection | null;
  readonly rest: Buffer;
}

/** Reads the PROXY header that must stand first, in however many pieces it comes, and leaves the socket paused behind it. */
export class ProxyHeaderReader implements LongLived {
  readonly #socket: Socket;
  readonly #done: (result: ReceivedHeader | GatewayError) => void;
  readonly #timer: NodeJS.Timeout;
  #bytes: Buffer = Buffer.alloc(0);
  #over = false;

  /** @param done called once. */
  constructor(
    socket: Socket,
    done: (result: ReceivedHeader | GatewayError) => void,
    timeoutMs: number = HEADER_MS,
  ) {
    this.#socket = socket;
    this.#done = done;
    const late = () => this.#settle(new GatewayError('head_timeout', `no PROXY header in ${timeoutMs} ms`));
    this.#timer = setTimeout(late, timeoutMs);
    socket.on('data', this.#take).on('end', this.#left).on('close', this.#left).resume();
  }

  close(): void {
    this.#settle(new GatewayError('drained', 'the stream was changed, or the gateway is stopping'));
  }

  readonly #take = (chunk: Buffer): void => {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    const header = readProxyHeader(this.#bytes);
    if (header.kind === 'invalid')
      this.#settle(new GatewayError('bad_request', `PROXY protocol: ${header.why}`));
    if (header.kind === 'read')
      this.#settle({ connection: header.connection, rest: this.#bytes.subarray(header.length) });
  };

  readonly #left = (): void =>
    this.#settle(new GatewayError('client_left', 'the client left before its PROXY header was complete'));

  #settle(result: ReceivedHeader | GatewayError): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#socket.off('data', this.#take).off('end', this.#left).off('close', this.#left).pause();
    this.#done(result);
  }
}

const HEADER_MS = 10_000;
