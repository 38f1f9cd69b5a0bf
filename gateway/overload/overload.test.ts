import { pino } from 'pino';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ClientExchange } from '../exchange/client-exchange.ts';
import type { OverloadConfig } from '../model/config.ts';
import { Logbook } from '../proof/testing/logbook.ts';
import { slowTaker } from '../proof/testing/slow-taker.ts';
import { Overload } from './overload.ts';

const bounds: OverloadConfig = { eventLoopDelayMs: 200, memoryBytes: null, retryAfterMs: 1_000 };

function watched(config: () => OverloadConfig | null = () => bounds) {
  const log = new Logbook();
  let chance = 0.5;
  const overload = new Overload({
    config,
    log: pino({ level: 'debug' }, log),
    chance: () => chance,
  });
  let now = 0;
  const late = (delayMs: number, forMs: number) => {
    for (const end = now + forMs; now < end; ) {
      now += Math.max(delayMs, 50);
      overload.observe(delayMs, now);
    }
  };
  return { overload, log, late, draw: (next: number) => (chance = next) };
}

const messages = (log: Logbook) => log.records.map(({ msg }) => String(msg).slice(0, 19));

describe('an overload', () => {
  test('refuses by chance, with the share that the delay asks for', () => {
    const { overload, late, draw } = watched();
    late(100, 5_000);
    expect(overload.refuses()).toBe(false);
    late(500, 5_000);
    draw(0.94);
    expect(overload.refuses()).toBe(true);
    draw(0.96);
    expect(overload.refuses()).toBe(false);
    expect(overload.status()).toMatchObject({
      state: 'shedding',
      reason: 'event loop',
      refused: 1,
      episodes: 1,
    });
  });

  test('is logged once when it begins and once when it ends, with figures', () => {
    const { overload, log, late } = watched();
    late(500, 10_000);
    for (let i = 0; i < 7; i++) overload.refuses();
    late(0, 10_000);
    late(0, 60_000);
    expect(messages(log)).toEqual(['overloaded: a share', 'no longer overloade']);
    expect(log.records[0]).toMatchObject({ level: 40, reason: 'event loop', eventLoopDelayMs: 500 });
    expect(log.records[1]).toMatchObject({ refused: 7, shareMax: 0.95, eventLoopDelayMaxMs: 500 });
    expect(overload.status()).toMatchObject({ state: 'normal', reason: null, share: 0, since: null });
  });

  test('ends at once when a reload switches it off, and is still measured', () => {
    let config: OverloadConfig | null = bounds;
    const { overload, log, late } = watched(() => config);
    late(500, 5_000);
    config = null;
    late(500, 5_000);
    expect(overload.refuses()).toBe(false);
    expect(overload.status()).toMatchObject({ state: 'normal', share: 0, eventLoopDelayMs: 500 });
    expect(messages(log)).toHaveLength(2);
  });

  test('the worst delay is remembered for ten seconds, and not for ever', () => {
    const { overload, late } = watched();
    late(900, 900);
    late(0, 9_000);
    expect(overload.status().eventLoopDelayMaxMs).toBe(900);
    late(0, 20_000);
    expect(overload.status().eventLoopDelayMaxMs).toBe(0);
  });
});

describe('a client that is refused', () => {
  afterEach(() => void vi.useRealTimers());

  function refused() {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { told, downstream, take } = slowTaker();
    const { overload } = watched();
    const reading = { pause() {}, resume() {} };
    overload.refuse(Object.assign(downstream, { reading }) as unknown as ClientExchange);
    return { told, take, setAside: () => overload.status().setAside };
  }

  test('and does not take its answer is cut off within a minute', () => {
    const { told, setAside } = refused();
    vi.advanceTimersByTime(59_000);
    expect(told).toEqual(['head 503', 'end']);
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual(['head 503', 'end', 'abort']);
    expect(setAside()).toBe(0);
  });

  test('and takes it is set aside, and never cut off', () => {
    const { told, take, setAside } = refused();
    take();
    vi.advanceTimersByTime(600_000);
    expect([told, setAside()]).toEqual([['head 503', 'end'], 1]);
  });
});
