import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Keeps what bulk traffic leaves behind small. Every chunk that a socket reads is a buffer outside of V8's heap, of which the collector sees only
 * a few words; left alone, it lets some 64 MiB of dead ones pile up before it looks. A collection of the young generation
 * frees them, and costs less than a millisecond.
 */
export class BulkMemory {
  readonly #collect: () => void;
  #moved = 0;

  constructor(collect: () => void = youngCollection()) {
    this.#collect = collect;
  }

  /** @param bytes that were read from a socket. */
  moved(bytes: number): void {
    this.#moved += bytes;
    if (this.#moved < COLLECT_EVERY_BYTES) return;
    this.#moved = 0;
    this.#collect();
  }
}

const COLLECT_EVERY_BYTES = 8 * 1024 * 1024;

/** Node offers its collector only on request, which may be made at any time. */
function youngCollection(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: { type: 'minor' }) => void;
  return () => collect({ type: 'minor' });
}
