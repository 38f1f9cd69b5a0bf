import type { Http2Session } from 'node:http2';
import type { Socket } from 'node:net';

/**
 * Watches an HTTP/2 connection, to a client or a service, by the number of bytes that arrive: whether the peer is still there, and whether
 * it floods frames that carry no messages. Its owner calls `look` every few seconds.
 */
export class H2Vigil {
  readonly #socket: Socket;
  readonly #session: Http2Session;
  #seenBytes: number;
  #heardAt = performance.now();
  #asked = false;
  #frames = 0;
  #framesSince = 0;

  constructor(socket: Socket, session: Http2Session) {
    this.#socket = socket;
    this.#session = session;
    this.#seenBytes = socket.bytesRead;
  }

  /** Until now nothing was waited for. */
  restart(): void {
    this.#heardAt = performance.now();
    this.#asked = false;
  }

  /**
   * @param askAfterMs after so much silence a PING is sent (RFC 9113 §6.7), which every live peer acknowledges
   * @returns the bytes since the last look, and for how many milliseconds none have arrived
   */
  look(askAfterMs: number): { readonly bytes: number; readonly silentMs: number } {
    const now = performance.now();
    const bytes = this.#socket.bytesRead - this.#seenBytes;
    this.#seenBytes += bytes;
    if (bytes > 0) this.restart();
    const silentMs = now - this.#heardAt;
    if (silentMs >= askAfterMs && !this.#asked && !this.#session.destroyed) {
      this.#asked = true;
      this.#session.ping(() => {});
    }
    return { bytes, silentMs };
  }

  /**
   * Counts frames that carry no part of a message. PING and SETTINGS may be sent, but not for nothing else (CVE-2019-9512, CVE-2019-9515).
   * @returns whether there were too many of them in a second
   */
  noteFrame(): boolean {
    const now = performance.now();
    if (now - this.#framesSince > 1_000) {
      this.#framesSince = now;
      this.#frames = 0;
    }
    return ++this.#frames > FRAMES_PER_SECOND_MAX;
  }
}

/** More than gRPC clients send to measure their bandwidth. */
const FRAMES_PER_SECOND_MAX = 2_000;
