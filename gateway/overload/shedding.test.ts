import { describe, expect, test } from 'vitest';
import { Shedding } from './shedding.ts';

const boundMs = 200;

/** Looks every `stepMs` for `forMs`, at a loop that is as late as `delay` says of the share. @returns the instant afterwards. */
function observe(
  shedding: Shedding,
  fromMs: number,
  forMs: number,
  delay: (share: number) => number,
): number {
  let now = fromMs;
  while (now < fromMs + forMs) {
    const late = delay(shedding.share);
    now += Math.max(late, 50);
    shedding.observe(late, now);
  }
  return now;
}

describe('the share of requests that is refused', () => {
  test('is nothing while the loop is as late as it may be', () => {
    const shedding = new Shedding(boundMs);
    observe(shedding, 0, 60_000, () => boundMs);
    expect([shedding.active, shedding.share]).toEqual([false, 0]);
  });

  test('is nothing after single long turns, however long', () => {
    const shedding = new Shedding(boundMs);
    for (let now = 0; now < 60_000; now += 3_000) {
      shedding.observe(2_900, now + 2_900);
      shedding.observe(1, now + 3_000);
    }
    expect([shedding.active, shedding.share]).toEqual([false, 0]);
  });

  test('grows within two seconds to nearly all where nothing less helps', () => {
    const shedding = new Shedding(boundMs);
    observe(shedding, 0, 2_000, () => 500);
    expect(shedding.share).toBe(0.95);
  });

  // What is asked twice as often as can be served, at a cost of a fifth for each refusal: the queue grows with the excess.
  test('comes to rest where the loop is half as late as it may be, and stays there', () => {
    const shedding = new Shedding(boundMs);
    let queueMs = 0;
    const queue = (share: number) => {
      const lastsMs = Math.max(queueMs, 50);
      queueMs = Math.min(Math.max(queueMs + lastsMs * (2 * (1 - share + share / 5) - 1), 0), 2_000);
      return queueMs;
    };
    let now = observe(shedding, 0, 30_000, queue);
    const shares: number[] = [];
    for (let i = 0; i < 100; i++) {
      now = observe(shedding, now, 100, queue);
      shares.push(shedding.share);
    }
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    expect(mean).toBeGreaterThan(0.5);
    expect(mean).toBeLessThan(0.75);
    expect(queueMs).toBeLessThan(2 * boundMs);
  });

  test('goes to nothing when the load goes, though no request comes any more', () => {
    const shedding = new Shedding(boundMs);
    const now = observe(shedding, 0, 5_000, () => 500);
    observe(shedding, now, 4_000, () => 0);
    expect([shedding.active, shedding.share]).toEqual([false, 0]);
  });

  test('a load that comes back within a second is the same overload, and is met at once', () => {
    const shedding = new Shedding(boundMs);
    let now = observe(shedding, 0, 5_000, () => 500);
    while (shedding.share > 0) now = observe(shedding, now, 50, () => 0);
    expect(shedding.active).toBe(true);
    shedding.observe(250, now + 250);
    expect(shedding.share).toBeGreaterThan(0);
  });

  test.each([
    ['a process that slept for a day', 86_400_000],
    ['a clock that stands still', 0],
  ])('%s does no harm', (_what, elapsedMs) => {
    const shedding = new Shedding(boundMs);
    let now = observe(shedding, 0, 5_000, () => 500);
    now += elapsedMs;
    shedding.observe(elapsedMs, now);
    expect(shedding.share).toBeLessThanOrEqual(0.95);
    observe(shedding, now, 5_000, () => 0);
    expect(shedding.share).toBe(0);
  });
});
