import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { PATIENCE_MS, succeeds } from './poll.ts';
import { type Reading, readAnswers, readRequests, type StrictAnswer } from './strict-reader.ts';
import { Wire } from './wire.ts';

/** Methods of the requests, where the bytes that were sent are no requests. */
const ANY: readonly string[] = Array.from({ length: 32 }, () => 'GET');

/** A client that sends bytes as they are, keeps all that come, and has the strict reader read them. Needs no test around it. */
export class BareClient extends Wire {
  #sent = Buffer.alloc(0);

  private constructor(socket: Socket, name: string) {
    super(socket, name);
    // A reset takes away what was not read before it.
    socket.on('readable', () => this.unread());
  }

  /** @throws where nothing listens. */
  static async open(port: number): Promise<BareClient> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    return new BareClient(socket, `bare client of port ${port}`);
  }

  /** Sends each part in a write of its own, and lets the other side see it before the next one where it can. */
  async sendParts(parts: readonly (string | Uint8Array)[]): Promise<void> {
    for (const [at, part] of parts.entries()) {
      const bytes = typeof part === 'string' ? Buffer.from(part, 'latin1') : part;
      this.#sent = Buffer.concat([this.#sent, bytes]);
      if (this.socket.destroyed) return;
      this.socket.write(bytes);
      if (at + 1 < parts.length) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** What came so far, read by what was sent so far; what no request can be made of counts as a GET. */
  read(): Reading<StrictAnswer> {
    const methods = readRequests(this.#sent).messages.map(({ method }) => method);
    return readAnswers(this.unread(), [...methods, ...ANY], this.ended === 'fin');
  }

  /** Waits until this holds, asking again whenever bytes have come, or the connection has ended. @returns whether either came in time. */
  sees(holds: () => boolean, withinMs = PATIENCE_MS): Promise<boolean> {
    return succeeds(
      this.take('what it waits for', () => (this.ended !== null || holds() ? 0 : null), withinMs),
    );
  }
}
