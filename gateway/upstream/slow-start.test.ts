import { expect, test } from 'vitest';
import { warmth } from './endpoint-health.ts';

test.each([
  [0, 0.1],
  [2_000, 0.1],
  [3_000, 0.1],
  [6_000, 0.2],
  [15_000, 0.5],
  [30_000, 1],
  [90_000, 1],
])('after %d ms of a slow start of 30 s an endpoint has %d of its weight', (sinceMs, share) => {
  expect(warmth(sinceMs, 30_000)).toBeCloseTo(share);
});
