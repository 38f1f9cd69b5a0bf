import type { FaultResult } from './fault.ts';

/** A row for a terminal: the verdict, what was done, and what was seen; what was missed stands below it. */
export function renderRow({ id, done, holds, verdict, seen, misses, seconds }: FaultResult): string {
  const head = `${verdict === 'missed' ? 'MISSED ' : verdict.padEnd(7)} ${id} (${seconds.toFixed(1)} s): ${done}`;
  const lines = [head, `        must: ${holds}`, `        seen: ${seen.join(' · ')}`];
  return [...lines, ...misses.map((miss) => `        MISS: ${miss}`)].join('\n');
}
