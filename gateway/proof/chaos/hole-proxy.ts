import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * What the proxy does with what passes, from the moment that it is said, on connections that stand as well.
 * `drop`: bytes vanish, and so do ends and resets, as where a firewall forgets a connection; `half-open`: bytes pass, but the end of one side
 * never reaches the other, as where a machine loses power; `stuck`: nothing is read any more, so that the sender's buffers fill.
 */
export type HoleMode =
  | { readonly kind: 'pass' | 'drop' | 'half-open' | 'stuck' }
  | { readonly kind: 'delay'; readonly ms: number };

/** A TCP proxy that delays, loses, or hides ends: the network at its worst, without the rights to change the real one. */
export class HoleProxy {
  #mode: HoleMode = { kind: 'pass' };
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #targetPort: number;

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
  }

  static async open(targetPort: number, port = 0): Promise<HoleProxy> {
    const proxy = new HoleProxy(targetPort);
    await once(proxy.#server.listen(port, '127.0.0.1'), 'listening');
    return proxy;
  }

  get mode(): HoleMode {
    return this.#mode;
  }

  set mode(mode: HoleMode) {
    this.#mode = mode;
    for (const socket of this.#sockets) {
      if (mode.kind === 'stuck') socket.pause();
      else socket.resume();
    }
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Sockets that it holds, on both sides. */
  get sockets(): number {
    return this.#sockets.size;
  }

  /** Breaks every connection with a reset. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    const service = connect({ port: this.#targetPort, host: '127.0.0.1', allowHalfOpen: true });
    this.#relay(client, service);
    this.#relay(service, client);
  }

  #relay(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (bytes: Buffer) => this.#pass(from, to, bytes));
    from.on('end', () => this.#tell(() => to.end()));
    // A reset comes as an error; `close` follows, and says it.
    from.on('error', () => {});
    from.once('close', (broken) => {
      this.#sockets.delete(from);
      this.#tell(() => broken && to.resetAndDestroy());
    });
  }

  #pass(from: Socket, to: Socket, bytes: Buffer): void {
    const { mode } = this;
    if (mode.kind === 'drop') return;
    if (mode.kind === 'delay') return void setTimeout(() => write(from, to, bytes), mode.ms);
    write(from, to, bytes);
  }

  /** An end takes as long as the bytes before it. */
  #tell(end: () => void): void {
    const { mode } = this;
    if (mode.kind === 'pass') end();
    else if (mode.kind === 'delay') setTimeout(end, mode.ms);
  }
}

function write(from: Socket, to: Socket, bytes: Buffer): void {
  if (!to.writable || to.write(bytes)) return;
  from.pause();
  to.once('drain', () => from.resume());
}
