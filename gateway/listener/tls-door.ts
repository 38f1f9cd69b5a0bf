import type { Socket } from 'node:net';
import tls from 'node:tls';
import { HANDSHAKE_RULES, ServerContexts, type TlsSettings } from '../tls/settings.ts';
import type { TicketKeys } from '../tls/ticket-keys.ts';

/**
 * Where TLS towards clients ends. It listens nowhere: it is given sockets whose first byte begins a handshake. Each change of the settings
 * makes a server of its own: handshakes under way end on the one that they began on, and connections outlive it, unless the rules for client
 * certificates are others now.
 */
export class TlsDoor {
  readonly #secured: (socket: tls.TLSSocket) => void;
  /** That clients may choose from (RFC 7301). */
  readonly #protocols: readonly string[];
  /** The same over changes of the settings, so that sessions are resumed. */
  readonly #tickets: TicketKeys;
  #settings: TlsSettings | null = null;
  #server: tls.Server | null = null;
  /** Handshakes that came to nothing. */
  failures = 0;

  /** @param secured is given each connection whose handshake is done. */
  constructor(
    secured: (socket: tls.TLSSocket) => void,
    tickets: TicketKeys,
    protocols: readonly string[] = ['h2', 'http/1.1'],
  ) {
    this.#secured = secured;
    this.#protocols = protocols;
    this.#tickets = tickets;
  }

  /** Whether TLS is spoken. */
  get open(): boolean {
    return this.#server !== null;
  }

  /** @returns whether the certificates of clients are judged otherwise than before. */
  use(settings: TlsSettings | null): boolean {
    const before = this.#settings?.clients ?? null;
    this.#settings = settings;
    this.#server = settings && this.#serverOf(settings);
    return this.open && !isSame(before, settings?.clients ?? null);
  }

  /** @param socket with the bytes that were read of it given back, and without a read buffer of the wire lane */
  enter(socket: Socket): void {
    const server = this.#server;
    if (!server) return void socket.destroy();
    if (this.#tickets.advance()) server.setTicketKeys(this.#tickets.keys(this.#settings!.clients));
    giveBackInPieces(socket);
    // Node takes what was read of a flowing socket piece by piece, in a tick of its own. Ticks that the pieces began come before this one.
    process.nextTick(() => socket.resume());
    server.emit('connection', socket);
  }

  #serverOf(settings: TlsSettings): tls.Server {
    const { pairs, minVersion, clients } = settings;
    const { cert, key } = pairs[0]!;
    const contexts = new ServerContexts(settings);
    const server = tls.createServer({
      cert,
      key,
      minVersion,
      ...HANDSHAKE_RULES,
      ALPNProtocols: [...this.#protocols],
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      ticketKeys: this.#tickets.keys(clients),
      // Node takes the command line, which replicas need not have in common. A listener with other rules for client certificates has other keys.
      sessionIdContext: 'portway',
      // Without one, the context of the server itself is taken.
      SNICallback: (name, done) => done(null, contexts.get(name)),
      ...(clients && { ca: clients.ca, requestCert: true, rejectUnauthorized: clients.required }),
    });
    const secured = (socket: tls.TLSSocket) => {
      // Of a handshake that was under way: under the rules of now it has proven nothing.
      const isJudged = this.#settings === null || isSame(clients, this.#settings.clients);
      if (isJudged) this.#secured(socket);
      else socket.destroy();
    };
    return server.on('secureConnection', secured).on('tlsClientError', (_cause, socket) => {
      this.failures++;
      // Node leaves the connection of a client that takes too long.
      socket.destroy();
    });
  }
}

/**
 * Node keeps received bytes of a connection in a block that is as long as the first piece, but at least 1 KiB; once it is full, another one
 * of 16 KiB follows, and both stay. The first record of today's browsers is longer than 1 KiB, because of its key for ML-KEM.
 */
function giveBackInPieces(socket: Socket): void {
  const bytes = (socket.read() as Buffer | null) ?? Buffer.alloc(0);
  for (let end = bytes.length; end > 0; end -= PIECE_BYTES)
    socket.unshift(bytes.subarray(Math.max(0, end - PIECE_BYTES), end));
}

const PIECE_BYTES = 512;

function isSame(one: TlsSettings['clients'], other: TlsSettings['clients']): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The first byte of a TLS record that carries a handshake (RFC 8446 §5.1). No method of HTTP begins with it. */
export const TLS_HANDSHAKE = 0x16;
export const HANDSHAKE_TIMEOUT_MS = 10_000;
