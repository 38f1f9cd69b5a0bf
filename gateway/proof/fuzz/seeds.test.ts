import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fuzzCase } from './case.ts';
import { Differential } from './differential/run.ts';
import { GatewayUnderFire } from './gateway-under-fire.ts';
import { readSeeds } from './seed-file.ts';
import { tryCase } from './trial.ts';

describe.each([
  ['plain', false],
  ['extended', true],
])('on %s routes of a real process', (_kind, extended) => {
  test('what was found once is found no more, and a few new cases find nothing', async () => {
    const gateway = await GatewayUnderFire.start(extended);
    try {
      const fresh = fc.sample(fuzzCase, { seed: 5, numRuns: 60 }).map((one) => ({ name: 'new', one }));
      const kept = readSeeds().map(({ name, seed }) => ({ name, one: seed.case }));
      const found = [];
      for (const { name, one } of [...kept, ...fresh]) {
        const { finding } = await tryCase(gateway, one);
        if (finding !== null) found.push({ name, finding, one });
      }
      expect(found).toEqual([]);
    } finally {
      await gateway.close();
    }
  });
});

test("what the wire lane takes, Node's parser takes with the same meaning", async () => {
  const differential = new Differential(5);
  await differential.run(3_000, performance.now() + 5_000);
  expect(differential.tally.findings).toEqual([]);
  expect(differential.tally.accepted).toBeGreaterThan(20);
});
