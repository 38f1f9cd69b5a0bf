import { expect, onTestFinished, test, vi } from 'vitest';
import { Pace } from './pace.ts';

test('what is due while nobody is free keeps the instant at which it was due', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const began = performance.now();
  const pace = new Pace(100);
  vi.advanceTimersByTime(60);
  const asked: number[] = [];
  const connection = {
    ask: (dueAt: number) => {
      asked.push(dueAt - began);
      if (asked.length < 5) queueMicrotask(() => pace.offer(connection));
    },
  };
  pace.offer(connection);
  await expect.poll(() => asked.length).toBe(5);
  pace.stop();
  const gaps = asked.slice(1).map((at, index) => Math.round(at - asked[index]!));
  expect(gaps).toEqual([10, 10, 10, 10]);
  expect(asked[0]).toBeLessThan(10);
});
