import { describe, expect, it } from 'vitest';
import { RespawnDelay, RestartDelay, restartPolicy } from './restart-delay.ts';

const failures = (delay: RestartDelay, count: number) => Array.from({ length: count }, () => delay.next(0));

describe('RestartDelay', () => {
  it('doubles from 250 ms to 10 s and stays there', () => {
    const delay = new RestartDelay(restartPolicy, () => 0);
    expect(failures(delay, 8)).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  });

  it.each([
    ['nothing', 0, 250],
    ['half of the jitter', 0.5, 219],
    ['almost a quarter', 0.999, 188],
  ])('takes away %s for the random number', (_what, random, expected) => {
    expect(new RestartDelay(restartPolicy, () => random).next(0)).toBe(expected);
  });

  it('never falls while it grows, whatever the random numbers are', () => {
    const extremes = [0, 0.999];
    let turn = 0;
    const delay = new RestartDelay(restartPolicy, () => extremes[turn++ % 2] ?? 0);
    const delays = failures(delay, 6);
    expect(delays).toEqual(delays.toSorted((a, b) => a - b));
  });

  it('begins anew after 30 s of good life', () => {
    const delay = new RestartDelay(restartPolicy, () => 0);
    failures(delay, 5);
    expect(delay.next(29_999)).toBe(8000);
    expect(delay.next(30_000)).toBe(250);
    expect(delay.next(0)).toBe(500);
  });

  it('stays finite after a thousand failures', () => {
    const delay = new RestartDelay(restartPolicy, () => 0);
    expect(failures(delay, 2000).at(-1)).toBe(10_000);
  });
});

describe('a slot whose workers die', () => {
  it.each([
    { lives: [10_000], delays: [0] },
    { lives: [100, 100, 100, 100], delays: [0, 250, 500, 1_000] },
    { lives: [100, 100, 60_000, 100, 100], delays: [0, 250, 0, 250, 500] },
    { lives: [60_000, 60_000, 60_000], delays: [0, 0, 0] },
    { lives: Array(9).fill(1), delays: [0, 250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000] },
  ])('after lives of $lives ms is empty for $delays ms', ({ lives, delays }) => {
    const delay = new RespawnDelay(() => 0);
    expect(lives.map((livedMs) => delay.next(livedMs))).toEqual(delays);
  });
});
