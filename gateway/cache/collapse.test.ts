import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Asker, CollapsedMisses, type Flight } from './collapse.ts';

let now: number;
let misses: CollapsedMisses;
beforeEach(() => {
  now = 0;
  misses = new CollapsedMisses(() => now);
});

/** Somebody who writes down what became of the wait. */
function asker(): Asker & { readonly told: string[]; flight: Flight | null } {
  const told: string[] = [];
  return {
    told,
    flight: null,
    offered: () => false,
    proceed(as, flight) {
      told.push(as);
      this.flight = flight;
    },
  };
}

/** The first one to ask, who leads, and some who wait. */
function flight(key: string, waiting: readonly Asker[]): Flight {
  const joined = misses.join(key, asker(), 1_000);
  expect(joined?.leads).toBe(true);
  for (const one of waiting) expect(misses.join(key, one, 1_000)?.leads).toBe(false);
  return joined!.flight;
}

describe('those who wait', () => {
  it.each([
    ['kept', 'follower'],
    ['not-kept', 'alone'],
    ['failed', 'alone'],
  ] as const)('are told when it is %s: %s', (how, as) => {
    const waiting = [asker(), asker()];
    flight('a', waiting).end(how);
    expect(waiting.map(({ told }) => told)).toEqual([[as], [as]]);
  });

  it('are led by the one who has waited longest, each time that a leader has gone', () => {
    const [one, two, three] = [asker(), asker(), asker()];
    const lead = flight('a', [one, two, three]);
    lead.end('gone');
    expect([one.told, two.told, three.told]).toEqual([['leader'], [], []]);
    one.flight!.end('gone');
    two.flight!.end('kept');
    expect([two.told, three.told]).toEqual([['leader'], ['follower']]);
  });

  it('may leave', () => {
    const [one, two] = [asker(), asker()];
    const lead = flight('a', [one, two]);
    lead.leave(one);
    lead.end('gone');
    expect([one.told, two.told]).toEqual([[], ['leader']]);
  });

  it('are told once, whatever comes later', () => {
    const one = asker();
    const lead = flight('a', [one]);
    lead.end('kept');
    lead.end('failed');
    lead.headCame();
    expect(one.told).toEqual(['follower']);
  });

  it('of another key have nothing to do with it', () => {
    const other = asker();
    flight('b', [other]);
    flight('a', []).end('kept');
    expect(other.told).toEqual([]);
  });

  it('may ask again while they are told', () => {
    const again = asker();
    const eager: Asker = { offered: () => false, proceed: () => void misses.join('a', again, 1_000) };
    flight('a', [eager, eager]).end('failed');
    expect(misses.join('a', asker(), 1_000)?.leads).toBe(false);
  });
});

describe('nobody waits for ever', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
  });

  it('for the head of an answer', () => {
    const one = asker();
    flight('a', [one]);
    vi.advanceTimersByTime(999);
    expect(one.told).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(one.told).toEqual(['alone']);
  });

  it('for the rest of it', () => {
    const one = asker();
    const lead = flight('a', [one]);
    vi.advanceTimersByTime(900);
    lead.headCame();
    vi.advanceTimersByTime(4_999);
    expect(one.told).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(one.told).toEqual(['alone']);
  });

  it('because leader after leader goes', () => {
    const waiting = Array.from({ length: 10 }, () => asker());
    flight('a', waiting).end('gone');
    for (const leader of waiting.slice(0, -1)) {
      vi.advanceTimersByTime(300);
      leader.flight?.end('gone');
    }
    expect(waiting.map(({ told }) => told[0])).toEqual([
      ...Array(4).fill('leader'),
      ...Array(6).fill('alone'),
    ]);
  });

  it('and who comes later leads anew', () => {
    flight('a', []);
    vi.advanceTimersByTime(1_000);
    expect(misses.join('a', asker(), 1_000)?.leads).toBe(true);
  });
});

describe('what is not kept', () => {
  it('is not waited for, for ten seconds', () => {
    flight('a', []).end('not-kept');
    now = 9_999;
    expect(misses.join('a', asker(), 1_000)).toBeNull();
    now = 10_000;
    expect(misses.join('a', asker(), 1_000)?.leads).toBe(true);
  });

  it.each(['failed', 'gone', 'kept'] as const)('is something else than what has %s', (how) => {
    flight('a', []).end(how);
    expect(misses.join('a', asker(), 1_000)?.leads).toBe(true);
  });

  it('is remembered of a thousand keys, the newest', () => {
    for (let i = 0; i <= 1_000; i++) flight(`key ${i}`, []).end('not-kept');
    expect(misses.join('key 0', asker(), 1_000)?.leads).toBe(true);
    expect(misses.join('key 1', asker(), 1_000)).toBeNull();
  });
});
