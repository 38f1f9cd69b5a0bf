import { type Collector, nodeCollector } from './collector.ts';

interface Traffic {
  /** Exchanges under way. */
  readonly size: number;
  /** Exchanges since the start of the process. */
  readonly begun: number;
}

/**
 * Limits the garbage of bulk traffic. Every chunk that a socket reads is a buffer outside V8's heap, of which the collector sees only a few
 * words; left alone, it lets some 64 MiB of dead buffers pile up. A collection of the young generation frees those that die young. Buffers
 * that waited for a slow reader are old by then, and V8 keeps them for as long as small requests keep coming: after bulk traffic has been
 * quiet for a while, everything is collected, at most every ten seconds, and returned to the system.
 */
export class BulkMemory {
  readonly #collector: Collector;
  #moved = 0;
  #busy = false;
  #tries = 0;
  #timer: NodeJS.Timeout | undefined;
  #settling: NodeJS.Timeout | undefined;

  constructor(collector: Collector = nodeCollector) {
    this.#collector = collector;
  }

  /** @param bytes that were read from a socket. */
  moved(bytes: number): void {
    this.#moved += bytes;
    if (this.#moved < COLLECT_EVERY_BYTES) return;
    this.#moved = 0;
    this.#collector.young();
    this.#busy = true;
    this.#tries = TRIES;
    this.#timer ??= this.#lookIn(QUIET_MS);
  }

  /**
   * Collects the garbage of reading and applying a configuration, once there is hardly any traffic: as much as a gateway at rest takes, and V8
   * would free it minutes later, if ever. After a large configuration it does nothing, because that collection would delay requests.
   */
  settle(traffic: Traffic, tries: number = TRIES): void {
    clearTimeout(this.#settling);
    const { begun } = traffic;
    this.#settling = setTimeout(() => {
      const isBusy = traffic.size > 0 || traffic.begun - begun > HARDLY_ANY;
      if (isBusy) return tries > 1 && this.settle(traffic, tries - 1);
      if (this.#collector.heapBytes() > SETTLED_BYTES) return;
      this.#collector.shrink();
      this.#collector.release();
    }, QUIET_MS).unref();
  }

  /** For the end of the gateway. Memory of other gateways in this process is left alone. */
  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#settling);
  }

  #lookIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timer = this.#look();
    }, ms).unref();
  }

  /** @returns the timer of the next look; none before there is bulk traffic again. */
  #look(): NodeJS.Timeout | undefined {
    if (this.#busy) {
      this.#busy = false;
      return this.#lookIn(QUIET_MS);
    }
    const worth = this.#tries > 0 && this.#collector.bufferBytes() >= WORTH_BYTES;
    if (worth) this.#collector.all();
    // Also returns memory that V8 freed meanwhile.
    this.#collector.release();
    if (!worth) return undefined;
    this.#tries--;
    // The remaining memory may still wait for readers.
    return this.#lookIn(COLLECT_ALL_EVERY_MS);
  }
}

const COLLECT_EVERY_BYTES = 8 * 1024 * 1024;
/** Without so much traffic as asks for a young collection. */
const QUIET_MS = 2_000;
/** Exchanges in that time: a monitor may ask each second. */
const HARDLY_ANY = 10;
/** More takes longer to collect than a request that arrives meanwhile should wait. */
const SETTLED_BYTES = 64 * 1024 * 1024;
const WORTH_BYTES = 16 * 1024 * 1024;
const COLLECT_ALL_EVERY_MS = 10_000;
/** Tries after the last bulk traffic. Memory that is still in use by then, such as a cache, is no reason to try on. */
const TRIES = 6;
