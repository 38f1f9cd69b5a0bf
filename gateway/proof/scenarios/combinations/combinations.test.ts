import { test } from 'vitest';
import { proveCombinations } from './stage.ts';

// Always the same ones: what chance finds is for `combinations.long.ts`.
test('whatever policies a route has, both lanes and versions answer alike, and the log says what the client got', () =>
  proveCombinations({ seed: 211, numRuns: 40 }));
