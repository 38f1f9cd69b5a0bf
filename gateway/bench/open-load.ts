import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { AnswerReader } from './answer-reader.ts';
import { cpuMicroseconds } from './cpu.ts';

/** An open loop: requests come when they come, whether or not those before have been answered, as users do. */
export interface OpenLoadPlan {
  readonly url: string;
  /**
   * Users, each on a keep-alive connection of his own. Who still waits for an answer asks for nothing else: a request that finds nobody
   * free to ask it is lost, and counts as unanswered.
   */
  readonly connections: number;
  /** Requests that come in a second; `null`: as many as the answers allow (a closed loop). */
  readonly rate: number | null;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Whether who is answered 503 asks for nothing else for a second, as Retry-After told it. */
  readonly heedsRetryAfter: boolean;
  /** Process whose CPU time is measured. */
  readonly pid: number;
  /** An answer that comes later than this after its request came is of no use to anybody. */
  readonly patienceMs: number;
}

/** What became of the requests that came in the measured time. */
export interface OpenLoadResult {
  readonly seconds: number;
  readonly came: number;
  /** Answered 200 within the patience: the goodput. */
  readonly good: number;
  /** Answered 200, but too late. */
  readonly late: number;
  /** Answered 503. */
  readonly refused: number;
  /** Answered otherwise, or not at all before the connection ended. */
  readonly failed: number;
  /** Nobody was free to ask, or there was no answer until the end. */
  readonly unanswered: number;
  /** What the process used in the measured time. */
  readonly cpuMs: number;
  readonly goodP50Ms: number;
  readonly goodP99Ms: number;
  readonly refusedP99Ms: number;
  /** Connections that had to be made again. */
  readonly reconnects: number;
}

/** Offers one load, and ends by itself. */
export class OpenLoad {
  readonly #plan: OpenLoadPlan;
  readonly #all: LoadConnection[] = [];
  /** Who has waited longest asks first. */
  readonly #free = new Queue();
  readonly #resting: { readonly connection: LoadConnection; readonly untilMs: number }[] = [];
  #measuredFrom = Number.POSITIVE_INFINITY;
  #measuredTo = Number.POSITIVE_INFINITY;
  #came = 0;
  readonly #good: number[] = [];
  readonly #refused: number[] = [];
  #late = 0;
  #failed = 0;
  #reconnects = 0;
  #usedMs = 0;
  #over = false;

  constructor(plan: OpenLoadPlan) {
    this.#plan = plan;
  }

