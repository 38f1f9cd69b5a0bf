import { nodeCollector } from '../../exchange/collector.ts';

/** How often a turn is taken. */
export const TURNS = 20_000;

/** @returns by how many bytes the heap grows over the turns while only its young generation is collected */
export function heldByTurns(turn: () => void): number {
  for (let i = 0; i < TURNS / 10; i++) turn();
  // Objects that exist now move to the old generation.
  nodeCollector.all();
  const before = nodeCollector.heapBytes();
  for (let i = 0; i < TURNS; i++) {
    turn();
    if (i % 1_000 === 0) nodeCollector.young();
  }
  nodeCollector.young();
  return nodeCollector.heapBytes() - before;
}
