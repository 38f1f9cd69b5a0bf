import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemTrim } from './freed-memory.ts';

/** V8's collector. */
export interface Collector {
  /** Collects the young generation, in less than a millisecond. */
  young(): void;
  /** Collects everything, in some 30 ms. */
  all(): void;
  /** Collects everything, and gives up the room for young objects that a start has made V8 take: some 30 ms with a small heap. */
  shrink(): void;
  /** Returns freed memory to the system, in less than a millisecond per 100 MiB. */
  release(): void;
  /** Memory of buffers, dead ones included. */
  bufferBytes(): number;
  /** V8's heap, dead objects included. */
  heapBytes(): number;
}

type Collect = (options: { type: 'minor' | 'major'; flavor?: 'last-resort' }) => void;

/**
 * Node offers its collector only behind a flag, which may be set at any time (docs/private-parts.md). A Node that no longer does collects
 * when it likes: more memory, and nothing else.
 */
function exposedCollect(): Collect | undefined {
  setFlagsFromString('--expose-gc');
  return runInNewContext('globalThis.gc');
}

// Once for the process: a context takes half a megabyte of V8's heap.
const collect = exposedCollect();

/** The collector of this process. */
export const nodeCollector: Collector = {
  young: () => collect?.({ type: 'minor' }),
  all: () => collect?.({ type: 'major' }),
  shrink: () => collect?.({ type: 'major', flavor: 'last-resort' }),
  release: systemTrim(),
  bufferBytes: () => process.memoryUsage().arrayBuffers,
  heapBytes: () => process.memoryUsage().heapUsed,
};
