import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { inSlices, TimeSlice } from './time-slice.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => vi.useRealTimers());

/** Each step takes a millisecond. */
function* steps(count: number, done: () => void): Generator<void, number> {
  for (let step = 0; step < count; step++) {
    vi.advanceTimersByTime(1);
    done();
    yield;
  }
  return count;
}

test('of many works that share a slice one goes on per turn of the loop, each in its turn', async () => {
  const slice = new TimeSlice();
  const done = Array<number>(60).fill(0);
  const all = done.map((_, at) =>
    inSlices(
      steps(20, () => done[at]!++),
      slice,
    ),
  );
  const total = () => done.reduce((sum, one) => sum + one, 0);
  // What has just begun has done a step before it asks, and the first ones what the slice had left.
  expect(total()).toBeLessThanOrEqual(65);
  for (let turn = 0; turn < 60; turn++) {
    const before = total();
    await turnOfTheLoop();
    expect(total() - before).toBeLessThanOrEqual(6);
  }
  expect(Math.min(...done)).toBeGreaterThan(1);
  expect(await Promise.all(all)).toEqual(Array<number>(60).fill(20));
});

test('a work that ends in the middle of its slice leaves the rest of it, and holds nobody up', async () => {
  const slice = new TimeSlice();
  for (const count of [7, 1, 12])
    expect(
      await inSlices(
        steps(count, () => {}),
        slice,
      ),
    ).toBe(count);
});
