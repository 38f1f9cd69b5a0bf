import type { Logger } from 'pino';
import type { HttpListener, PortMove } from '../listener/http.ts';
import { ListenError } from '../listener/listen-error.ts';
import type { GatewayConfig } from '../model/config.ts';
import { Refusal } from './reloader.ts';

export interface LivePortOptions {
  readonly listener: HttpListener;
  readonly log: Logger;
  /** The port comes from elsewhere than the file. */
  readonly fixed: boolean;
  /** Whether the ports of the start are open, and no stop has begun. */
  readonly ready: () => boolean;
}

/** Moves the gateway to the `port:` of a configuration that is being put to work. */
export class LivePort {
  readonly #options: LivePortOptions;
  #move: PortMove | null = null;

  constructor(options: LivePortOptions) {
    this.#options = options;
  }

  /** Not beside a port of its own for TLS either, which may be the same number. */
  mayMoveTo({ tls }: GatewayConfig): boolean {
    return !this.#options.fixed && !tls?.port;
  }

  /** Before anything changes: where the next port is taken, nothing does. @throws Refusal */
  async prepare(host: string, config: GatewayConfig): Promise<void> {
    const { listener, ready } = this.#options;
    this.#move = null;
    if (!ready() || !this.mayMoveTo(config) || config.port === listener.address.port) return;
    this.#move = await listener.prepareMove(host, config.port).catch((cause: unknown) => {
      if (!(cause instanceof ListenError)) throw cause;
      const mayPass = cause.reason === 'EADDRINUSE';
      const way = mayPass
        ? 'name another port, or free this one: it is tried for a minute, then at SIGHUP'
        : 'name another port';
      const message = `port: ${cause.message}; the gateway stays at ${listener.address.port}: ${way}`;
      throw new Refusal(message, { mayPass });
    });
  }

  cancel(): void {
    this.#move?.cancel();
    this.#move = null;
  }

  commit(): void {
    if (this.#move === null) return;
    const { listener, log } = this.#options;
    const { port: before } = listener.address;
    const moved = this.#move.commit();
    this.#move = null;
    if (moved) log.info({ ...listener.address, before }, 'the gateway listens on another port from now on');
  }
}
