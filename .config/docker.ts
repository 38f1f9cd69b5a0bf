import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// The steps of one story, in order: after the first that fails, the rest would only say the same.
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('..', import.meta.url)),
    include: [`gateway/proof/scenarios/${process.env.PORTWAY_PROOF ?? 'docker'}/*.scenario.ts`],
    pool: 'forks',
    fileParallelism: false,
    bail: 1,
    testTimeout: 60_000,
    hookTimeout: 540_000,
    reporters: ['verbose'],
  },
});
