import { expect, test } from 'vitest';
import { until } from '../proof/testing/poll.ts';
import { nodeCollector } from './collector.ts';

test.each(['young', 'all'] as const)('frees dead buffers: %s', async (which) => {
  const collector = nodeCollector();
  collector.all();
  const before = collector.bufferBytes();
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
