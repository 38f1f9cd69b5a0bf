import { Compared } from '../exchange/counters/compared.ts';
import type { Traffic } from '../exchange/counters/traffic.ts';
import type { CompareConfig } from '../model/config.ts';
import { AnswerPair } from './answer-pair.ts';

/** Methods that may be sent twice (RFC 9110 §9.2.1; QUERY is safe, too). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'QUERY']);
/** Pairs of one route that wait for one of their answers. */
const WAITING_MAX = 64;
/** How many pairs of one route are read as JSON in a second. */
const READ_PER_SECOND = 20;

/** Holds the answers of two services against each other, behind everything that the exchange has to do. */
export class Comparison {
  readonly counts: Compared<unknown>;
  readonly #config: CompareConfig;
  readonly #waiting = new Set<AnswerPair>();
  /** Whose other part is known. */
  readonly #half = new WeakSet<AnswerPair>();
  #second = 0;
  #inSecond = 0;

  constructor(config: CompareConfig, traffic: Traffic) {
    this.#config = config;
    traffic.compared ??= new Compared();
    this.counts = traffic.compared;
  }

  concerns(method: string): boolean {
    return SAFE.has(method);
  }

  get isFull(): boolean {
    return this.#waiting.size >= WAITING_MAX;
  }

  begin(method: string, target: string): AnswerPair {
    const pair = new AnswerPair(method, target, (lasting) => this.#skip(lasting));
    this.#waiting.add(pair);
    return pair;
  }

  /** Called once for each of the two answers. @param failed there is no answer, or only a part of one */
  settle(pair: AnswerPair, failed: boolean): void {
    if (!this.#waiting.has(pair)) return;
    if (!failed && !this.#half.has(pair)) {
      this.#half.add(pair);
      return;
    }
    this.#waiting.delete(pair);
    if (failed) this.counts.failed++;
    // The client's answer goes out before.
    else setImmediate(() => this.#compare(pair));
  }

  #compare(pair: AnswerPair): void {
    const config = this.#config;
    if (pair.isAlike(config)) this.counts.same++;
    else if (!this.#mayRead()) this.counts.skipped++;
    else if (pair.meansTheSame(config)) this.counts.same++;
    else this.counts.keep({ pair, config } satisfies Difference);
  }

  #skip(pair: AnswerPair): void {
    if (this.#waiting.delete(pair)) this.counts.skipped++;
  }

  #mayRead(): boolean {
    const second = Math.floor(performance.now() / 1_000);
    if (second !== this.#second) this.#inSecond = 0;
    this.#second = second;
    return this.#inSecond++ < READ_PER_SECOND;
  }
}

/** Two answers that differ, and how they were compared. */
export interface Difference {
  readonly pair: AnswerPair;
  readonly config: CompareConfig;
}
