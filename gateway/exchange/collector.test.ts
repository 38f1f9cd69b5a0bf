import { expect, test } from 'vitest';
import { until } from '../proof/testing/poll.ts';
import { nodeCollector } from './collector.ts';

test.each(['young', 'all'] as const)('frees dead buffers: %s', async (which) => {
  const collector = nodeCollector;
  // What tests before this one have left dies over several turns of the loop.
  let before = Number.POSITIVE_INFINITY;
  await until('nothing is left to free', () => {
    const last = before;
    collector.all();
    before = collector.bufferBytes();
    return before === last;
  });
  let held: Buffer | null = Buffer.alloc(64 * 1024 * 1024);
  // Half of it is proof enough: small buffers of the test runner come and go meanwhile.
  expect(collector.bufferBytes() - before).toBeGreaterThan(held.length / 2);
  held = null;
  // What still stands in a register or on the stack dies with this turn of the loop.
  await until('it is freed', () => {
    collector[which]();
    return collector.bufferBytes() - before < 1024 * 1024;
  });
});
