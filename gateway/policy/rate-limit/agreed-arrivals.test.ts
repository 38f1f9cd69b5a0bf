import { expect, test } from 'vitest';
import { type HeldClock, holdClock } from '../../proof/testing/held-clock.ts';
import { Random } from '../../proof/testing/random.ts';
import { AgreedArrivals, creditOf } from './agreed-arrivals.ts';
import { CountKeeper, type CountReport, type CountState, type Counts } from './counts.ts';

/** Processes whose words take as long as the test says; `null`: none is answered. */
class Fleet {
  readonly #keeper = new CountKeeper();
  readonly #clock: HeldClock;
  readonly #wordMs: (() => number) | null;
  readonly processes: readonly AgreedArrivals[];

  constructor(processes: number, clock: HeldClock, wordMs: (() => number) | null) {
    this.#clock = clock;
    this.#wordMs = wordMs;
    const counts: Counts = {
      key: { low: 1, high: 2 },
      processes,
      settle: (reports) => this.#settle(reports),
    };
    this.processes = Array.from({ length: processes }, () => new AgreedArrivals('ip', counts));
  }

  async #settle(reports: readonly CountReport[]): Promise<readonly CountState[]> {
    if (this.#wordMs === null) return new Promise<never>(() => {});
    const [there, back] = [this.#wordMs(), this.#wordMs()];
    await this.#clock.passing(there);
    const states = this.#keeper.settle(JSON.parse(JSON.stringify(reports)), performance.now());
    await this.#clock.passing(back);
    return states;
  }

  async advance(ms: number): Promise<void> {
    for (let at = 0; at < ms; at++) {
      this.#clock.advance(1);
      // What hangs on promises, such as the next question behind an answer.
      for (let turn = 0; turn < 4; turn++) await Promise.resolve();
    }
  }
}

const MINUTE = { count: 60, periodMs: 60_000 };

test.each(
  [2, 3, 4, 8].flatMap((processes) => [1, 2, 20, 100, 1000].map((burst) => [processes, burst] as const)),
)(
  '%i processes let pass a burst of %i, and no more than a credit each beyond it',
  async (processes, burst) => {
    for (let seed = 1; seed <= 3; seed++) {
      const random = new Random(seed);
      const fleet = new Fleet(processes, holdClock(), () => random.below(10));
      const spread = { ...MINUTE, burst };
      let passed = 0;
      const [began, most] = [performance.now(), processes * creditOf(burst, processes)];
      const count = (waitMs: number) => {
        if (waitMs <= 0) passed++;
        const due = (performance.now() - began) / 1_000;
        expect(passed).toBeLessThanOrEqual(burst + due + most);
      };
      for (let sent = 0; sent < burst * 3 + 60; ) {
        for (let together = random.below(1 + burst / 4) + 1; together > 0; together--, sent++) {
          const process = random.pick(fleet.processes);
          const verdict = process.take(process.taggerOf('a').tag('b'), spread, performance.now());
          if (typeof verdict === 'number') count(verdict);
          else void verdict.then(count);
        }
        await fleet.advance(random.below(4));
      }
      await fleet.advance(100);
      expect(passed).toBeGreaterThanOrEqual(burst);
    }
  },
);

test('over a long time the rate is the limit, though all processes ask for all of it', async () => {
  const fleet = new Fleet(4, holdClock(), () => 2);
  const spread = { count: 10, periodMs: 1_000, burst: 10 };
  let passed = 0;
  const count = (waitMs: number) => void (waitMs <= 0 && passed++);
  for (let ms = 0; ms < 20_000; ms += 10) {
    for (const process of fleet.processes) {
      const verdict = process.take(process.taggerOf('a').tag('b'), spread, performance.now());
      if (typeof verdict === 'number') count(verdict);
      else void verdict.then(count);
    }
    await fleet.advance(10);
  }
  expect(passed).toBeGreaterThanOrEqual(200);
  expect(passed).toBeLessThanOrEqual(10 + 200 + 4);
});

test('without a word each process goes on alone, at once, and all together keep the limit and a credit each', async () => {
  const fleet = new Fleet(4, holdClock(), null);
  const spread = { ...MINUTE, burst: 20 };
  const verdicts: (number | Promise<number>)[] = [];
  const ask = () => {
    for (const process of fleet.processes)
      verdicts.push(process.take(process.taggerOf('a').tag('b'), spread, performance.now()));
  };
  for (let round = 0; round < 20; round++) ask();
  await fleet.advance(50);
  const waited = await Promise.all(verdicts);
  expect(waited.filter((ms) => ms <= 0)).toHaveLength(20 + 4);
  verdicts.length = 0;
  for (let round = 0; round < 20; round++) ask();
  expect(verdicts.every((verdict) => typeof verdict === 'number' && verdict > 0)).toBe(true);
  await fleet.advance(4_000);
  ask();
  expect(verdicts.slice(-4).filter((verdict) => typeof verdict === 'number' && verdict <= 0)).toHaveLength(4);
});

test.each([2, 3, 4])(
  'where words come late, %i processes let pass all of a limit all the same',
  async (processes) => {
    for (let seed = 1; seed <= 5; seed++) {
      const random = new Random(seed);
      const fleet = new Fleet(processes, holdClock(), () => random.below(60));
      const spread = { count: 18, periodMs: 86_400_000, burst: 18 };
      let passed = 0;
      const count = (waitMs: number) => {
        if (waitMs <= 0) passed++;
      };
      for (let round = 0; round < 20; round++) {
        for (const process of fleet.processes)
          for (let together = 0; together < 5; together++) {
            const verdict = process.take(process.taggerOf('a').tag('b'), spread, performance.now());
            if (typeof verdict === 'number') count(verdict);
            else void verdict.then(count);
          }
        await fleet.advance(random.below(200));
      }
      await fleet.advance(200);
      expect(passed).toBeGreaterThanOrEqual(18);
      expect(passed).toBeLessThan(2 * 18);
    }
  },
);

test('what is no report changes nothing, and ends nothing', () => {
  const keeper = new CountKeeper();
  const strange = [[], ['none', 1, 2, 3, 4, 5, 6, 7], ['ip', 1, 2, 0, 4, 5, 6, 7], ['ip', null, {}, 'x']];
  expect(keeper.settle(strange as unknown as CountReport[], 5)).toEqual(strange.map(() => [0, 0]));
});
