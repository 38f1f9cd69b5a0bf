import { describe, expect, test } from 'vitest';
import type { EjectionConfig } from '../model/config.ts';
import { Ejection, ejectableOf, seconds } from './ejection.ts';

const CONFIG: EjectionConfig = {
  failures: 5,
  rate: 0.5,
  requests: 20,
  windowMs: 10_000,
  forMs: 10_000,
  maxShare: 0.5,
};

/** What happened in order, an outcome each 10 ms from instant 0: `f` failed, `.` succeeded. */
function ejectionAfter(outcomes: string, overrides: Partial<EjectionConfig> = {}): string | null {
  const ejection = new Ejection({ ...CONFIG, ...overrides });
  let now = 0;
  for (const outcome of outcomes) {
    now += 10;
    ejection.outcomes.add(outcome === 'f', now);
  }
  return ejection.reason(now);
}

describe('an endpoint is to be ejected', () => {
  test.each([
    ['fffff', '5 failures in a row'],
    ['....fffff', '5 failures in a row'],
    ['ffff.', null],
    ['ffff.ffff', null],
    ['ffff', null],
    ['', null],
    ['.f'.repeat(10), '10 of 20 failed within 10 s'],
    ['f.'.repeat(9), null],
    ['..f'.repeat(20), null],
    [`${'.'.repeat(30)}${'ff.'.repeat(30)}`, '60 of 120 failed within 10 s'],
  ])('after %s: %s', (outcomes, reason) => {
    expect(ejectionAfter(outcomes)).toBe(reason);
  });

  test('never by its rate where that may not be reached', () => {
    expect(ejectionAfter('ffff.'.repeat(20), { rate: 1 })).toBeNull();
  });

  test('not for what has fallen out of the window', () => {
    const ejection = new Ejection(CONFIG);
    for (let i = 0; i < 40; i++) ejection.outcomes.add(i % 2 === 1, 0);
    expect(ejection.reason(0)).not.toBeNull();
    ejection.outcomes.add(false, 10_000);
    expect(ejection.reason(10_000)).toBeNull();
  });

  test('not for what it did before it was readmitted', () => {
    const ejection = new Ejection(CONFIG);
    for (let i = 0; i < 30; i++) ejection.outcomes.add(true, i);
    ejection.eject(30);
    ejection.readmit();
    expect(ejection.reason(10_030)).toBeNull();
    for (let i = 0; i < 4; i++) ejection.outcomes.add(true, 10_031);
    expect(ejection.reason(10_031)).toBeNull();
  });
});

describe('an ejection lasts', () => {
  test('longer each time in a row', () => {
    const ejection = new Ejection(CONFIG);
    let now = 0;
    const lasted = Array.from({ length: 4 }, () => {
      const ms = ejection.eject(now);
      now += ms + 1_000;
      return ms;
    });
    expect(lasted).toEqual([10_000, 20_000, 30_000, 40_000]);
  });

  test('no more than five minutes', () => {
    const ejection = new Ejection(CONFIG);
    let now = 0;
    for (let i = 0; i < 40; i++) now += ejection.eject(now);
    expect(ejection.eject(now)).toBe(300_000);
  });

  test('as long as the file says, however long that is', () => {
    const ejection = new Ejection({ ...CONFIG, forMs: 3_600_000 });
    expect([ejection.eject(0), ejection.eject(3_600_000)]).toEqual([3_600_000, 3_600_000]);
  });

  test.each([
    [0, 30_000],
    [9_999, 30_000],
    [10_000, 20_000],
    [20_000, 10_000],
    [3_600_000, 10_000],
  ])('and %d ms of good conduct after two of them bring it to %d ms', (quietMs, expected) => {
    const ejection = new Ejection(CONFIG);
    const first = ejection.eject(0);
    const second = ejection.eject(first);
    expect(ejection.eject(first + second + quietMs)).toBe(expected);
  });
});

test.each([
  [0, 0.5, 0],
  [1, 0.5, 0],
  [2, 0.5, 1],
  [3, 0.5, 1],
  [4, 0.5, 2],
  [10, 0.1, 1],
  [9, 0.1, 0],
  [1, 1, 0],
  [2, 1, 1],
  [5, 1, 4],
])('of %d endpoints and a share of %d at most %d are ejected', (count, share, expected) => {
  expect(ejectableOf(count, share, false)).toBe(expected);
});

test.each([
  [0, 0.5, 0],
  [1, 0.5, 0],
  [3, 0.5, 2],
  [10, 0.1, 9],
  [10, 0, 0],
])('of %d dead endpoints and a share of %d at most %d are ejected', (count, share, expected) => {
  expect(ejectableOf(count, share, true)).toBe(expected);
});

test.each([
  [20_000, '20 s'],
  [500, '500 ms'],
  [1_250, '1.3 s'],
])('%d ms are told as %s', (ms, text) => {
  expect(seconds(ms)).toBe(text);
});
