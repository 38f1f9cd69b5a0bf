import { beforeEach, describe, expect, test, vi } from 'vitest';
import { newExchangeRecord } from '../../exchange/record.ts';
import { TimeSlice } from '../../exchange/time-slice.ts';
import { Inspector } from './inspector.ts';

// However busy the machine is, all that a test does is of one second.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  return () => vi.useRealTimers();
});

interface Ended {
  readonly status: number;
  readonly attempts?: number;
  readonly tookMs?: number;
}

/** All of it ends at one instant, and what is not slow began when somebody looked already. */
function inspectorOf(options: { readonly always: boolean; readonly perSecond?: number }) {
  const explain = () => {
    throw new Error('nobody asks why');
  };
  const inspector = new Inspector({ explain, traffic: () => [], slice: new TimeSlice(), ...options });
  const endedAt = performance.now() + 5;
  const end = (route: string, { status, attempts = 1, tookMs = 1 }: Ended) => {
    const detail = inspector.begin({ fields: ['Host', 'localhost'] });
    const record = newExchangeRecord('id', 'GET', route, 'HTTP/1.1', '::1');
    const startedAt = endedAt - tookMs;
    inspector.ended(Object.assign(record, { detail, route, status, attempts, startedAt, endedAt }));
  };
  const kept = async () => {
    const { exchanges, sampled } = await inspector.find({ limit: 1_000 });
    const of = (route: string) => exchanges.filter((one) => one.route === route).length;
    return { of, sampled };
  };
  return { inspector, end, kept };
}

test('of more than are kept in a second, those that fail have room of their own', async () => {
  const { end, kept } = inspectorOf({ always: true, perSecond: 8 });
  for (let at = 0; at < 20; at++) end('/fine', { status: 200 });
  for (let at = 0; at < 20; at++) end('/failed', { status: 502 });
  const { of, sampled } = await kept();
  expect([of('/fine'), of('/failed'), sampled]).toEqual([6, 2, 32]);
});

describe('in production', () => {
  test('a burst that went well is kept whole, and of more what is worth a look', async () => {
    const { inspector, end, kept } = inspectorOf({ always: false });
    await inspector.find({ limit: 1 });
    for (let at = 0; at < 250; at++) end('/busy', { status: 200 });
    expect((await kept()).of('/busy')).toBe(250);
    for (let at = 0; at < 250; at++) end('/busy', { status: 200 });
    end('/rare', { status: 200 });
    end('/failed', { status: 502 });
    end('/refused', { status: 404 });
    end('/retried', { status: 200, attempts: 2 });
    end('/slow', { status: 200, tookMs: 1_000 });
    const { of, sampled } = await kept();
    expect([of('/busy'), sampled]).toEqual([260, 240]);
    for (const route of ['/rare', '/failed', '/refused', '/retried', '/slow']) expect(of(route)).toBe(1);
  });

  test('what is worth a look is kept beside more than have room in a second that went well', async () => {
    const { inspector, end, kept } = inspectorOf({ always: false, perSecond: 400 });
    await inspector.find({ limit: 1 });
    for (let at = 0; at < 2_000; at++) end('/busy', { status: 200 });
    end('/refused', { status: 404 });
    end('/retried', { status: 200, attempts: 2 });
    end('/slow', { status: 200, tookMs: 1_000 });
    inspector.capture({ route: '/asked', until: Date.now() + 60_000 });
    end('/asked', { status: 200 });
    for (let at = 0; at < 2_000; at++) end('/refused', { status: 404 });
    end('/failed', { status: 502 });
    const { of } = await kept();
    for (const route of ['/retried', '/slow', '/asked', '/failed'])
      expect([route, of(route)]).toEqual([route, 1]);
    expect(of('/busy') + of('/refused')).toBe(300 - 3);
  });

  test('all of a route are kept whose bodies somebody asked for', async () => {
    const { inspector, end, kept } = inspectorOf({ always: false });
    inspector.capture({ route: '/asked', until: Date.now() + 60_000 });
    for (let at = 0; at < 300; at++) end('/asked', { status: 200 });
    for (let at = 0; at < 300; at++) end('/busy', { status: 200 });
    const { of } = await kept();
    expect([of('/asked'), of('/busy')]).toEqual([300, 260]);
  });
});
