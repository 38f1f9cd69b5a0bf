import { expect, test } from 'vitest';
import { heldByTurns, TURNS } from '../proof/testing/young-garbage.ts';
import { fetchPlan } from './plans.ts';
import type { Routed } from './routed.ts';

test('the plan of a fetch, and the exchange behind it, are collected with the young', () => {
  const exchangeBytes = 800;
  const held = heldByTurns(() => {
    const routed = { exchange: new Array<number>(exchangeBytes / 8).fill(1) };
    fetchPlan(routed as unknown as Routed, {});
  });
  expect(held).toBeLessThan((TURNS * exchangeBytes) / 4);
});
