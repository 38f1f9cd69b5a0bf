import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMicroseconds } from '../testing/cpu.ts';
import { AnswerReader } from './answer-reader.ts';
import { LoadClock } from './load-clock.ts';

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
  /** `process`: the time in which it waits for a CPU is left out. */
  readonly clock: 'wall' | 'process';
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
  readonly #clock: LoadClock;
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
    this.#clock = new LoadClock(plan.clock === 'process' ? plan.pid : null);
  }

  async run(): Promise<OpenLoadResult> {
    const { connections, warmUpMs, measureMs, patienceMs, rate } = this.#plan;
    for (let i = 0; i < connections; i += OPENED_AT_ONCE)
      await this.#open(Math.min(OPENED_AT_ONCE, connections - i));
    this.#clock.look();
    const began = this.#clock.nowMs;
    this.#measuredFrom = began + warmUpMs;
    this.#measuredTo = this.#measuredFrom + measureMs;
    await this.#ask(rate, began);
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

  /** @throws Error where the process gets so little of a CPU that its clock hardly moves. */
  async #ask(rate: number | null, began: number): Promise<void> {
    const clock = this.#clock;
    const deadline = performance.now() + GIVEN_UP_MS;
    let issued = 0;
    let cpuFrom = 0;
    if (rate === null) for (const _ of this.#all) this.#arrive(began);
    for (; clock.nowMs < this.#measuredTo; clock.look()) {
      const due = rate === null ? 0 : ((clock.nowMs - began) * rate) / 1000;
      for (; issued < due; issued++) this.#arrive(began + (issued * 1000) / rate!);
      this.#rested(clock.nowMs);
      if (cpuFrom === 0 && clock.nowMs >= this.#measuredFrom) cpuFrom = cpuMicroseconds(this.#plan.pid);
      if (performance.now() > deadline) throw new Error('the load was not over in three minutes');
      await sleep(1);
    }
    this.#usedMs = (cpuMicroseconds(this.#plan.pid) - cpuFrom) / 1000;
    this.#over = rate === null;
  }

  #arrive(cameAt: number): void {
    if (this.#isMeasured(cameAt)) this.#came++;
    this.#free.shift()?.ask(cameAt);
  }

  #isMeasured(cameAt: number): boolean {
    return cameAt >= this.#measuredFrom && cameAt < this.#measuredTo;
  }

  // What a connection tells.

  answered(connection: LoadConnection, status: number, cameAt: number): void {
    if (this.#isMeasured(cameAt)) this.#count(status, this.#clock.nowMs - cameAt);
    if (status !== 503 || !this.#plan.heedsRetryAfter) this.freed(connection);
    else this.#resting.push({ connection, untilMs: this.#clock.nowMs + RETRY_AFTER_MS });
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

  freed(connection: LoadConnection): void {
    if (this.#over) return;
    this.#free.push(connection);
    if (this.#plan.rate === null) this.#arrive(this.#clock.nowMs);
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
const GIVEN_UP_MS = 180_000;
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
