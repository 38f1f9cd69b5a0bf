import { connect, type Socket } from 'node:net';
import { AnswerReader } from './answer-reader.ts';

/** What all connections of the generator count together. */
export interface Tally {
  requests: number;
  bytes: number;
  readonly latenciesMs: number[];
  /** What went wrong, and how often. */
  readonly failures: Map<string, number>;
}

/** One keep-alive connection that asks again as soon as it has its answer. A connection that fails is counted and not replaced. */
export class GeneratorConnection {
  readonly #socket: Socket;
  readonly #request: string;
  readonly #tally: Tally;
  readonly #answer = new AnswerReader();
  #sentAt = 0;
  #closing = false;

  constructor(url: string, tally: Tally) {
    const { hostname, port, host, pathname } = new URL(url);
    this.#tally = tally;
    this.#request = `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.#socket.on('connect', () => this.#ask());
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#socket.on('error', (error) => this.#fail(error.message));
    this.#socket.on('end', () => this.#fail('connection closed by the proxy'));
  }

  close(): void {
    this.#closing = true;
    this.#socket.destroy();
  }

  #ask(): void {
    this.#sentAt = performance.now();
    this.#socket.write(this.#request);
  }

  #read(chunk: Buffer): void {
    if (this.#closing) return;
    this.#tally.bytes += chunk.length;
    try {
      const status = this.#answer.push(chunk);
      if (status !== null) this.#answered(status);
    } catch (error) {
      this.#fail((error as Error).message);
    }
  }

  #answered(status: number): void {
    this.#tally.requests += 1;
    this.#tally.latenciesMs.push(performance.now() - this.#sentAt);
    if (status < 200 || status > 299) this.#count(`status ${status}`);
    this.#ask();
  }

  #fail(what: string): void {
    if (this.#closing) return;
    this.#count(what);
    this.close();
  }

  #count(what: string): void {
    this.#tally.failures.set(what, (this.#tally.failures.get(what) ?? 0) + 1);
  }
}
