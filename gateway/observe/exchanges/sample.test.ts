import { expect, test } from 'vitest';
import { Sample } from './sample.ts';

test('of a steady load an even share is kept, and of each route some', () => {
  const sample = new Sample();
  const kept: { readonly route: string; readonly at: number }[] = [];
  const see = (route: string, at: number) => {
    if (sample.takes(route, at)) kept.push({ route, at });
  };
  for (let at = 0; at < 60_000; at += 2) {
    see('/busy', at);
    if (at % 500 === 0) see('/rare', at);
  }
  expect(kept.filter(({ route }) => route === '/rare')).toHaveLength(120);
  const busy = kept.filter(({ route, at }) => route === '/busy' && at >= 30_000);
  expect(busy.length).toBeGreaterThan(30 * 20);
  expect(busy.length).toBeLessThan(30 * 26);
  const gaps = busy.slice(1).map(({ at }, index) => at - busy[index]!.at);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(52);
});
