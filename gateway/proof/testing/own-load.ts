import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Processes } from './processes.ts';
import { quantile } from './statistics.ts';

/**
 * A load of our own, for what neither wrk nor autocannon can do: an open loop, in which requests are due evenly at a given rate and latency counts from when
 * each was due (wrk knows closed loops only; autocannon sends a second's requests in one burst), and messages through a tunnel.
 */
export interface OwnLoad {
  readonly url: string;
  /** Keep-alive connections, with one question at a time on each. One that fails is counted, and not replaced. */
  readonly connections: number;
  readonly seconds: number;
  /** Of a message through a WebSocket, at most 125; 0: the questions are GETs, with answers that say their length. */
  readonly messageBytes: number;
  /** Questions due in a second, whether those before have been answered or not; `null`: the next goes out as soon as an answer is there. */
  readonly perSecond: number | null;
  /** An answer that comes later than this after its question was due is late; default never. */
  readonly patienceMs?: number;
  /** A question that finds no connection free for longer than this is lost; default never. */
  readonly freeWithinMs?: number;
}

export interface OwnLoadResult {
  readonly seconds: number;
  /** Received, heads included. */
  readonly bytes: number;
  /** By status; 200 stands for a message that came back. */
  readonly answers: Readonly<Record<number, Answers>>;
  /** Questions that found no connection free. */
  readonly lost: number;
  /** Errors in words, and how often each happened. */
  readonly failures: Readonly<Record<string, number>>;
}

interface Answers {
  readonly count: number;
  readonly inTime: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Runs it in a process of its own. @throws Error where that fails. */
export async function runOwnLoad(
  processes: Processes,
  load: OwnLoad,
  cpu: number | null = null,
): Promise<OwnLoadResult> {
  const program = fileURLToPath(new URL('own-load-program.ts', import.meta.url));
  const generator = await processes.start([process.execPath, program, JSON.stringify(load)], { cpu });
  const { code } = await generator.ended;
  if (code !== 0) throw new Error(`the load generator failed (${generator.end}): ${generator.complaint()}`);
  return JSON.parse(generator.stdout) as OwnLoadResult;
}

/** Offers one load, and ends by itself. */
export class LoadGenerator {
  readonly #load: OwnLoad;
  readonly #patienceMs: number;
  readonly #freeWithinMs: number;
  /** The one that has waited longest is asked first, so that all of them stay in use. */
  readonly #free: Connection[] = [];
  readonly #tookMs = new Map<number, number[]>();
  readonly #failures = new Map<string, number>();
  #bytes = 0;
  #lost = 0;
  #dueAt = 0;

  constructor(load: OwnLoad) {
    this.#load = load;
    this.#patienceMs = load.patienceMs ?? Number.POSITIVE_INFINITY;
    this.#freeWithinMs = load.freeWithinMs ?? Number.POSITIVE_INFINITY;
  }

