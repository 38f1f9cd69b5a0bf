import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Hundreds of processes load the same code: what was compiled once is kept, by Node's own means, in the folder that it takes by default.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'node-compile-cache');

// What processes of `portway` are started from, instead of the source (proof/testing/processes.ts).
process.env.PORTWAY_PROGRAM ??= fileURLToPath(new URL('../gateway/dist/main.js', import.meta.url));

// The suite speaks over real sockets and starts real processes, and waits more than it computes: on two cores four files at a time take
// two thirds of the time of two. A test may take its time; what it waits for is always an event, never the clock.
// Files share a process: to load and compile the program for each of them would be half of their time. Two of them put something in the place of
// a module, and have one each.
const alone = ['gateway/proof/scenarios/policy-{body,wait}.test.ts'];
const include = ['gateway/**/*.test.ts', 'services/**/*.test.ts'];

export default defineConfig({
  // `import ... from 'portway'` is the source here, as for the type checker.
  ssr: { resolve: { conditions: ['portway-source', 'node', 'import'] } },
  test: {
    root: fileURLToPath(new URL('..', import.meta.url)),
    projects: [
      {
        extends: true,
        test: { name: 'shared', include, exclude: ['**/node_modules/**', ...alone], isolate: false },
      },
      { extends: true, test: { name: 'alone', include: alone } },
    ],
    globalSetup: '.config/test-program.ts',
    pool: 'forks',
    maxWorkers: 4,
    // A bound for what hangs, which must never decide on a machine that is only slow.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    // A test that needs a second try is a defect. `.ci/run` allows one, for machines of which nobody knows what else they do.
    retry: Number(process.env.PORTWAY_TEST_RETRIES ?? 0),
    reporters: ['default', '.config/closing-line.ts'],
  },
});
