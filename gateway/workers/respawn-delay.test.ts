import { describe, expect, it } from 'vitest';
import { RespawnDelay } from './respawn-delay.ts';

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
