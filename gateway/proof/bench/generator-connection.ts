import { connect, type Socket } from 'node:net';
import { AnswerReader } from './answer-reader.ts';
import type { LoadPlan } from './load.ts';

/** What all connections of the generator count together. */
export interface Tally {
  requests: number;
  bytes: number;
  readonly latenciesMs: number[];
  /** What went wrong, and how often. */
  readonly failures: Map<string, number>;
}

/**
 * One connection that asks when it is told to, one question at a time: requests on a keep-alive connection, or messages through a tunnel.
 * A connection that fails is counted and not replaced.
 */
export class GeneratorConnection {
  readonly #socket: Socket;
  readonly #question: Buffer;
  readonly #tally: Tally;
  readonly #idle: (connection: GeneratorConnection) => void;
  readonly #reader: { push(chunk: Buffer): number | null };
  #sentAt = 0;
  #closing = false;

  /** @param idle is told whenever the connection may be asked something. */
  constructor(plan: LoadPlan, tally: Tally, idle: (connection: GeneratorConnection) => void) {
    const { hostname, port } = new URL(plan.url);
    const tunnel = plan.load === 'tunnel';
    this.#tally = tally;
    this.#idle = idle;
    this.#question = tunnel ? messageOf(plan) : requestOf(plan);
    this.#reader = tunnel ? new EchoReader(this.#question.length) : new AnswerReader();
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.#socket.on('connect', () => (tunnel ? this.#socket.write(handshakeOf(plan)) : this.#idle(this)));
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#socket.on('error', (error) => this.#fail(error.message));
    this.#socket.on('end', () => this.#fail('connection closed by the proxy'));
  }

  close(): void {
    this.#closing = true;
    this.#socket.destroy();
  }

  /** @param dueAt from when on its latency counts, as `performance.now()`. */
  ask(dueAt: number): void {
    this.#sentAt = dueAt;
    this.#socket.write(this.#question);
  }

  #read(chunk: Buffer): void {
    if (this.#closing) return;
    this.#tally.bytes += chunk.length;
    try {
      const status = this.#reader.push(chunk);
      if (status !== null) this.#answered(status);
    } catch (error) {
      this.#fail((error as Error).message);
    }
  }

  #answered(status: number): void {
    // The answer to the handshake was no question of ours.
    if (status !== 101) this.#count(status);
    if (!this.#closing) this.#idle(this);
  }

  #count(status: number): void {
    this.#tally.requests += 1;
    this.#tally.latenciesMs.push(performance.now() - this.#sentAt);
    if (status < 200 || status > 299) this.#note(`status ${status}`);
  }

  #fail(what: string): void {
    if (this.#closing) return;
    this.#note(what);
    this.close();
  }

  #note(what: string): void {
    this.#tally.failures.set(what, (this.#tally.failures.get(what) ?? 0) + 1);
  }
}

function requestOf({ url, requestBytes }: LoadPlan): Buffer {
  const { host, pathname } = new URL(url);
  const line = (method: string) => `${method} ${pathname} HTTP/1.1\r\nHost: ${host}\r\n`;
  if (requestBytes === 0) return Buffer.from(`${line('GET')}\r\n`);
  return Buffer.from(`${line('POST')}Content-Length: ${requestBytes}\r\n\r\n${'x'.repeat(requestBytes)}`);
}

/** RFC 6455 §4.1, with a key that means nothing: nobody on the way looks at it. */
function handshakeOf({ url }: LoadPlan): string {
  const { host, pathname } = new URL(url);
  const key = 'cG9ydHdheSBiZW5jaG1hcmsh';
  return `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`;
}

/** One masked text frame (RFC 6455 §5.2). */
function messageOf({ requestBytes }: LoadPlan): Buffer {
  return Buffer.concat([
    Buffer.from([0x81, 0x80 | requestBytes, 0, 0, 0, 0]),
    Buffer.alloc(requestBytes, 'x'),
  ]);
}

/** The answer to the handshake, then as many bytes for each message as it had. */
class EchoReader {
  readonly #messageBytes: number;
  #head = '';
  #open = false;
  #received = 0;

  constructor(messageBytes: number) {
    this.#messageBytes = messageBytes;
  }

  /** @returns 101 for the handshake, 200 for a whole message, `null` in between. @throws Error where there is no tunnel. */
  push(chunk: Buffer): number | null {
    if (!this.#open) return this.#handshake(chunk);
    this.#received += chunk.length;
    if (this.#received < this.#messageBytes) return null;
    this.#received -= this.#messageBytes;
    return 200;
  }

  #handshake(chunk: Buffer): number | null {
    this.#head += chunk.toString('latin1');
    if (!this.#head.endsWith('\r\n\r\n')) return null;
    if (!this.#head.startsWith('HTTP/1.1 101 ')) throw new Error(`no tunnel: ${this.#head.split('\r')[0]}`);
    this.#open = true;
    return 101;
  }
}
