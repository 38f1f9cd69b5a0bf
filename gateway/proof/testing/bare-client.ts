import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Reading, readAnswers, readRequests, type StrictAnswer } from './strict-reader.ts';
import { type Ending, markKitSocket } from './wire.ts';

/** Methods of the requests, where the bytes that were sent are no requests. */
const ANY: readonly string[] = Array.from({ length: 32 }, () => 'GET');

/** A client that sends bytes as they are, keeps all that comes, and has the strict reader read it. Needs no test around it. */
export class BareClient {
  readonly #socket: Socket;
  readonly #received: Buffer[] = [];
  #sent = Buffer.alloc(0);
  #ending: Ending | null = null;
  #stirred: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = markKitSocket(socket);
    socket
      .setNoDelay(true)
      .on('data', (chunk: Buffer) => this.#took(chunk))
      .on('end', () => this.#over('fin'))
      .on('error', () => this.#over('reset'))
      .on('close', () => this.#over('reset'));
  }

  /** @throws where nothing listens. */
  static async open(port: number): Promise<BareClient> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    return new BareClient(socket);
  }

  /** Sends each part in a write of its own, and lets the other side see it before the next one where it can. */
  async send(parts: readonly (string | Uint8Array)[]): Promise<void> {
    for (const [at, part] of parts.entries()) {
      const bytes = typeof part === 'string' ? Buffer.from(part, 'latin1') : part;
      this.#sent = Buffer.concat([this.#sent, bytes]);
      if (this.#socket.destroyed) return;
      this.#socket.write(bytes);
      if (at + 1 < parts.length) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  fin(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  get ending(): Ending | null {
    return this.#ending;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#received);
  }

  /** What came so far, read by what was sent so far; what no request can be made of counts as a GET. */
  read(): Reading<StrictAnswer> {
    const methods = readRequests(this.#sent).messages.map(({ method }) => method);
    return readAnswers(this.bytes, [...methods, ...ANY], this.#ending === 'fin');
  }

  /** Waits until this holds, asking again whenever bytes or an end have come. @returns whether it came to hold in time. */
  async until(holds: () => boolean, withinMs: number): Promise<boolean> {
    const deadline = performance.now() + withinMs;
    while (!holds()) {
      const left = deadline - performance.now();
      if (left <= 0) return false;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#stirred = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return true;
  }

  #took(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#stirred();
  }

  #over(how: Ending): void {
    this.#ending ??= how;
    this.#stirred();
  }
}
