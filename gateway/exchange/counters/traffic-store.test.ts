import { describe, expect, it } from 'vitest';
import { ReadingBuilder } from '../../observe/metrics/reading.ts';
import { readTraffic } from '../../observe/metrics/traffic-reading.ts';
import { newExchangeRecord } from '../record.ts';
import { REMEMBERED_MS, TrafficStore } from './traffic-store.ts';

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

describe('what the configuration has no more', () => {
  const nothing = new Map();

  it('is told for five minutes, and then forgotten', () => {
    const { store, traffic, told } = stage();
    traffic.ended(ended(200));
    store.sweep(nothing, 1_000);
    store.sweep(nothing, 999 + REMEMBERED_MS);
    expect(told()).toContain('/db');
    store.sweep(nothing, 1_000 + REMEMBERED_MS);
    expect(told()).toEqual(['(none)', '(page)']);
  });

  it('is told as long as something of it is under way', () => {
    const { store, traffic, told } = stage();
    store.sweep(nothing, 0);
    store.sweep(nothing, REMEMBERED_MS);
    expect(told()).toContain('/db');
    traffic.ended(ended(200));
    store.sweep(nothing, REMEMBERED_MS + 1);
    store.sweep(nothing, 2 * REMEMBERED_MS);
    expect(told()).toContain('/db');
  });

  it('goes on where it was when it comes back in time', () => {
    const { store, traffic } = stage();
    traffic.ended(ended(200));
    store.sweep(nothing, 0);
    const configured = new Map([['/db', new Set<string>()]]);
    store.sweep(configured, REMEMBERED_MS - 1);
    store.sweep(nothing, REMEMBERED_MS);
    expect(store.of('/db')).toBe(traffic);
  });

  it('may be an endpoint of a route that stays', () => {
    const { store, traffic } = stage();
    const configured = new Map([['/db', new Set(['localhost:2'])]]);
    traffic.endpoint('localhost:2');
    store.sweep(configured, 0);
    expect([...traffic.endpoints.keys()]).toEqual(['localhost:1', 'localhost:2']);
    store.sweep(configured, REMEMBERED_MS);
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
