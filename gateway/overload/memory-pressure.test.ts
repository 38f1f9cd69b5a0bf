import { describe, expect, test } from 'vitest';
import { MemoryPressure } from './memory-pressure.ts';

const bound = 1_000;

/** A process that holds so much, and of that so much is dead. */
function processWith(resident: number, dead = 0) {
  const held = { resident, dead, collections: 0 };
  const pressure = new MemoryPressure({
    residentBytes: () => held.resident,
    collect() {
      held.collections++;
      held.resident -= held.dead;
      held.dead = 0;
    },
  });
  return { held, pressure };
}

describe('memory against its bound', () => {
  test.each([
    [940, 0],
    [950, 0],
    [975, 0.5],
    [1_000, 0.95],
    [5_000, 0.95],
  ])('of %d of a thousand: refuses %d', (resident, share) => {
    const { pressure } = processWith(resident);
    pressure.observe(bound, 0);
    expect(pressure.share).toBeCloseTo(share, 5);
  });

  test('what is dead is collected before anybody is refused for it', () => {
    const { held, pressure } = processWith(1_000, 300);
    pressure.observe(bound, 0);
    expect([pressure.share, held.collections]).toEqual([0, 1]);
  });

  test('collects once in ten seconds at most, and looks once in a second', () => {
    const { held, pressure } = processWith(2_000);
    for (let now = 0; now < 20_000; now += 50) pressure.observe(bound, now);
    expect(held.collections).toBe(2);
    held.resident = 0;
    pressure.observe(bound, 20_000);
    expect(pressure.share).toBe(0);
  });

  test('without a bound nothing is refused, nor is a share left over from one', () => {
    const { pressure } = processWith(2_000);
    pressure.observe(bound, 0);
    expect(pressure.share).toBeGreaterThan(0);
    pressure.observe(null, 10);
    expect(pressure.share).toBe(0);
  });
});
