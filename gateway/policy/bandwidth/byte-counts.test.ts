import { expect, test } from 'vitest';
import { type HeldClock, holdClock } from '../../proof/testing/held-clock.ts';
import { Random } from '../../proof/testing/random.ts';
import { creditOf } from '../rate-limit/agreed-arrivals.ts';
import { CountKeeper } from '../rate-limit/counts.ts';
import { AgreedBytes } from './byte-counts.ts';

const PIECE = 64 * 1024;
const PARTY = { low: 3, high: 4 };

/** Processes whose words take as long as the test says; `null`: none is answered. */
function fleetOf(processes: number, clock: HeldClock, wordMs: (() => number) | null): readonly AgreedBytes[] {
  const keeper = new CountKeeper();
  const counts = {
    key: { low: 1, high: 2 },
    processes,
    async settle(reports: Parameters<CountKeeper['settle']>[0]) {
      if (wordMs === null) return new Promise<never>(() => {});
      await clock.passing(wordMs());
      const states = keeper.settle(JSON.parse(JSON.stringify(reports)), performance.now());
      await clock.passing(wordMs());
      return states;
    },
  };
  return Array.from({ length: processes }, () => new AgreedBytes('ip', counts));
}

/** All of them send as fast as they may. @returns bytes in all, after each millisecond */
async function sent(
  fleet: readonly AgreedBytes[],
  spread: { count: number; periodMs: number; burst: number },
  clock: HeldClock,
  ms: number,
): Promise<number[]> {
  const mayAt = fleet.map(() => 0);
  const totals: number[] = [];
  let total = 0;
  for (let at = 0; at < ms; at++) {
    for (const [which, one] of fleet.entries()) {
      if (mayAt[which]! > at) continue;
      total += PIECE;
      mayAt[which] = at + Math.max(1, one.took(PARTY, spread, PIECE));
    }
    totals.push(total);
    clock.advance(1);
    for (let turn = 0; turn < 8; turn++) await Promise.resolve();
  }
  return totals;
}

test.each(
  [1, 2, 8].flatMap((processes) =>
    [1, 1024 * 1024, 8 * 1024 * 1024].map((burst) => [processes, burst] as const),
  ),
)(
  '%i processes send no more than their rate and a burst of %i, a piece and a credit each beyond it, and no less',
  async (processes, burst) => {
    const clock = holdClock();
    const random = new Random(processes);
    const spread = { count: 2 * 1024 * 1024, periodMs: 1_000, burst };
    const totals = await sent(
      fleetOf(processes, clock, () => random.below(3)),
      spread,
      clock,
      4_000,
    );
    const beyond = processes * (2 * PIECE + creditOf(burst, processes));
    for (const [ms, total] of totals.entries())
      expect(total).toBeLessThanOrEqual(burst + (spread.count * (ms + 1)) / 1_000 + beyond);
    expect(totals.at(-1)).toBeGreaterThan(0.95 * (burst + 4 * spread.count));
  },
);

test('without a word each process keeps to its part, and nothing is kept for it', async () => {
  const clock = holdClock();
  const fleet = fleetOf(4, clock, null);
  const spread = { count: 4 * 1024 * 1024, periodMs: 1_000, burst: 64 * 1024 };
  const totals = await sent(fleet, spread, clock, 4_000);
  const [half, whole] = [totals[1_999]!, totals[3_999]!];
  expect(whole - half).toBeLessThanOrEqual(2 * spread.count + 4 * PIECE);
  expect(whole - half).toBeGreaterThan(1.8 * spread.count);
});
