import { describe, expect, test } from 'vitest';
import type { BreakerConfig } from '../model/config.ts';
import { Breaker } from './breaker.ts';
import type { Outcome } from './outcome.ts';

const failure: Outcome = { cause: 'answered 503', unsent: false };
const CONFIG: BreakerConfig = { rate: 0.5, requests: 4, windowMs: 10_000, openMs: 5_000, probes: 2 };

/** A breaker, with what it told of itself. */
function breaker(overrides: Partial<BreakerConfig> = {}) {
  const told: string[] = [];
  const made = new Breaker({ ...CONFIG, ...overrides }, (state, reason) => told.push(`${state}: ${reason}`));
  return { breaker: made, told };
}

function carry(to: Breaker, outcome: Outcome, now: number): void {
  to.recordOutcome(outcome, to.begun(), now);
}

/** An open breaker, since instant 0. */
function opened(overrides: Partial<BreakerConfig> = {}) {
  const made = breaker({ requests: 1, ...overrides });
  while (made.breaker.state === 'closed') carry(made.breaker, failure, 0);
  made.told.length = 0;
  return made;
}

describe('a closed breaker', () => {
  test('opens when enough exchanges of the window failed, and says why', () => {
    const { breaker: one, told } = breaker();
    for (const outcome of ['success', failure, 'success'] as const) carry(one, outcome, 0);
    expect(one.state).toBe('closed');
    carry(one, failure, 0);
    expect(one.state).toBe('open');
    expect(told).toEqual(['open: 2 of 4 requests failed within 10 s']);
  });

  test('stays closed while there are too few, or too few of them failed', () => {
    const { breaker: one } = breaker();
    for (let i = 0; i < 3; i++) carry(one, failure, 0);
    for (let i = 0; i < 3; i++) carry(one, 'neutral', 0);
    expect(one.state).toBe('closed');
    const { breaker: other } = breaker();
    for (let i = 0; i < 30; i++) carry(other, i % 3 === 0 ? failure : 'success', 0);
    expect(other.state).toBe('closed');
  });

  test('forgets what has fallen out of its window', () => {
    const { breaker: one } = breaker();
    for (let i = 0; i < 3; i++) carry(one, failure, 0);
    carry(one, failure, 10_000);
    expect(one.state).toBe('closed');
  });
});

describe('an open breaker', () => {
  test.each([
    [0, false, 5],
    [1, false, 5],
    [1_000, false, 4],
    [4_999, false, 1],
    [5_000, true, 0],
    [9_000, true, 0],
  ])('after %d ms admits: %s, and asks to come back in %d s', (now, admits, retryAfter) => {
    const { breaker: one } = opened();
    expect(one.admits(now)).toBe(admits);
    const { state } = one;
    if (!admits)
      expect(() => one.admit(now)).toThrow(expect.objectContaining({ code: 'breaker_open', retryAfter }));
    else one.admit(now);
    expect(one.state).toBe(state);
  });

  test('cares for nothing that began before it opened', () => {
    const { breaker: one } = breaker({ requests: 1 });
    const early = one.begun();
    carry(one, failure, 0);
    one.recordOutcome('success', early, 1);
    one.recordOutcome(failure, early, 2);
    expect(one.state).toBe('open');
    expect([one.admits(4_999), one.admits(5_000)]).toEqual([false, true]);
  });
});

describe('a half-open breaker', () => {
  test('lets as many probes through as it may, and closes when they have succeeded', () => {
    const { breaker: one, told } = opened();
    const eras: number[] = [];
    while (one.admits(5_000)) eras.push(one.begun());
    expect(eras).toHaveLength(2);
    for (const era of eras) {
      expect(one.state).toBe('half-open');
      one.recordOutcome('success', era, 5_001);
    }
    expect(one.state).toBe('closed');
    expect(told).toEqual(['half-open: 5 s have passed', 'closed: 2 probes succeeded']);
  });

  test('opens again when a probe fails, for the whole time', () => {
    const { breaker: one, told } = opened();
    const eras = [one.begun(), one.begun()];
    one.recordOutcome(failure, eras[0]!, 6_000);
    one.recordOutcome('success', eras[1]!, 6_001);
    expect(one.state).toBe('open');
    expect([one.admits(10_999), one.admits(11_000), one.openings]).toEqual([false, true, 2]);
    expect(told.at(-1)).toBe('open: a probe failed (answered 503)');
  });

  test('lets another probe through for one whose client left', () => {
    const { breaker: one } = opened({ probes: 1 });
    const era = one.begun();
    expect(one.admits(5_000)).toBe(false);
    one.recordOutcome('neutral', era, 5_001);
    expect(one.admits(5_001)).toBe(true);
    carry(one, 'success', 5_002);
    expect(one.state).toBe('closed');
  });

  test('cares for nothing that began in an earlier state', () => {
    const { breaker: one } = breaker({ requests: 1, probes: 1 });
    const early = [one.begun(), one.begun(), one.begun()];
    carry(one, failure, 0);
    const probe = one.begun();
    for (const [i, outcome] of (['success', failure, 'neutral'] as const).entries())
      one.recordOutcome(outcome, early[i]!, 5_001);
    expect([one.state, one.admits(5_001)]).toEqual(['half-open', false]);
    one.recordOutcome('success', probe, 5_002);
    expect(one.state).toBe('closed');
  });

  test('begins with an empty window once it is closed', () => {
    const { breaker: one } = opened({ requests: 2, probes: 1 });
    carry(one, 'success', 5_000);
    carry(one, failure, 5_001);
    expect(one.state).toBe('closed');
  });
});
