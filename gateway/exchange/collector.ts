import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemTrim } from './freed-memory.ts';

/** V8's collector. */
export interface Collector {
  /** Collects the young generation, in less than a millisecond. */
  young(): void;
  /** Collects everything, in some 30 ms. */
  all(): void;
  /** Gives back to the system what was freed, in less than a millisecond for each hundred MiB. */
  release(): void;
  /** Memory of buffers, dead ones included. */
  bufferBytes(): number;
}

/**
 * Node offers its collector only behind a flag, which may be set at any time (docs/private-parts.md). A Node that no longer does collects
 * when it likes: more memory, and nothing else.
 */
export function nodeCollector(): Collector {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('globalThis.gc') as Collect | undefined;
  return {
    young: () => collect?.({ type: 'minor' }),
    all: () => collect?.({ type: 'major' }),
    release: systemTrim(),
    bufferBytes: () => process.memoryUsage().arrayBuffers,
  };
}

type Collect = (options: { type: 'minor' | 'major' }) => void;
