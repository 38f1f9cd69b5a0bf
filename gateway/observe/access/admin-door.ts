import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Logger } from 'pino';
import type { Environment } from '../../config/load.ts';
import { firstBytes } from '../../listener/first-bytes.ts';
import { takeConnections } from '../../listener/node-listeners.ts';
import { TLS_HANDSHAKE, TlsDoor } from '../../listener/tls-door.ts';
import { TlsFiles } from '../../listener/tls-files.ts';
import type { GatewayConfig } from '../../model/config.ts';
import { newTicketSeed, TicketKeys } from '../../tls/ticket-keys.ts';

/** TLS of the admin listener, on the same port as plain HTTP: the first byte of a connection tells them apart. */
export class AdminDoor {
  readonly #files: TlsFiles;

  /** @param server before anybody listens to its connections: from now on it is given them by this. */
  constructor(server: Server, log: Logger, env: Environment) {
    const toNode = takeConnections(server);
    const door = new TlsDoor(toNode, new TicketKeys(newTicketSeed()), ['http/1.1']);
    this.#files = new TlsFiles(
      log,
      env,
      (settings) => void door.use(settings),
      ({ admin }) => admin?.tls ?? null,
    );
    server.on('connection', (socket: Socket) =>
      firstBytes(socket, (bytes) => {
        socket.pause();
        socket.unshift(bytes);
        process.nextTick(() => {
          if (bytes[0] === TLS_HANDSHAKE) return door.enter(socket);
          toNode(socket);
          socket.resume();
        });
      }),
    );
  }

  /** Reads the certificates, and follows them. @throws TlsError */
  async open(config: GatewayConfig): Promise<void> {
    (await this.#files.prepare(config))();
  }

  /** Those of another configuration; whether TLS is spoken is settled at the start. */
  follow(config: GatewayConfig): void {
    if (config.admin?.tls) void this.#files.follow(config);
  }

  close(): void {
    this.#files.stop();
  }
}

export function isOverTls({ socket }: IncomingMessage): boolean {
  return socket instanceof TLSSocket;
}
