import { nodeCollector } from '../exchange/collector.ts';

export interface MemorySource {
  residentBytes(): number;
  /** A full collection; freed memory goes back to the system. */
  collect(): void;
}

/**
 * Compares the resident memory of the process with a bound, once a second. Below 95 % of the bound nothing is refused, at the bound nearly
 * everything; between them the share rises evenly, so that it comes to rest where the memory does.
 */
export class MemoryPressure {
  readonly #source: MemorySource;
  #nextAt = 0;
  #collectAt = 0;
  /** 0..1 */
  share = 0;
  residentBytes = 0;

  constructor(source: MemorySource = processMemory()) {
    this.#source = source;
  }

  /** @param boundBytes `null`: no bound. */
  observe(boundBytes: number | null, nowMs: number): void {
    if (boundBytes === null) this.share = 0;
    if (boundBytes === null || nowMs < this.#nextAt) return;
    this.#nextAt = nowMs + LOOK_EVERY_MS;
    this.share = this.#look(boundBytes);
    // V8 keeps dead objects until it needs room. While requests are refused nothing needs room, and they would be refused for ever.
    if (this.share === 0 || nowMs < this.#collectAt) return;
    this.#collectAt = nowMs + COLLECT_EVERY_MS;
    this.#source.collect();
    this.share = this.#look(boundBytes);
  }

  #look(boundBytes: number): number {
    this.residentBytes = this.#source.residentBytes();
    const above = (this.residentBytes / boundBytes - BEGINS_AT) / (1 - BEGINS_AT);
    return Math.min(Math.max(above, 0), SHARE_MAX);
  }
}

const LOOK_EVERY_MS = 1_000;
const COLLECT_EVERY_MS = 10_000;
const BEGINS_AT = 0.95;
const SHARE_MAX = 0.95;

function processMemory(): MemorySource {
  return {
    residentBytes: () => process.memoryUsage.rss(),
    collect: () => nodeCollector.all(),
  };
}
