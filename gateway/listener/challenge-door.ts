import type { Socket } from 'node:net';
import tls from 'node:tls';
import { ACME_TLS, type Challenges } from '../acme/challenges.ts';
import { FIRST_BYTES_TIMEOUT_MS, firstBytes } from './first-bytes.ts';
import { HANDSHAKE_TIMEOUT_MS } from './tls-door.ts';

/**
 * Validates names for certificate authorities by handshake (RFC 8737). The certificate of a handshake is chosen before Node reports the
 * offered protocols, so such a connection is recognised by its first record, and only while a validation is expected.
 */
export class ChallengeDoor {
  readonly #challenges: Challenges;
  /** Made for the first validation: most gateways never see one. */
  #server: tls.Server | null = null;
  readonly #recordTimeoutMs: number;

  /** @param recordTimeoutMs the time of a first record in all, however many pieces it comes in */
  constructor(challenges: Challenges, recordTimeoutMs = FIRST_BYTES_TIMEOUT_MS) {
    this.#challenges = challenges;
    this.#recordTimeoutMs = recordTimeoutMs;
  }

  /** Reads the first record whole if it may be a validation. @param take gets the bytes, and whether they are one */
  look(socket: Socket, read: Buffer, take: (bytes: Buffer, isValidation: boolean) => void): void {
    if (!this.#challenges.awaitsHandshakes) return take(read, false);
    const deadline = performance.now() + this.#recordTimeoutMs;
    const consider = (bytes: Buffer, reads: number): void => {
      if (isWhole(bytes) || reads > READS_MAX) return take(bytes, bytes.includes(ACME_TLS));
      const leftMs = Math.max(1, Math.ceil(deadline - performance.now()));
      firstBytes(socket, (more) => consider(Buffer.concat([bytes, more]), reads + 1), leftMs);
    };
    consider(read, 1);
  }

  /** @param socket with the bytes that were read of it given back */
  enter(socket: Socket): void {
    this.#server ??= this.#createServer();
    this.#server.emit('connection', socket);
  }

  #createServer(): tls.Server {
    const server = tls.createServer({
      ALPNProtocols: [ACME_TLS],
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      // Without a certificate there is no handshake.
      SNICallback: (name, done) => {
        const issued = this.#challenges.certificateFor(name);
        done(null, issued && tls.createSecureContext(issued));
      },
    });
    // The handshake was all (§3); the client need not close, too.
    const over = (_: unknown, socket: Socket) => void socket.destroy();
    return server
      .on('secureConnection', (socket) => socket.on('error', () => {}).destroySoon())
      .on('tlsClientError', over);
  }
}

/** RFC 8446 §5.1: type, version, length. */
function isWhole(record: Buffer): boolean {
  return record.length >= 5 && record.length >= 5 + record.readUInt16BE(3);
}

/** A client that sends byte by byte must not stay. */
const READS_MAX = 4;