  async run(): Promise<OpenLoadResult> {
    const { connections, warmUpMs, measureMs, patienceMs, rate } = this.#plan;
    for (let i = 0; i < connections; i += OPENED_AT_ONCE)
      await this.#open(Math.min(OPENED_AT_ONCE, connections - i));
    const began = performance.now();
    this.#measuredFrom = began + warmUpMs;
    this.#measuredTo = this.#measuredFrom + measureMs;
    const cpu = this.#cpuMs();
    await (rate === null ? this.#askAlways() : this.#askAtRate(rate, began));
    this.#usedMs = await cpu;
    // What came at the end may take as long as what came before.
    await sleep(rate === null ? 0 : patienceMs);
    this.#over = true;
    for (const connection of this.#all) connection.close();
    return this.#result();
  }

  async #open(count: number): Promise<void> {
    const opened = Array.from({ length: count }, () => new LoadConnection(this.#plan.url, this));
    await Promise.all(opened.map((connection) => connection.connect()));
    this.#all.push(...opened);
    for (const connection of opened) this.#free.push(connection);
  }

  async #askAlways(): Promise<void> {
    for (let i = this.#all.length; i > 0; i--) this.#arrive(performance.now());
    await sleep(this.#measuredTo - performance.now());
    this.#over = true;
  }

  async #askAtRate(rate: number, began: number): Promise<void> {
    let issued = 0;
    for (let now = began; now < this.#measuredTo; now = performance.now()) {
      for (const due = ((now - began) * rate) / 1000; issued < due; issued++)
        this.#arrive(began + (issued * 1000) / rate);
      this.#rested(now);
      await sleep(1);
    }
  }

  #arrive(cameAt: number): void {
    if (this.#isMeasured(cameAt)) this.#came++;
    this.#free.shift()?.ask(cameAt);
  }

  async #cpuMs(): Promise<number> {
    await sleep(this.#measuredFrom - performance.now());
    const before = cpuMicroseconds(this.#plan.pid);
    await sleep(this.#measuredTo - performance.now());
    return (cpuMicroseconds(this.#plan.pid) - before) / 1000;
  }

  #isMeasured(cameAt: number): boolean {
    return cameAt >= this.#measuredFrom && cameAt < this.#measuredTo;
  }

  // What a connection tells.

  answered(connection: LoadConnection, status: number, cameAt: number): void {
    const now = performance.now();
    if (this.#isMeasured(cameAt)) this.#count(status, now - cameAt);
    if (status !== 503 || !this.#plan.heedsRetryAfter) this.freed(connection, now);
    else this.#resting.push({ connection, untilMs: now + RETRY_AFTER_MS });
  }

  /** Who was refused, and has waited. */
  #rested(now: number): void {
    while (this.#resting.length > 0 && this.#resting[0]!.untilMs <= now)
      this.freed(this.#resting.shift()!.connection);
  }

  #count(status: number, tookMs: number): void {
    if (status === 503) this.#refused.push(tookMs);
    else if (status !== 200) this.#failed++;
    else if (tookMs <= this.#plan.patienceMs) this.#good.push(tookMs);
    else this.#late++;
  }

  freed(connection: LoadConnection, now = performance.now()): void {
    if (this.#over) return;
    this.#free.push(connection);
    if (this.#plan.rate === null) this.#arrive(now);
  }

  /** Its connection ended. @param cameAt of the request under way; `null`: there was none. */
  lost(connection: LoadConnection, cameAt: number | null): void {
    if (this.#over) return;
    this.#reconnects++;
    if (cameAt !== null && this.#isMeasured(cameAt)) this.#failed++;
    this.#free.delete(connection);
    setTimeout(() => {
      if (!this.#over) void connection.connect().then(() => this.freed(connection));
    }, RECONNECT_AFTER_MS);
  }

  #result(): OpenLoadResult {
    const [good, refused] = [this.#good.toSorted(ascending), this.#refused.toSorted(ascending)];
    const answered = good.length + refused.length + this.#late + this.#failed;
    return {
      seconds: this.#plan.measureMs / 1000,
      came: this.#came,
      good: good.length,
      late: this.#late,
      refused: refused.length,
      failed: this.#failed,
      unanswered: this.#came - answered,
      cpuMs: this.#usedMs,
      goodP50Ms: quantile(good, 0.5),
      goodP99Ms: quantile(good, 0.99),
      refusedP99Ms: quantile(refused, 0.99),
      reconnects: this.#reconnects,
    };
  }
}

const OPENED_AT_ONCE = 100;
const RETRY_AFTER_MS = 1_000;
const RECONNECT_AFTER_MS = 100;

/** First in, first out, of which any may leave. */
class Queue {
  readonly #all = new Set<LoadConnection>();

  push(connection: LoadConnection): void {
    this.#all.add(connection);
  }

  shift(): LoadConnection | undefined {
    for (const first of this.#all) {
      this.#all.delete(first);
      return first;
    }
    return undefined;
  }

  delete(connection: LoadConnection): void {
    this.#all.delete(connection);
  }
}

/** One keep-alive connection, which is made again when it ends. */
class LoadConnection {
  readonly #url: URL;
  readonly #request: string;
  readonly #load: OpenLoad;
  #socket: Socket | null = null;
  #reader = new AnswerReader();
  #cameAt: number | null = null;

  constructor(url: string, load: OpenLoad) {
    this.#url = new URL(url);
    this.#request = `GET ${this.#url.pathname} HTTP/1.1\r\nHost: ${this.#url.host}\r\n\r\n`;
    this.#load = load;
  }

  /** Resolves when it is open, or has been given up. */
  connect(): Promise<void> {
    const { hostname, port } = this.#url;
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.#socket = socket;
    this.#reader = new AnswerReader();
    socket.on('data', (chunk: Buffer) => this.#read(chunk)).on('error', () => {});
    return new Promise((resolve) => {
      socket.once('connect', resolve).once('close', () => {
        const cameAt = this.#cameAt;
        this.#cameAt = null;
        this.#load.lost(this, cameAt);
        resolve();
      });
    });
  }

  ask(cameAt: number): void {
    this.#cameAt = cameAt;
    this.#socket!.write(this.#request, 'latin1');
  }

  #read(chunk: Buffer): void {
    try {
      const status = this.#reader.push(chunk);
      const cameAt = this.#cameAt;
      if (status === null || cameAt === null) return;
      this.#cameAt = null;
      this.#load.answered(this, status, cameAt);
    } catch {
      this.#socket!.destroy();
    }
  }

  close(): void {
    this.#socket?.destroy();
  }
}

function ascending(a: number, b: number): number {
  return a - b;
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
