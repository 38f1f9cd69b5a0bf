import { test } from 'vitest';
import { proveCombinations } from './stage.ts';

test('random policies and requests, for a minute', { timeout: 300_000 }, () =>
  proveCombinations({ numRuns: 100_000, interruptAfterTimeLimit: 60_000 }),
);
