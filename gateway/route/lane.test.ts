import { expect, test } from 'vitest';
import { laneOf } from './lane.ts';

test.each([
  [null, 'auto', 'wire', 'a plain route'],
  [null, 'wire', 'wire', 'a plain route'],
  [null, 'general', 'general', 'lane: general'],
  ['/app/extension.ts', 'auto', 'general', 'extended in code'],
  ['/app/extension.ts', 'general', 'general', 'extended in code'],
] as const)(
  'a route with extend %s and lane %s is carried in the %s lane: %s',
  (extend, choice, lane, why) => {
    const chosen = laneOf({ use: [], extend, lane: choice });
    expect(chosen.lane).toBe(lane);
    expect(chosen.why).toContain(why);
  },
);
