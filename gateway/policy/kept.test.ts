import { pino } from 'pino';
import { expect, test } from 'vitest';
import { KeptStates } from './kept.ts';

test('what policies keep is made once, is one for all its holders, and ends with the last of them', () => {
  const kept = new KeptStates(pino({ enabled: false }));
  let closed = 0;
  const make = () => ({ close: () => void closed++ });
  const first = kept.acquire('a', make);
  expect(kept.acquire('a', make)).toBe(first);
  expect(kept.acquire('b', make)).not.toBe(first);
  kept.release('a');
  expect(closed).toBe(0);
  kept.release('a');
  expect(closed).toBe(1);
  kept.release('a');
  expect(kept.acquire('a', make)).not.toBe(first);
});
