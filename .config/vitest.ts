import { defineConfig } from 'vitest/config';

// The suite speaks over real sockets and starts real processes, and waits more than it computes: on two cores four files at a time take
// two thirds of the time of two. A test may take its time; what it waits for is always an event, never the clock.
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
