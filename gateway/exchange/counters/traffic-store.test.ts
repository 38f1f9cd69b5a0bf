import { describe, expect, it } from 'vitest';
import { ReadingBuilder } from '../../observe/metrics/reading.ts';
import { readTraffic } from '../../observe/metrics/traffic-reading.ts';
import { newExchangeRecord } from '../record.ts';
import { type Configured, REMEMBERED_MS, TrafficStore } from './traffic-store.ts';

function ended(status: number) {
  return {
    ...newExchangeRecord('id', 'GET', '/', 'HTTP/1.1', '192.0.2.1'),
    status,
    startedAt: 0,
    endedAt: 7,
  };
}

function stage() {
  const store = new TrafficStore();
  const traffic = store.of('/db');
  traffic.active++;
  traffic.endpoint('localhost:1');
  const told = () => store.all().map(({ id }) => id);
  return { store, traffic, told };
}

/** @returns in how many steps. */
function sweep(store: TrafficStore, configured: Configured, now: number): number {
  return [...store.sweep(configured, now)].length;
}

describe('what the configuration has no more', () => {
  const nothing = new Map();

  it('is told for five minutes, and then forgotten', () => {
    const { store, traffic, told } = stage();
    traffic.ended(ended(200));
    sweep(store, nothing, 1_000);
    sweep(store, nothing, 999 + REMEMBERED_MS);
    expect(told()).toContain('/db');
    sweep(store, nothing, 1_000 + REMEMBERED_MS);
    expect(told()).toEqual(['(none)', '(page)']);
  });

  it('is told as long as something of it is under way', () => {
    const { store, traffic, told } = stage();
    sweep(store, nothing, 0);
    sweep(store, nothing, REMEMBERED_MS);
    expect(told()).toContain('/db');
    traffic.ended(ended(200));
    sweep(store, nothing, REMEMBERED_MS + 1);
    sweep(store, nothing, 2 * REMEMBERED_MS);
    expect(told()).toContain('/db');
  });

  it('goes on where it was when it comes back in time', () => {
    const { store, traffic } = stage();
    traffic.ended(ended(200));
    sweep(store, nothing, 0);
    const configured = new Map([['/db', new Set<string>()]]);
    sweep(store, configured, REMEMBERED_MS - 1);
    sweep(store, nothing, REMEMBERED_MS);
    expect(store.of('/db')).toBe(traffic);
  });

  it('is looked for one route at a time, and one that comes back meanwhile is not forgotten', () => {
    const { store, traffic } = stage();
    traffic.ended(ended(200));
    for (let i = 0; i < 99; i++) store.of(`/${i}`);
    expect(sweep(store, nothing, 0)).toBe(100);
    const steps = store.sweep(nothing, REMEMBERED_MS);
    steps.next();
    expect(store.of('/db')).toBe(traffic);
    for (const _ of steps);
    expect(store.of('/db')).toBe(traffic);
    expect(store.all().length).toBe(3);
  });

  it('may be an endpoint of a route that stays', () => {
    const { store, traffic } = stage();
    const configured = new Map([['/db', new Set(['localhost:2'])]]);
    traffic.endpoint('localhost:2');
    sweep(store, configured, 0);
    expect([...traffic.endpoints.keys()]).toEqual(['localhost:1', 'localhost:2']);
    sweep(store, configured, REMEMBERED_MS);
    expect([...traffic.endpoints.keys()]).toEqual(['localhost:2']);
  });
});

describe('a duration', () => {
  it.each([
    [5, 0],
    [5.1, 1],
    [10_000, 13],
    [10_001, 14],
  ])('of %d ms is in bucket %i', (ms, bucket) => {
    const { traffic } = stage();
    traffic.ended({ ...ended(200), endedAt: ms });
    const reading = new ReadingBuilder();
    readTraffic(reading, traffic);
    const row = new Array<number>(15).fill(0).concat(ms / 1_000);
    row[bucket] = 1;
    expect(reading.build()[0]?.series[0]?.values).toEqual(row);
  });
});
