import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Clock, type Deadline } from './timer-wheel.ts';

/** A deadline, and when it ended, in milliseconds after it was made. */
function timed(clock: Clock) {
  const began = performance.now();
  const ended: number[] = [];
  const done = Promise.withResolvers<void>();
  const deadline = clock.deadline({
    timedOut: () => {
      ended.push(performance.now() - began);
      done.resolve();
    },
  });
  return { deadline, ended, done: done.promise };
}

const armed = (clock: Clock, ms: number) => {
  const one = timed(clock);
  one.deadline.arm(ms);
  return one;
};

describe.concurrent('a deadline', () => {
  test.each([20, 1_000, 1_049])('of %i ms ends once, and never early', async (ms) => {
    const { ended, done } = armed(new Clock(), ms);
    await done;
    await pause(150);
    expect(ended).toHaveLength(1);
    expect(ended[0]).toBeGreaterThanOrEqual(ms - 1);
  });

  test.each([100, 1_000])('of %i ms that is refreshed begins anew', async (ms) => {
    const { deadline, ended, done } = armed(new Clock(), ms);
    await pause(ms * 0.6);
    deadline.refresh();
    await done;
    expect(ended[0]).toBeGreaterThanOrEqual(ms * 1.6 - 1);
  });

  test.each([50, 1_000])(
    'of %i ms that is cleared never ends, and a refresh does not wake it',
    async (ms) => {
      const clock = new Clock();
      const { deadline, ended } = armed(clock, ms);
      const other = armed(clock, ms + 100);
      deadline.clear();
      deadline.refresh();
      await other.done;
      expect(ended).toEqual([]);
    },
  );

  test.each([
    [1_000, 1_500],
    [50, 1_100],
    [1_500, 60],
  ])('armed for %i and then for %i ms runs for the latter', async (first, second) => {
    const { deadline, ended, done } = armed(new Clock(), first);
    deadline.arm(second);
    await done;
    expect(ended).toHaveLength(1);
    expect(ended[0]).toBeGreaterThanOrEqual(second - 1);
  });

  test('that is longer than a turn of the wheel is not ended by the first', async () => {
    const clock = new Clock();
    const turnMs = 2_048 * 50;
    // Both stand in the same slot of the wheel.
    const short = armed(clock, 1_000);
    const long = armed(clock, 1_000 + turnMs);
    await short.done;
    await pause(120);
    expect(long.ended).toEqual([]);
  });

  test('may clear one that ends at the same time, and arm itself again', async () => {
    const clock = new Clock();
    const list: Deadline[] = [];
    const ended: number[] = [];
    const done = Promise.withResolvers<void>();
    for (const number of [0, 1]) {
      list.push(
        clock.deadline({
          timedOut: () => {
            ended.push(number);
            list[1 - number]!.clear();
            if (ended.length === 2) done.resolve();
            else list[number]!.arm(1_000);
          },
        }),
      );
    }
    for (const deadline of list) deadline.arm(1_000);
    await done.promise;
    expect(ended[0]).toBe(ended[1]);
  });

  test('is told of after others have come and gone around it', async () => {
    const clock = new Clock();
    const { ended, done } = armed(clock, 1_000);
    const others = Array.from({ length: 5 }, () => armed(clock, 1_000));
    others[0]!.deadline.clear();
    others[2]!.deadline.clear();
    others[4]!.deadline.clear();
    await Promise.all([done, others[1]!.done, others[3]!.done]);
    expect(ended).toHaveLength(1);
    expect(others.map((other) => other.ended.length)).toEqual([0, 1, 0, 1, 0]);
  });
});

test('a clock for which nothing runs keeps no interval', async () => {
  const intervals = () => process.getActiveResourcesInfo().length;
  const before = intervals();
  const { deadline } = armed(new Clock(), 5_000);
  deadline.clear();
  await expect.poll(intervals).toBeLessThanOrEqual(before);
});
