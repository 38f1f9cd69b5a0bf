import { expect, test } from 'vitest';
import { CountedShare } from './share.ts';

test.each([0, 0.000_001, 0.01, 0.05, 0.3, 1 / 3, 0.5, 0.999, 1])(
  'a share of %d is never more than half a request off',
  (share) => {
    const canary = new CountedShare(share);
    let taken = 0;
    for (let requests = 1; requests <= 5_000; requests++) {
      if (canary.takes()) taken++;
      expect(Math.abs(taken - requests * share)).toBeLessThanOrEqual(0.51);
    }
  },
);
