import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { BulkMemory } from './bulk-memory.ts';

const mebibyte = 1024 * 1024;
const REST = { size: 0, begun: 0 };
let collections: string[];
let bufferBytes: number;
let heapBytes: number;
let released: number;
let memory: BulkMemory;

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  collections = [];
  released = 0;
  bufferBytes = 100 * mebibyte;
  heapBytes = 30 * mebibyte;
  memory = new BulkMemory({
    young: () => collections.push('young'),
    all: () => collections.push('all'),
    shrink: () => collections.push('shrink'),
    release: () => released++,
    bufferBytes: () => bufferBytes,
    heapBytes: () => heapBytes,
  });
});

test('small exchanges ask for no collection', () => {
  for (let i = 0; i < 1_000; i++) memory.moved(1_000);
  vi.advanceTimersByTime(600_000);
  expect(collections).toEqual([]);
});

test('bulk traffic asks for young collections alone while it lasts, and for a whole one when it is quiet', () => {
  for (let second = 0; second < 10; second++) {
    memory.moved(8 * mebibyte);
    vi.advanceTimersByTime(1_000);
  }
  expect(new Set(collections)).toEqual(new Set(['young']));
  collections = [];
  vi.advanceTimersByTime(4_000);
  expect(collections).toEqual(['all']);
  bufferBytes = 0;
  vi.advanceTimersByTime(600_000);
  expect(collections).toEqual(['all']);
});

test('what lives on is looked at again, ten seconds later each time, and not for ever', () => {
  memory.moved(8 * mebibyte);
  collections = [];
  vi.advanceTimersByTime(20_000);
  expect(collections).toEqual(['all', 'all']);
  vi.advanceTimersByTime(600_000);
  expect(collections).toHaveLength(6);
});

test('nothing is collected where buffers take little; what was freed goes back to the system', () => {
  bufferBytes = mebibyte;
  memory.moved(8 * mebibyte);
  vi.advanceTimersByTime(600_000);
  expect(collections).toEqual(['young']);
  expect(released).toBe(1);
});

test('what a start has left is given back once nothing is under way', () => {
  const traffic = { size: 1, begun: 1 };
  memory.settle(traffic);
  vi.advanceTimersByTime(3_000);
  expect(collections).toEqual([]);
  traffic.size = 0;
  vi.advanceTimersByTime(600_000);
  expect(collections).toEqual(['shrink']);
  expect(released).toBe(1);
});

// Once only what was under way counted, which is nothing at most moments: half of the full load was held up for 100 ms.
test('nor is it while short exchanges come and go, but a monitor holds nothing up', () => {
  const traffic = { size: 0, begun: 0 };
  memory.settle(traffic);
  const load = setInterval(() => (traffic.begun += 100), 1_000);
  vi.advanceTimersByTime(7_000);
  expect(collections).toEqual([]);
  clearInterval(load);
  setInterval(() => traffic.begun++, 1_000);
  vi.advanceTimersByTime(600_000);
  expect(collections).toEqual(['shrink']);
});

test('a busy gateway and one with a large heap are left alone', () => {
  memory.settle({ size: 1, begun: 1 });
  vi.advanceTimersByTime(600_000);
  heapBytes = 65 * mebibyte;
  memory.settle(REST);
  vi.advanceTimersByTime(600_000);
  expect(collections).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

test('a gateway that has ended collects nothing any more', () => {
  memory.moved(8 * mebibyte);
  memory.settle(REST);
  memory.close();
  expect(vi.getTimerCount()).toBe(0);
});
