import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import tls from 'node:tls';
import { ServerContexts, type TlsSettings } from '../tls/settings.ts';

/**
 * Where TLS towards clients ends. It listens nowhere: it is given sockets whose first byte begins a handshake. Each change of the settings
 * makes a server of its own: handshakes under way end on the one that they began on, and connections outlive it.
 */
export class TlsDoor {
  readonly #secured: (socket: tls.TLSSocket) => void;
  /** Of session tickets (RFC 8446 §4.6.1): the same over changes of the settings, so that sessions are resumed. */
  readonly #ticketKeys = randomBytes(48);
  #server: tls.Server | null = null;
  /** Handshakes that came to nothing. */
  failures = 0;

  /** @param secured is given each connection whose handshake is done. */
  constructor(secured: (socket: tls.TLSSocket) => void) {
    this.#secured = secured;
  }

  /** Whether TLS is spoken. */
  get open(): boolean {
    return this.#server !== null;
  }

  use(settings: TlsSettings | null): void {
    this.#server = settings && this.#serverOf(settings);
  }

  /** @param socket with what was read of it given back. It must not read by a read buffer of the wire lane. */
  enter(socket: Socket): void {
    if (this.#server) this.#server.emit('connection', socket);
    else socket.destroy();
  }

  #serverOf(settings: TlsSettings): tls.Server {
    const { pairs, minVersion, clients } = settings;
    const { cert, key } = pairs[0]!;
    const contexts = new ServerContexts(settings);
    const server = tls.createServer({
      cert,
      key,
      minVersion,
      ALPNProtocols: ['h2', 'http/1.1'],
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      ticketKeys: this.#ticketKeys,
      // Without one, the context of the server itself is taken.
      SNICallback: (name, done) => done(null, contexts.get(name)),
      ...(clients && { ca: clients.ca, requestCert: true, rejectUnauthorized: clients.required }),
    });
    return server.on('secureConnection', this.#secured).on('tlsClientError', (_cause, socket) => {
      this.failures++;
      // Node leaves the connection of a client that takes too long.
      socket.destroy();
    });
  }
}

/** The first byte of a TLS record that carries a handshake (RFC 8446 §5.1). No method of HTTP begins with it. */
export const TLS_HANDSHAKE = 0x16;
export const HANDSHAKE_TIMEOUT_MS = 10_000;
