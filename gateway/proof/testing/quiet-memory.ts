import { BulkMemory } from '../../exchange/bulk-memory.ts';

/** Bulk memory that collects nothing. */
export function quietMemory(): BulkMemory {
  const nothing = () => {};
  const none = () => 0;
  return new BulkMemory({
    ...{ young: nothing, all: nothing, shrink: nothing, release: nothing },
    ...{ bufferBytes: none, heapBytes: none },
  });
}