  async run(): Promise<OwnLoadResult> {
    const { connections, seconds, perSecond } = this.#load;
    const all = Array.from({ length: connections }, () => new Connection(this.#load, this));
    await Promise.all(all.map((each) => each.ready));
    const began = performance.now();
    this.#dueAt = began;
    if (perSecond === null) for (const connection of this.#free.splice(0)) connection.ask(began);
    const ticking = setInterval(() => this.#askDue(), 1);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    clearInterval(ticking);
    for (const connection of all) connection.close();
    return this.#result((performance.now() - began) / 1_000);
  }

  /** It may be asked something. */
  freed(connection: Connection): void {
    if (this.#load.perSecond === null && this.#dueAt > 0) return connection.ask(performance.now());
    this.#free.push(connection);
    if (this.#dueAt > 0) this.#askDue();
  }

  answered(connection: Connection, status: number, tookMs: number): void {
    const times = this.#tookMs.get(status) ?? [];
    this.#tookMs.set(status, times);
    times.push(tookMs);
    // A client that honours Retry-After stays quiet for a second.
    if (status === 503) setTimeout(() => this.freed(connection), REST_MS);
    else this.freed(connection);
  }

  received(bytes: number): void {
    this.#bytes += bytes;
  }

  failed(what: string): void {
    this.#failures.set(what, (this.#failures.get(what) ?? 0) + 1);
  }

  #askDue(): void {
    const { perSecond } = this.#load;
    if (perSecond === null) return;
    for (const now = performance.now(); this.#dueAt <= now; this.#dueAt += 1_000 / perSecond) {
      const connection = this.#free.shift();
      if (connection !== undefined) connection.ask(this.#dueAt);
      else if (now - this.#dueAt > this.#freeWithinMs) this.#lost++;
      else return;
    }
  }

  #result(seconds: number): OwnLoadResult {
    const answers = [...this.#tookMs].map(([status, times]) => {
      const inTime = times.filter((ms) => ms <= this.#patienceMs).length;
      return [
        status,
        { count: times.length, inTime, p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) },
      ];
    });
    const failures = Object.fromEntries(this.#failures);
    return { seconds, bytes: this.#bytes, answers: Object.fromEntries(answers), lost: this.#lost, failures };
  }
}

const REST_MS = 1_000;

class Connection {
  /** Resolves when it may be asked, or has failed. */
  readonly ready: Promise<void>;
  readonly #generator: LoadGenerator;
  readonly #socket: Socket;
  readonly #question: Buffer;
  readonly #messageBytes: number;
  #opened = () => {};
  #received = '';
  #dueAt = 0;
  #open: boolean;
  #closing = false;

  constructor({ url, messageBytes }: OwnLoad, generator: LoadGenerator) {
    const { hostname, port, host, pathname } = new URL(url);
    const head = `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n`;
    this.#generator = generator;
    this.#messageBytes = messageBytes;
    this.#question = messageBytes > 0 ? maskedText(messageBytes) : Buffer.from(`${head}\r\n`);
    this.#open = messageBytes === 0;
    this.ready = new Promise((resolve) => {
      this.#opened = resolve;
    });
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true })
      .on('connect', () => (this.#open ? this.#becomeReady() : this.#socket.write(head + UPGRADE)))
      .on('data', (chunk: Buffer) => this.#read(chunk))
      .on('error', (error) => this.#fail(error.message))
      .on('end', () => this.#fail('connection closed by the proxy'));
  }

  /** @param dueAt from when on its latency counts, as `performance.now()`. */
  ask(dueAt: number): void {
    this.#dueAt = dueAt;
    this.#socket.write(this.#question);
  }

  close(): void {
    this.#closing = true;
    this.#socket.destroy();
    this.#opened();
  }

  #becomeReady(): void {
    this.#open = true;
    this.#generator.freed(this);
    this.#opened();
  }

  #read(chunk: Buffer): void {
    if (this.#closing) return;
    this.#generator.received(chunk.length);
    this.#received += chunk.toString('latin1');
    const status = this.#open && this.#messageBytes > 0 ? this.#echoed() : this.#answer();
    if (status === null) return;
    this.#received = '';
    if (status === 101) return this.#becomeReady();
    const tookMs = performance.now() - this.#dueAt;
    if (status < 200 || status > 299) this.#generator.failed(`status ${status}`);
    this.#generator.answered(this, status, tookMs);
  }

  #echoed(): number | null {
    return this.#received.length < this.#messageBytes + FRAME_HEAD_BYTES ? null : 200;
  }

  /** The status of an answer that is whole. */
  #answer(): number | null {
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return null;
    const head = this.#received.slice(0, end + 2);
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
    const length = status === 101 ? 0 : Number(/\r\ncontent-length:[ \t]*(\d+)\r\n/i.exec(head)?.[1]);
    const left = end + 4 + length - this.#received.length;
    if (left > 0) return null;
    if (left === 0) return status;
    this.#fail(Number.isNaN(left) ? 'an answer without a length' : 'bytes after the end of an answer');
    return null;
  }

  #fail(what: string): void {
    if (this.#closing) return;
    this.#generator.failed(what);
    this.close();
  }
}

const FRAME_HEAD_BYTES = 6;

/** RFC 6455 §4.1, with a fixed key: neither gateway nor service checks that it is random. */
const UPGRADE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: cG9ydHdheSBiZW5jaG1hcmsh\r\n\r\n';

/** One masked text frame (RFC 6455 §5.2). */
function maskedText(bytes: number): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | bytes, 0, 0, 0, 0]), Buffer.alloc(bytes, 'x')]);
}
