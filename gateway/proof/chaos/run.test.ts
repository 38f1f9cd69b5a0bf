import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { type Fault, Skip, type Verdict } from './fault.ts';
import { runFault, tryAgain } from './run.ts';
import { Stage } from './stage.ts';

const options = { only: null, short: true, seconds: 1, seed: 1, lane: null, again: false, full: false };

function stage(): Stage {
  const made = new Stage(options, () => {});
  onTestFinished(() => made.close());
  return made;
}

function fault(run: Fault['run'], more: Partial<Fault> = {}): Fault {
  return { id: 'a', done: 'something', holds: 'something else', run, ...more };
}

const rows: readonly [string, Verdict, Fault][] = [
  ['everything was as it must be', 'held', fault(async (_stage, seen) => seen.equal('one', 1, 1))],
  ['one figure was not', 'missed', fault(async (_stage, seen) => seen.equal('one', 2, 1))],
  ['it looked at nothing', 'missed', fault(async () => {})],
  ['it failed', 'missed', fault(() => Promise.reject(new Error('no such service')))],
  ['it came to no end', 'missed', fault(() => pause(10_000), { limitMs: 50 })],
  ['it can’t be tried here', 'skipped', fault(() => Promise.reject(new Skip('no root')))],
];

test.each(rows)('a row in which %s has %s', async (_what, verdict, row) => {
  const result = await runFault(stage(), row);
  expect(result.verdict).toBe(verdict);
  expect(result.misses.length > 0).toBe(verdict === 'missed');
});

test('a row that missed and holds at a second try says what it missed', async () => {
  let tries = 0;
  const row = fault(async (_stage, seen) => seen.equal('tries', ++tries, 2));
  const [result] = await tryAgain(stage(), [row], [await runFault(stage(), row)], () => {});
  expect(result?.verdict).toBe('held');
  expect(result?.seen.at(-1)).toMatch(/^missed at the first try: tries 1/);
});

test('what was seen stands in the row, and what was missed beside it', async () => {
  const row = fault(async (_stage, seen) => {
    seen.note('3 tries');
    seen.atMost('told after', 120.4, 100, ' ms');
  });
  const { seen, misses } = await runFault(stage(), row);
  expect(seen).toEqual(['3 tries', 'told after 120 ms (≤ 100)']);
  expect(misses).toEqual(['told after 120 ms (≤ 100): too much']);
});

test('the end of a row is done even where it fails, last things first', async () => {
  const order: string[] = [];
  const on = stage();
  const row = fault(async (at) => {
    at.atRowEnd(() => order.push('first'));
    at.atRowEnd(() => order.push('second'));
    throw new Error('it failed');
  });
  await runFault(on, row);
  await on.dismantle();
  expect(order).toEqual(['second', 'first']);
});
