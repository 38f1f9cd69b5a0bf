import { expect, test } from 'vitest';
import { GatewayError } from '../../exchange/error-catalog.ts';
import type { RoutedExchange } from '../../fields/exchange.ts';
import { type HeldClock, holdClock } from '../../proof/testing/held-clock.ts';
import { Random } from '../../proof/testing/random.ts';
import { creditOf } from '../rate-limit/agreed-arrivals.ts';
import { UnderWay } from './under-way.ts';
import { UnderWayKeeper, type UnderWayReport } from './under-way-keeper.ts';

/** Processes whose words take as long as the test says; `null`: none is answered. */
function fleetOf(processes: number, clock: HeldClock, wordMs: (() => number) | null) {
  const keeper = new UnderWayKeeper<number>();
  const settle = (holder: number) => async (reports: readonly UnderWayReport[]) => {
    if (wordMs === null) return new Promise<never>(() => {});
    await clock.passing(wordMs());
    const states = keeper.settle(holder, JSON.parse(JSON.stringify(reports)));
    await clock.passing(wordMs());
    return states;
  };
  const all = Array.from(
    { length: processes },
    (_, holder) => new UnderWay('one', { key: { low: 1, high: 2 }, processes, settle: settle(holder) }),
  );
  return { keeper, all };
}

/** What it has under way, and what was refused. */
class Client {
  readonly open: (() => void)[] = [];
  passed = 0;
  refused = 0;

  async ask(underWay: UnderWay, most: number): Promise<void> {
    const exchange = {
      origin: { client: '10.0.0.1' },
      peer: { address: '10.0.0.1', secure: false },
      whenOver: (release: () => void) => this.open.push(release),
    };
    try {
      await underWay.admit(exchange as unknown as RoutedExchange, { most, by: { kind: 'ip' }, text: '' });
      this.passed++;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.refused++;
    }
  }
}

async function advance(clock: HeldClock, ms: number): Promise<void> {
  for (let at = 0; at < ms; at++) {
    clock.advance(1);
    for (let turn = 0; turn < 8; turn++) await Promise.resolve();
  }
}

test.each([2, 4, 8].flatMap((processes) => [1, 2, 10, 100].map((most) => [processes, most] as const)))(
  '%i processes have %i under way, and no more than a credit each beyond it',
  async (processes, most) => {
    const clock = holdClock();
    const random = new Random(processes * most);
    const { all, keeper } = fleetOf(processes, clock, () => random.below(8));
    const client = new Client();
    let [peak, reached] = [0, 0];
    for (let step = 0; step < 400; step++) {
      for (let more = random.below(4); more > 0; more--) void client.ask(all[random.below(processes)]!, most);
      if (random.below(3) === 0) client.open.splice(random.below(client.open.length + 1), 1)[0]?.();
      await advance(clock, random.below(4));
      peak = Math.max(peak, client.open.length);
      if (client.open.length >= most) reached++;
    }
    expect(peak).toBeLessThanOrEqual(most + processes * creditOf(most, processes));
    expect(reached).toBeGreaterThan(0);
    // Those that wait hear of it first.
    await advance(clock, 60);
    for (const release of client.open.splice(0)) release();
    await advance(clock, 60);
    // Nobody has anything: the whole of it is there for one process again.
    for (let more = 0; more < most; more++) void client.ask(all[0]!, most);
    const { refused } = client;
    await advance(clock, 60);
    expect([client.open.length, client.refused]).toEqual([most, refused]);
    // One that ended with it gives it back.
    keeper.release(0);
    client.open.length = 0;
    for (let more = 0; more < most; more++) void client.ask(all[1]!, most);
    await advance(clock, 60);
    expect(client.open.length).toBe(most);
  },
);

test('without a word each process keeps to its part, and nobody waits', async () => {
  const clock = holdClock();
  const { all } = fleetOf(2, clock, null);
  const client = new Client();
  for (let more = 0; more < 20; more++) for (const one of all) void client.ask(one, 10);
  await advance(clock, 40);
  expect([client.open.length, client.passed + client.refused]).toEqual([10, 40]);
  for (const one of all) void client.ask(one, 10);
  await advance(clock, 1);
  expect(client.refused).toBe(32);
});
