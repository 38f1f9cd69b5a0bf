import type { Logger } from 'pino';
import { OwnAnswer } from '../answer/own-answer.ts';
import type { ClientExchange } from '../exchange/client-exchange.ts';
import { IdentitySource } from '../exchange/identity.ts';
import type { OverloadConfig } from '../model/config.ts';
import { LoopWatch } from './loop-watch.ts';
import { MemoryPressure } from './memory-pressure.ts';
import { Refusal } from './refusal.ts';
import { SetAside } from './set-aside.ts';
import { Shedding } from './shedding.ts';

/** How the process copes, for status pages and metrics. */
export interface OverloadStatus {
  readonly pid: number;
  readonly state: 'normal' | 'shedding';
  /** The reason for refusing requests. */
  readonly reason: 'event loop' | 'memory' | null;
  /** Share of new requests that is refused now, 0..1. */
  readonly share: number;
  /** Requests refused since the start. */
  readonly refused: number;
  /** How late the event loop was at the newest look, and at worst in the last 10 to 20 seconds. */
  readonly eventLoopDelayMs: number;
  readonly eventLoopDelayMaxMs: number;
  readonly residentBytes: number;
  /** When refusing began, in milliseconds since the epoch; `null`: it is not going on. */
  readonly since: number | null;
  /** Connections that were refused and from which nothing is read now. */
  readonly setAside: number;
  /** Times that it began since the start. */
  readonly episodes: number;
}

export interface OverloadOptions {
  /** `null`: measured, and never acted upon. */
  readonly config: () => OverloadConfig | null;
  readonly log: Logger;
  /** Called for each look at the event loop. */
  readonly seen?: (delayMs: number) => void;
  readonly memory?: MemoryPressure;
  /** 0..1, evenly. */
  readonly chance?: () => number;
}

/** One overload, from its first refusal to a calm second. */
interface Episode {
  readonly since: number;
  readonly refusedBefore: number;
  delayMaxMs: number;
  shareMax: number;
}

/** Watches event loop and memory of the process, and decides which new requests are refused. */
export class Overload {
  readonly #options: OverloadOptions;
  readonly #shedding = new Shedding(Number.POSITIVE_INFINITY);
  readonly #memory: MemoryPressure;
  readonly #watch = new LoopWatch((delay, now) => this.observe(delay, now));
  readonly #chance: () => number;
  readonly #identity = new IdentitySource();
  readonly #setAside = new SetAside();
  #refusal = new Refusal(1_000);
  /** Worst delays, of the running ten seconds and of those before. */
  readonly #worst = { nowMs: 0, beforeMs: 0, turnsAt: 0 };
  /** Whether anything may be refused: where the configuration has it off, nothing needs to be asked for a request. */
  acts = true;
  #share = 0;
  #delayMs = 0;
  #asked = 0;
  #refused = 0;
  #episodes = 0;
  #episode: Episode | null = null;

  constructor(options: OverloadOptions) {
    this.#options = options;
    this.#memory = options.memory ?? new MemoryPressure();
    this.#chance = options.chance ?? Math.random;
  }

  start(): void {
    this.#watch.start();
  }

  stop(): void {
    this.#watch.stop();
    this.#setAside.release(Number.POSITIVE_INFINITY);
  }

  /**
   * Whether to refuse the request that has just arrived. By chance and not by turn: a client in step with the turns would always be
   * refused, and its neighbour never.
   */
  refuses(): boolean {
    if ((++this.#asked & PEEK_MASK) === 0) this.#watch.peek();
    if (this.#share === 0 || this.#chance() >= this.#share) return false;
    this.#refused++;
    return true;
  }

  /** Answers a request for which `refuses` returned true. Its connection stays open, and is not read for as long as Retry-After says. */
  refuse(exchange: ClientExchange): void {
    const answer = new OwnAnswer(exchange, (completed) => {
      if (completed) this.#setAside.add(exchange.reading, performance.now() + this.#refusal.retryAfterMs);
    });
    this.#refusal.write(exchange, this.#identity.requestId(null, false));
    answer.written();
  }

  /** One look at the loop: how late it was, and when. */
  observe(delayMs: number, nowMs: number): void {
    this.#delayMs = delayMs;
    this.#options.seen?.(delayMs);
    this.#keepWorst(nowMs);
    if (this.#setAside.size > 0) this.#setAside.release(nowMs);
    const config = this.#options.config();
    this.acts = config !== null;
    if (config === null) {
      this.#shedding.reset();
      this.#share = 0;
    } else {
      this.#shedding.boundMs = config.eventLoopDelayMs;
      this.#shedding.observe(delayMs, nowMs);
      this.#memory.observe(config.memoryBytes, nowMs);
      this.#share = Math.max(this.#shedding.share, this.#memory.share);
    }
    const active = config !== null && (this.#shedding.active || this.#memory.share > 0);
    if (active) this.#goOn(config);
    else if (this.#episode) this.#leave(this.#episode);
  }

  #keepWorst(nowMs: number): void {
    const worst = this.#worst;
    if (nowMs >= worst.turnsAt) {
      worst.beforeMs = worst.nowMs;
      worst.nowMs = 0;
      worst.turnsAt = nowMs + WORST_OF_MS;
    }
    worst.nowMs = Math.max(worst.nowMs, this.#delayMs);
  }

  #goOn(config: OverloadConfig): void {
    this.#episode ??= this.#enter(config);
    this.#episode.delayMaxMs = Math.max(this.#episode.delayMaxMs, this.#delayMs);
    this.#episode.shareMax = Math.max(this.#episode.shareMax, this.#share);
  }

  #enter({ eventLoopDelayMs, memoryBytes, retryAfterMs }: OverloadConfig): Episode {
    this.#episodes++;
    if (this.#refusal.retryAfterMs !== retryAfterMs) this.#refusal = new Refusal(retryAfterMs);
    const bounds = { eventLoopDelayMs, memoryBytes };
    const { reason, residentBytes } = this.status();
    this.#options.log.warn(
      { reason, eventLoopDelayMs: Math.round(this.#delayMs), residentBytes, bounds },
      'overloaded: a share of new requests is answered 503 until it is over; run more workers or replicas if this happens often',
    );
    return { since: Date.now(), refusedBefore: this.#refused, delayMaxMs: 0, shareMax: 0 };
  }

  #leave({ since, refusedBefore, delayMaxMs, shareMax }: Episode): void {
    this.#episode = null;
    this.#options.log.info(
      {
        seconds: Math.round((Date.now() - since) / 100) / 10,
        refused: this.#refused - refusedBefore,
        shareMax: Math.round(shareMax * 100) / 100,
        eventLoopDelayMaxMs: Math.round(delayMaxMs),
      },
      'no longer overloaded',
    );
  }

  status(): OverloadStatus {
    const { share: loop, active } = this.#shedding;
    const { share: memory } = this.#memory;
    return {
      pid: process.pid,
      state: this.#episode ? 'shedding' : 'normal',
      reason: memory > loop ? 'memory' : active ? 'event loop' : null,
      share: this.#share,
      refused: this.#refused,
      eventLoopDelayMs: this.#delayMs,
      eventLoopDelayMaxMs: Math.max(this.#worst.nowMs, this.#worst.beforeMs),
      residentBytes: process.memoryUsage.rss(),
      setAside: this.#setAside.size,
      since: this.#episode?.since ?? null,
      episodes: this.#episodes,
    };
  }
}

/** Every 32nd request looks at the clock. */
const PEEK_MASK = 31;
const WORST_OF_MS = 10_000;
