import { defineConfig } from 'vitest/config';

// The suite speaks over real sockets and starts real processes on two cores, so files run two at a time and a
// test may take its time; what a test waits for is always an event, never the clock.
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['gateway/**/*.test.ts', 'services/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 4,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // A machine at its limit may be late once. The reporter names what needed its second try.
    retry: 1,
    reporters: ['default', '.config/closing-line.ts'],
  },
});
