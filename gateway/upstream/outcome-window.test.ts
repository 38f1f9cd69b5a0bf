import { describe, expect, test } from 'vitest';
import { OutcomeWindow } from './outcome-window.ts';

/** A window of 1 s into which these `[instant, failed]` went. */
function windowOf(...outcomes: readonly (readonly [at: number, failed: boolean])[]): OutcomeWindow {
  const window = new OutcomeWindow(1_000);
  for (const [at, failed] of outcomes) window.add(failed, at);
  return window;
}

describe('a window over the outcomes of a second', () => {
  test('counts all and the failed ones', () => {
    const window = windowOf([100, false], [150, true], [900, true], [999, false]);
    expect([window.total(999), window.failed(999)]).toEqual([4, 2]);
  });

  test.each([
    [1_050, 4],
    [1_099, 4],
    [1_100, 2],
    [1_150, 2],
    [1_899, 2],
    [1_900, 0],
    [60_000, 0],
  ])('has at %d ms %d of them left', (now, left) => {
    const window = windowOf([100, false], [150, true], [900, true], [999, false]);
    expect(window.total(now)).toBe(left);
    expect(window.failed(now)).toBe(left / 2);
  });

  test('never has fewer than came in the last nine tenths, nor more than in the whole of it', () => {
    const window = new OutcomeWindow(1_000);
    const came: number[] = [];
    for (let now = 0, step = 7; now < 20_000; step = (step * 31) % 211, now += step) {
      came.push(now);
      window.add(came.length % 3 === 0, now);
      const since = (ms: number) => came.filter((at) => now - at < ms).length;
      expect(window.total(now)).toBeGreaterThanOrEqual(since(900));
      expect(window.total(now)).toBeLessThanOrEqual(since(1_000));
    }
  });

  test('is not set back by what comes late', () => {
    const window = windowOf([5_000, true], [4_000, true], [100, false]);
    expect([window.total(5_000), window.failed(5_000)]).toEqual([3, 2]);
    expect(window.total(6_000)).toBe(0);
  });

  test('knows the failures in a row, however long ago they were, until it is cleared', () => {
    const window = windowOf([0, true], [100, false], [200, true], [60_000, true]);
    expect([window.inRow, window.failed(60_000)]).toEqual([2, 1]);
    window.clear();
    expect(window.inRow).toBe(0);
  });

  test('begins anew when it is cleared', () => {
    const window = windowOf([100, true], [200, false]);
    window.clear();
    window.add(true, 300);
    expect([window.total(300), window.failed(300)]).toEqual([1, 1]);
  });
});
